"""Scoring two files: seqeval on the same files read naively, real ones included, and what must be refused."""

import random
import re
from pathlib import Path

import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.posts import read_posts, write_posts
from mner_core.evaluation.prediction_files import score_files
from mner_core.types import InputError

SHARED = Path("../shared/data")
GOLD = "IMGID:7\nJordan\tB-PER\nin\tO\nParis\tI-LOC\n\nIMGID:8\nok\tO\n\n"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "gold.txt"
    file.write_text(GOLD)
    return file


def predicted(gold: Path, text: str, name: str = "pred.txt") -> Path:
    file = gold.with_name(name)
    file.write_text(text)
    return file


def test_a_file_against_itself_is_perfect_and_support_tells_the_protocol(gold: Path) -> None:
    lenient, defects = score_files(gold, gold)
    assert (lenient.f1, lenient.support, defects) == (100.0, 2, [])
    strict, _ = score_files(gold, gold, "entity-strict")
    assert (strict.f1, strict.support) == (100.0, 1)
    assert strict.gold_sha256 == lenient.gold_sha256 == gold_fingerprint(read_posts(gold)[0])


def test_strict_reads_the_predictions_strictly_too(gold: Path) -> None:
    orphan = predicted(gold, "Jordan\tI-PER\nin\tO\nParis\tB-LOC\n\nok\tO\n")
    assert score_files(gold, orphan)[0].f1 == 100.0
    strict = score_files(gold, orphan, "entity-strict")[0]
    assert (strict.precision, strict.recall) == (0.0, 0.0)
    assert set(strict.per_type) == {"PER", "LOC"}
    assert strict.per_type["LOC"].support == 0


def test_formats_may_differ(gold: Path) -> None:
    posts, _ = read_posts(gold)
    jsonl = gold.with_name("pred.jsonl")
    write_posts(posts, jsonl)
    assert score_files(gold, jsonl)[0].f1 == 100.0
    assert score_files(jsonl, gold)[0].f1 == 100.0


def test_tags_of_no_scheme_count_as_outside_and_are_reported(gold: Path) -> None:
    odd = predicted(gold, "Jordan\tB-PER\nin\tX\nParis\tPAD\n\nok\t[SEP]\n")
    result, defects = score_files(gold, odd)
    assert (result.precision, result.recall) == (100.0, 50.0)
    assert [(defect.kind, defect.line) for defect in defects] == [("bad-line", 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Jordan\tO\nat\tO\nParis\tO\n\nok\tO\n",
            "gold gold.txt has 'in' in line 3 where predicted pred.txt has 'at' in line 2.",
        ),
        ("Jordan\tO\nin\tO\n\nok\tO\n", "'Paris' in line 4 where predicted pred.txt has no further word after line 2."),
        ("Jordan\tO\nin\tO\nParis\tO\n\n", "gold gold.txt has 1 more than the other, from line 6 on."),
        (GOLD + "more\tO\n\nand more\tO\n", "predicted pred.txt has 2 more than the other, from line 9 on."),
        ("Jordan\nin\nParis\n\nok\n", "The post at pred.txt line 1 has no labels"),
        ("", "There are no posts in pred.txt. The file holds no text."),
        ("\0\1\2" * 50, "There are no posts in pred.txt. The file is not UTF-8 text"),
    ],
)
def test_files_that_cannot_be_compared_are_refused_with_the_line(gold: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        score_files(gold, predicted(gold, text))


def test_a_missing_file_and_an_unknown_protocol_are_refused(gold: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read nowhere\.txt"):
        score_files(gold, gold.with_name("nowhere.txt"))
    with pytest.raises(InputError, match="no scoring protocol 'f1'"):
        score_files(gold, gold, "f1")


def real_posts(file: Path) -> list[list[tuple[str, str]]]:
    """Words and tags read without any of our code; the words of these files hold no tab, though one is a space."""
    blocks = file.read_text(encoding="utf-8").split("IMGID:")[1:]
    return [[tuple(line.split("\t")) for line in block.split("\n")[1:] if "\t" in line] for block in blocks]  # type: ignore[misc]


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("name", "supports"),
    [
        ("twitter2015/valid.txt", (1594, 1594 - 53)),
        ("twitter2017/valid.txt", (1324, 1324)),
        ("twitter2015/train.txt", (6352, 6352 - 186)),
        ("twitter2017/train.txt", (6049, 6049)),
    ],
)
def test_real_files_score_as_seqeval_scores_them(tmp_path: Path, name: str, supports: tuple[int, int]) -> None:
    gold = SHARED / name
    posts, chance = real_posts(gold), random.Random(5)
    tags = [[tag.strip() for _, tag in post] for post in posts]
    every = sorted({tag for row in tags for tag in row})
    guessed = [[chance.choice(every) if chance.random() < 0.1 else tag for tag in row] for row in tags]
    pred = tmp_path / "pred.txt"
    rows = zip(posts, guessed, strict=True)
    pred.write_text(
        "\n".join("".join(f"{w}\t{t}\n" for (w, _), t in zip(p, row, strict=True)) for p, row in rows), "utf-8"
    )
    for protocol, support in zip(("entity", "entity-strict"), supports, strict=True):
        strict = {"mode": "strict", "scheme": IOB2} if protocol == "entity-strict" else {}
        result, _ = score_files(gold, pred, protocol)
        expected = [100 * figure(tags, guessed, **strict) for figure in (precision_score, recall_score, f1_score)]
        assert [result.precision, result.recall, result.f1] == pytest.approx(expected, abs=1e-9)
        assert result.support == support
