"""The grounded score, from the contract's sentences: words, type and place, against counts done by hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.commands.cli import main
from mner_core.data.tokenize import tokenize
from mner_core.evaluation.grounded import first_boxes, grounded_counts, grounded_score
from mner_core.evaluation.scoring import Counts, count
from mner_core.types import Box, Example, InputError, Span

TEXT = "Ann met Bob in Rome today"
ANN, BOB, ROME, TODAY = Span(0, 1, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC"), Span(5, 6, "MISC")
LEFT: Box = (0.0, 0.0, 0.5, 1.0)
RIGHT: Box = (0.5, 0.0, 1.0, 1.0)
HALF_OF_LEFT: Box = (0.0, 0.0, 0.25, 1.0)  # IoU 0.5 with LEFT
LESS: Box = (0.0, 0.0, 0.24, 1.0)  # IoU 0.48


def post(boxes: dict[Span, tuple[Box, ...]], spans: Sequence[Span] = (ANN, BOB, ROME)) -> Example:
    return Example(id="1", text=TEXT, tokens=tokenize(TEXT), spans=tuple(spans), boxes=boxes)


@pytest.mark.parametrize(
    ("gold", "predicted", "counts"),
    [
        ({ANN: (LEFT,)}, {ANN: LEFT}, Counts(1, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: HALF_OF_LEFT}, Counts(1, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: LESS}, Counts(0, 1, 1)),
        ({ANN: (RIGHT, LEFT)}, {ANN: LEFT}, Counts(1, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: None}, Counts(0, 1, 1)),
        ({ANN: ()}, {ANN: None}, Counts(1, 1, 1)),
        ({ANN: ()}, {ANN: LEFT}, Counts(0, 1, 1)),
        ({ANN: (LEFT,)}, {Span(0, 1, "ORG"): LEFT}, Counts(0, 1, 1)),
        ({ANN: (LEFT,)}, {Span(0, 2, "PER"): LEFT}, Counts(0, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: LEFT, BOB: RIGHT}, Counts(1, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: LEFT, Span(2, 3, "ORG"): RIGHT}, Counts(1, 1, 1)),
        ({ANN: (LEFT,)}, {ANN: LEFT, Span(2, 4, "PER"): None}, Counts(1, 2, 1)),
        ({ANN: (LEFT,)}, {ANN: LEFT, TODAY: None}, Counts(1, 2, 1)),
        ({ANN: (LEFT,), BOB: (), ROME: (RIGHT,)}, {ANN: LEFT, BOB: None}, Counts(2, 2, 3)),
        ({}, {ANN: LEFT, BOB: None, TODAY: LEFT}, Counts(0, 1, 0)),
    ],
)
def test_an_entity_is_right_when_words_type_and_place_are(
    gold: dict[Span, tuple[Box, ...]], predicted: dict[Span, Box | None], counts: Counts
) -> None:
    assert grounded_counts(post(gold), predicted) == counts


def test_posts_are_pooled_and_not_averaged() -> None:
    posts = [post({ANN: (LEFT,)}), post({ANN: (LEFT,), BOB: (), ROME: (RIGHT,)})]
    found = grounded_score(posts, [{ANN: RIGHT}, {ANN: LEFT, BOB: None}])
    assert (found.precision, found.recall, found.f1, found.support) == (pytest.approx(200 / 3), 50.0, 400 / 7, 4)


def test_a_post_that_nobody_labelled_and_posts_too_few_are_refused() -> None:
    unlabelled = Example(id="9", text=TEXT, tokens=tokenize(TEXT))
    with pytest.raises(InputError, match="'9' has no labels"):
        grounded_score([unlabelled], [{}])
    with pytest.raises(InputError, match="1 gold posts but predictions for 0"):
        grounded_score([post({})], [])


def test_of_several_predicted_boxes_the_first_counts() -> None:
    assert first_boxes(post({ANN: (LEFT, RIGHT), BOB: ()})) == {ANN: LEFT, BOB: None, ROME: None}


SPANS = st.sets(st.sampled_from([ANN, BOB, ROME, TODAY, Span(0, 1, "ORG"), Span(2, 4, "PER")]))


@given(gold=SPANS, predicted=SPANS)
def test_where_places_are_right_it_is_the_score_of_words_and_types(gold: set[Span], predicted: set[Span]) -> None:
    """Nothing overlaps in a real post; the counting does not need it."""
    everywhere = post(dict.fromkeys(gold, (LEFT,)), sorted(gold))
    plain = sum(count(gold, predicted).values(), Counts())
    assert grounded_counts(everywhere, dict.fromkeys(predicted, LEFT)) == plain
    nowhere = post(dict.fromkeys(gold, ()), sorted(gold))
    assert grounded_counts(nowhere, dict.fromkeys(predicted, None)) == plain
    assert grounded_counts(nowhere, dict.fromkeys(predicted, LEFT)).true_positives == 0


def record(*spans: dict[str, Any], text: str = TEXT, **more: Any) -> str:
    return json.dumps({"id": "1", "text": text, "spans": list(spans), **more}) + "\n"


def spoken(start: int, end: int, label: str, *boxes: list[float], silent: bool = False) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label} | ({} if silent else {"boxes": list(boxes)})


def scored(capsys: pytest.CaptureFixture[str], gold: Path, pred: Path) -> dict[str, Any]:
    assert main(["score", "--gold", str(gold), "--pred", str(pred), "--boxes", "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


GOLD = [spoken(0, 3, "PER", list(LEFT)), spoken(8, 11, "PER"), spoken(15, 19, "LOC", silent=True)]


@pytest.mark.parametrize("cut", [None, [[0, 3], [4, 7], [8, 11], [12, 14], [15, 17], [17, 19], [20, 25]]])
def test_two_files_are_scored_with_their_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: Any) -> None:
    """Whatever words the second file cuts the text into."""
    gold, pred = tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"
    gold.write_text(record(*GOLD))
    said = [spoken(0, 3, "PER", list(LEFT), list(RIGHT)), spoken(8, 11, "PER", silent=True), spoken(15, 19, "LOC")]
    pred.write_text(record(*said, tokens=cut))
    answer = scored(capsys, gold, pred)
    assert answer["grounded"] == {"precision": 100.0, "recall": 100.0, "f1": 100.0, "support": 2}
    assert answer["support"] == 3
    pred.write_text(record(*said[:1], spoken(8, 11, "PER", list(LEFT)), tokens=cut))
    assert scored(capsys, gold, pred)["grounded"] == {"precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 2}


@pytest.mark.parametrize(
    ("gold_name", "pred_name", "said"),
    [
        ("gold.txt", "pred.jsonl", "gold.txt is a tag file"),
        ("gold.jsonl", "pred.txt", "pred.txt is a tag file"),
        ("gold.jsonl", "pred.jsonl", 'No entity in gold.jsonl has "boxes"'),
    ],
)
def test_files_without_boxes_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gold_name: str, pred_name: str, said: str
) -> None:
    for name in (gold_name, pred_name):
        tags = "".join(f"{word} O\n" for word in TEXT.split()) + "\n"
        (tmp_path / name).write_text(tags if name.endswith(".txt") else record(spoken(0, 3, "PER", silent=True)))
    files = ["--gold", str(tmp_path / gold_name), "--pred", str(tmp_path / pred_name)]
    assert main(["score", *files, "--boxes", "--json"]) == 2
    assert said in capsys.readouterr().err
