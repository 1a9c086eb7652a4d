"""Two labellings of the same posts: which posts belong together, on which words they are compared, what differs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mner_core.data.compare import label_differences, on_common_words, on_words_of
from mner_core.data.dataset import read_dataset
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, Span, Token

ANN = "IMGID:1\nAnn\tB-PER\nLee\tI-PER\nsat\tO\n"
ULM = "IMGID:2\nin\tO\nUlm\tB-LOC\n"


def differences(folder: Path, ours: dict[str, str], theirs: dict[str, str]) -> list[tuple[str, str, int | None, str]]:
    for name, files in (("one", ours), ("two", theirs)):
        for file, text in files.items():
            (folder / name).mkdir(exist_ok=True)
            (folder / name / file).write_text(text, encoding="utf-8")
    found = label_differences(read_dataset(folder / "one"), read_dataset(folder / "two"))
    return [(each.kind, each.file, each.line, each.detail) for each in found]


def test_words_that_are_tagged_otherwise_are_named_with_both_lines(tmp_path: Path) -> None:
    theirs = f"{ULM}\n{ANN.replace('I-PER', 'O').replace('sat	O', 'sat	B-LOC')}"
    assert differences(tmp_path, {"train.txt": f"{ANN}\n{ULM}"}, {"train.txt": theirs}) == [
        ("label-differs", "train.txt", 3, "'Lee' is I-PER here, O in train.txt line 7."),
        ("label-differs", "train.txt", 4, "'sat' is O here, B-LOC in train.txt line 8."),
    ]


@pytest.mark.parametrize("bioes", [{"I-PER": "E-PER"}, {"B-LOC": "S-LOC"}, {"I-PER": "E-PER", "B-LOC": "S-LOC"}])
def test_bioes_and_bio2_say_the_same(tmp_path: Path, bioes: dict[str, str]) -> None:
    text = f"{ANN}\n{ULM}"
    other = text
    for before, after in bioes.items():
        other = other.replace(before, after)
    assert differences(tmp_path, {"train.txt": text}, {"train.txt": other}) == []
    assert differences(tmp_path, {"train.txt": other}, {"train.txt": text}) == []
    assert differences(tmp_path, {"train.txt": other}, {"train.txt": other}) == []
    changed = other.replace("-LOC", "-ORG")
    [found] = differences(tmp_path, {"train.txt": other}, {"train.txt": changed})
    assert found[0] == "label-differs"


def test_posts_that_one_side_has_not_are_named_on_the_splits_that_both_have(tmp_path: Path) -> None:
    ours = {"train.txt": f"{ANN}\n{ULM}", "valid.txt": ULM.replace("in", "near")}
    assert differences(tmp_path, ours, {"train.txt": f"{ANN}\nBob\tO\n"}) == [
        ("unmatched-post", "train.txt", 6, "The data set has no post with these words."),
        ("unmatched-post", "train.txt", 6, "two has no post with these words."),
    ]


def test_the_same_picture_is_a_surer_sign_than_the_same_words(tmp_path: Path) -> None:
    """Words that occur twice belong to the picture; without one to the first that is left."""
    one, two = "IMGID:1\nAnn\tB-PER\n", "IMGID:2\nAnn\tB-LOC\n"
    assert differences(tmp_path, {"train.txt": f"{one}\n{two}"}, {"train.txt": f"{two}\n{one}"}) == []
    without = [text.split("\n", 1)[1] for text in (one, two)]
    assert differences(tmp_path, {"train.txt": f"{one}\n{two}"}, {"train.txt": "\n".join(without)}) == []
    assert len(differences(tmp_path, {"train.txt": f"{one}\n{two}"}, {"train.txt": "\n".join(without[::-1])})) == 2


def post(text: str, *spans: Span, words: list[tuple[int, int]] | None = None) -> Example:
    tokens = tokenize(text) if words is None else tuple(Token(text[one:two], one, two) for one, two in words)
    return Example(id="a", text=text, tokens=tokens, spans=spans, tags=("O",) * len(tokens), subsets={"hard": spans})


def test_equal_words_stay_as_they_are() -> None:
    one, two = post("Ann sat", Span(0, 1, "PER")), post("Ann sat", Span(1, 2, "LOC"))
    assert on_common_words(one, two) == (one, two)
    assert on_words_of(one, two) is two


@pytest.mark.parametrize("turned", [False, True])
def test_words_are_cut_where_either_side_begins_or_ends_one(turned: bool) -> None:
    whole = post("Rio-bound Ann", Span(0, 1, "LOC"), words=[(0, 9), (10, 13)])
    parts = post("Rio-bound Ann", Span(0, 1, "LOC"), Span(2, 3, "PER"), words=[(0, 3), (3, 9), (10, 13)])
    one, two = on_common_words(*((parts, whole) if turned else (whole, parts)))
    assert one.words == two.words == ("Rio", "-bound", "Ann")
    of_whole, of_parts = (two, one) if turned else (one, two)
    assert of_whole.spans == (Span(0, 2, "LOC"),)
    assert of_parts.spans == (Span(0, 1, "LOC"), Span(2, 3, "PER"))
    assert (one.tags, two.tags, one.subsets, two.subsets) == (None, None, {}, {})


def test_a_label_inside_a_word_cuts_it_for_both_and_no_labels_stay_none() -> None:
    inside, plain = post("Rio-bound", Span(0, 1, "LOC", (0, 3))), replace(post("Rio-bound"), spans=None)
    one, two = on_common_words(inside, plain)
    assert one.words == two.words == ("Rio", "-bound")
    assert (one.spans, two.spans) == ((Span(0, 1, "LOC"),), None)


def test_labels_are_moved_to_the_words_of_the_other_post() -> None:
    ours = post("Rio-bound Ann", words=[(0, 3), (3, 9), (10, 13)])
    theirs = post("Rio-bound Ann", Span(0, 1, "LOC"), Span(1, 2, "PER"), words=[(0, 9), (10, 13)])
    moved = on_words_of(ours, theirs)
    assert (moved.words, moved.spans) == (ours.words, (Span(0, 2, "LOC"), Span(2, 3, "PER")))
    assert (moved.tags, moved.subsets) == (None, {})
    unlabelled = replace(theirs, spans=None)
    assert on_words_of(ours, unlabelled) is unlabelled


def test_the_same_words_in_another_text_keep_their_places_in_the_words() -> None:
    ours = post("so:  Rio-bound  Ann")
    theirs = post("so: Rio-bound Ann", Span(2, 3, "LOC", (4, 7)), Span(2, 4, "ORG", (8, 17)), Span(3, 4, "PER"))
    assert ours.words == theirs.words == ("so", ":", "Rio-bound", "Ann")
    moved = on_words_of(ours, theirs)
    assert (moved.text, moved.tokens, moved.tags) == (ours.text, ours.tokens, theirs.tags)
    assert moved.spans == (Span(2, 3, "LOC", (5, 8)), Span(2, 4, "ORG", (9, 19)), Span(3, 4, "PER"))
    assert [ours.text[slice(*span.chars)] for span in moved.spans or () if span.chars] == ["Rio", "bound  Ann"]


ENTITIES = [{"start": 0, "end": 3, "label": "LOC"}, {"start": 10, "end": 13, "label": "PER"}]
PARTS = json.dumps({"text": "Rio-bound Ann", "spans": ENTITIES})
WORDS = "Rio-bound\tB-LOC\nAnn\tO\n"


def test_lines_are_those_of_the_words_before_they_were_cut(tmp_path: Path) -> None:
    """`Rio-bound` stands in one line there and is two words here, because a label ends inside it."""
    assert differences(tmp_path, {"train.jsonl": PARTS}, {"train.txt": WORDS}) == [
        ("label-differs", "train.jsonl", 1, "'-bound' is O here, I-LOC in train.txt line 1."),
        ("label-differs", "train.jsonl", 1, "'Ann' is B-PER here, O in train.txt line 2."),
    ]


def test_our_lines_are_those_of_our_words(tmp_path: Path) -> None:
    assert differences(tmp_path, {"train.txt": WORDS}, {"train.jsonl": PARTS}) == [
        ("label-differs", "train.txt", 1, "'-bound' is I-LOC here, O in train.jsonl line 1."),
        ("label-differs", "train.txt", 2, "'Ann' is O here, B-PER in train.jsonl line 1."),
    ]
