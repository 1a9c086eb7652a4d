"""What an image is worth: each verdict on a plain case, and the posts that change."""

import json

from mner_core.evaluation.image_ablation import image_ablation
from mner_core.types import Span
from tests.evaluation.posts import post

PER, LOC = Span(0, 1, "PER"), Span(0, 1, "LOC")
GOLD = [post("a b", [PER], id=f"p{n}") for n in range(40)]


def right_on(number: int) -> list[list[Span]]:
    return [[PER] if n < number else [LOC] for n in range(len(GOLD))]


def test_a_gain_is_lost_in_the_swap() -> None:
    found = image_ablation(GOLD, [right_on(36)], [right_on(12)], [right_on(11)])
    assert found.gain
    assert found.verdict.startswith("A gain")
    assert found.against_none.difference == found.against_none.ours.mean - found.against_none.theirs.mean


def test_a_gain_that_survives_the_swap_is_none() -> None:
    found = image_ablation(GOLD, [right_on(36)], [right_on(12)], [right_on(35)])
    assert found.against_none.better
    assert not found.gain
    assert "survives the swap" in found.verdict


def test_chance_is_no_gain_and_a_loss_is_called_so() -> None:
    assert not image_ablation(GOLD, [right_on(20)], [right_on(19)], [right_on(10)]).gain
    loss = image_ablation(GOLD, [right_on(12)], [right_on(36)], [right_on(12)])
    assert not loss.gain
    assert "loss" in loss.verdict


def test_over_seeds_the_gain_must_be_steady() -> None:
    own, none = [right_on(36), right_on(12), right_on(38)], [right_on(12), right_on(14), right_on(37)]
    assert not image_ablation(GOLD, own, none, none).gain
    steady = image_ablation(GOLD, [right_on(36), right_on(35), right_on(37)], [right_on(12)] * 3, [right_on(11)] * 3)
    assert steady.gain
    assert steady.to_json()["own"]["number"] == 3


def test_every_post_that_changes_is_listed_with_what_the_image_did() -> None:
    gold = [post("a b c", [PER], id=name) for name in ("same", "better", "worse", "other", "swap")]
    own = [[PER], [PER], [LOC], [LOC], [PER]]
    none = [[PER], [], [PER], [Span(0, 2, "PER")], [PER]]
    swapped = [[PER], [PER], [LOC], [LOC], []]
    found = image_ablation(gold, [own], [none], [swapped])
    assert [(each.post, each.effect) for each in found.changes] == [
        ("better", "better"),
        ("worse", "worse"),
        ("other", "otherwise wrong"),
        ("swap", ""),
    ]
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert record["changes"][0]["own"] == [{"start": 0, "end": 1, "label": "PER"}]
    assert record["changes"][0]["none"] == []
    assert record["gain"] is False
