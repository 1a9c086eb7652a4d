"""Plain text is known from tag files and tables by its lines, and read a post a line; what may be trained on."""

from pathlib import Path

import pytest

from mner_core.data.labelled import check_counts, labelled_posts
from mner_core.data.plain_text import is_plain_text, read_plain_text
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError, Span


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("Ann sat in Ulm\nBob, too\n", True),
        ("Ann\n", True),
        ("\n  \nAnn sat\n\n", True),
        ("", False),
        (" \n\n", False),
        ("IMGID:7\nAnn B-PER\n", False),
        ("imgid:7\nAnn sat here\n", False),
        ("#IMGID: 7\nAnn sat here\n", False),
        ("Ann sat here\n-DOCSTART- X\n", False),
        ("Ann B-PER\nsat O\n", False),
        ("Ann b-per\nsat o\n", False),
        ("Ann S_PER\nsat O\n", False),
        ("Ann sat in Ulm\nsat O\n", False),
        ("Ann sat in Ulm\nBob sat, too\nsat O\n", True),
        ("type O\nAnn sat in Ulm\nBob, too\n", True),
        ("Ann\tsaid\nBob\tsaid\n", False),
        ("Ann\tsaid\nand Bob\nsaid so\n", True),
        ('{"text": "Ann"}\n', False),
        ("{ in words\nAnn sat\n", False),
        ("Ann sat\n{ in words\n", True),
        ("Ann\nsat\n\nBob\n", False),
        ("Ann\nsat\nBob\n", True),
        ("Ann\nsat down\n\nBob\n", True),
    ],
)
def test_what_is_plain_text(tmp_path: Path, text: str, is_plain: bool) -> None:
    (tmp_path / "posts.txt").write_text(text, encoding="utf-8")
    assert is_plain_text(tmp_path / "posts.txt") is is_plain


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv", ".tsv", ".TSV"])
def test_what_an_ending_says_is_no_plain_text(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"posts{ending}").write_text("Ann sat in Ulm\n", encoding="utf-8")
    assert not is_plain_text(tmp_path / f"posts{ending}")


@pytest.mark.parametrize(("tagged", "is_plain"), [(501, False), (500, False), (499, True)])
def test_the_first_thousand_lines_decide(tmp_path: Path, tagged: int, is_plain: bool) -> None:
    lines = ["Ann O"] * tagged + ["Ann sat here"] * (1000 - tagged) + ["Bob O"] * 3000
    (tmp_path / "posts.txt").write_text("\n".join(lines), encoding="utf-8")
    assert is_plain_text(tmp_path / "posts.txt") is is_plain


def test_every_line_with_words_is_a_post(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_bytes(b"Ann sat\n\n \nin Ulm \xff\n")
    posts, defects = read_plain_text(tmp_path / "posts.txt")
    assert [(each.id, each.text, each.split, each.source) for each in posts] == [
        ("posts-1", "Ann sat", "posts", "posts.txt"),
        ("posts-4", "in Ulm \ufffd", "posts", "posts.txt"),
    ]
    assert [(each.words, each.spans) for each in posts] == [(("Ann", "sat"), None), (("in", "Ulm", "\ufffd"), None)]
    assert [(each.kind, each.line) for each in defects] == [("bad-line", 4)]
    (tmp_path / "posts.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^posts\.txt holds no text; write a post a line\.$"):
        read_plain_text(tmp_path / "posts.txt")


def posts_of(labelled: int, others: int = 0) -> list[Example]:
    spans = [(Span(0, 1, "PER"),)] * labelled + [None] * others
    return [Example(id=str(each), text="Ann", tokens=tokenize("Ann"), spans=of) for each, of in enumerate(spans)]


def test_labelled_posts_of_train_and_valid_are_learnt_from() -> None:
    splits = {"train": posts_of(2, 3), "valid": posts_of(1, 4), "test": posts_of(9)}
    found = labelled_posts(splits, "tweets")
    assert (found.train, found.dev, found.left_out) == (tuple(splits["train"][:2]), tuple(splits["valid"][:1]), 3)
    assert labelled_posts({"train": posts_of(49)}, "tweets").dev == ()


@pytest.mark.parametrize(("train", "valid"), [(0, 0), (0, 1), (0, 99)])
def test_nothing_is_learnt_from_no_labels(train: int, valid: int) -> None:
    with pytest.raises(InputError, match=r"^No post of the split train in tweets is labelled; training needs"):
        labelled_posts({"train": posts_of(train, 2), "valid": posts_of(valid)}, "tweets")


def test_from_fifty_posts_on_some_choose_the_epoch() -> None:
    check_counts(49, 0, "tweets")
    check_counts(50, 1, "tweets")
    with pytest.raises(
        InputError, match=r"^No post of the split valid in tweets .* \(only with fewer than 50 labelled"
    ):
        check_counts(50, 0, "tweets")
