"""Noun phrases as ranges of a post's own words, found once and kept."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.home import Home
from mner_core.text import noun_phrases
from mner_core.text.noun_phrases import CapitalRuns, NounPhrases
from mner_core.types import InputError
from mner_core.weights.packages import weight_file

WORDS = "Kevin Durant enters the Oracle Arena wearing a purple jersey !".split()  # noqa: SIM905


def has_weights() -> bool:
    try:
        return weight_file("en-core-web-sm").is_dir()
    except InputError:
        return False


needs_weights = pytest.mark.skipif(not has_weights(), reason="needs the weights of en-core-web-sm")


def texts(ranges: Sequence[tuple[int, int]], words: Sequence[str] = WORDS) -> list[str]:
    return [" ".join(words[start:end]) for start, end in ranges]


@needs_weights
def test_phrases_are_ranges_of_the_posts_own_words() -> None:
    assert texts(NounPhrases("en-core-web-sm", None).of(WORDS)) == [
        "Kevin Durant",
        "the Oracle Arena",
        "a purple jersey",
    ]


@needs_weights
@pytest.mark.parametrize(
    "words",
    [
        [" "],
        ["\u200d"],
        ["\ud83d", "x"],
        [*"我们在北京!"],
        ["a b", "c\nd"],
        ["x" * 5000],
        ["مرحبا", "بالعالم"],
        ["."] * 300,
    ],
)
def test_no_word_is_refused_and_none_is_cut(words: list[str]) -> None:
    ranges = NounPhrases("en-core-web-sm", None).of(words)
    assert all(0 <= start < end <= len(words) for start, end in ranges)


@needs_weights
def test_a_post_has_the_same_phrases_alone_and_in_a_sweep() -> None:
    posts = [WORDS, ["Rio"], WORDS[::-1], [*"我们在北京!"]]
    together = NounPhrases("en-core-web-sm", None)
    together.sweep(posts)
    assert [together.of(words) for words in posts] == [NounPhrases("en-core-web-sm", None).of(words) for words in posts]


@needs_weights
def test_the_entity_recogniser_is_never_loaded() -> None:
    parser = noun_phrases._parser(weight_file("en-core-web-sm"))
    assert set(parser.pipe_names) == {"tok2vec", "tagger", "parser", "attribute_ruler"}


def test_tiny_phrases_are_runs_between_function_words() -> None:
    found = NounPhrases("tiny-phrases", None).of(WORDS)
    assert texts(found) == ["Kevin Durant enters", "Oracle Arena wearing", "purple jersey"]


@given(st.lists(st.text(min_size=1), max_size=12))
def test_tiny_phrases_never_overlap(words: list[str]) -> None:
    (ranges,) = CapitalRuns().chunks([words])
    places = [place for start, end in ranges for place in range(start, end)]
    assert places == sorted(set(places))
    assert all(0 <= start < end <= len(words) for start, end in ranges)


class Counting:
    """Says that every post is one phrase, and how many it was asked for."""

    version = "counting/1"
    asked = 0

    def chunks(self, posts: Sequence[Sequence[str]]) -> Iterator[tuple[tuple[int, int], ...]]:
        for words in posts:
            type(self).asked += 1
            yield ((0, len(words)),)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    monkeypatch.setattr(noun_phrases, "_CHUNKERS", {"counting": Counting})
    monkeypatch.setattr(Counting, "asked", 0)
    return Counting


def test_a_sweep_reads_every_text_once_for_good(counting: type[Counting], tmp_path: Path) -> None:
    home, seen = Home(tmp_path), []
    posts = [["a", "b"], ["c"], ["a", "b"], ["a b"]]
    NounPhrases("counting", home).sweep(posts, lambda done, total: seen.append((done, total)))
    assert counting.asked == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]
    again = NounPhrases("counting", home)
    again.sweep([*posts, ["new"]])
    assert counting.asked == 4
    assert again.of(["a", "b"]) == ((0, 2),)
    assert again.of(["a b"]) == ((0, 1),)
    assert counting.asked == 4


def test_a_damaged_file_is_read_anew(
    counting: type[Counting], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    NounPhrases("counting", Home(tmp_path)).sweep([["a"]])
    (file,) = (Home(tmp_path).features / "phrases-counting-1").glob("*.json")
    assert json.loads(file.read_text())
    file.write_text('{"torn')
    NounPhrases("counting", Home(tmp_path)).sweep([["a"]])
    assert counting.asked == 2
    assert "damaged" in caplog.text


def test_importing_it_loads_no_parser() -> None:
    code = "import sys, mner_core.features.grounding; print('spacy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
