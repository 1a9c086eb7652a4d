"""What a run points at: the whole way from weights to shares, and what the untrained model is."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mner_core.data.boxes import ENTITY_BOXES, read_entity_boxes, with_own_boxes
from mner_core.data.dataset import Dataset
from mner_core.evaluation.grounding import best_threshold
from mner_core.home import Home
from mner_core.training.pointing_game import point
from mner_core.training.run import Run, load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError


@pytest.fixture
def run(request_for: Callable[..., TrainingRequest], home: Home, tmp_path: Path) -> Run:
    """One epoch in which nothing is learnt: what training began with is what it ends with."""
    train(request_for("rgcn", epochs=1, encoder_rate=0, fusion_rate=0, head_rate=0), tmp_path / "run", home)
    return load(tmp_path / "run", home)


def test_the_untrained_model_is_the_one_that_training_began_with(run: Run) -> None:
    before = run.untrained().state_dict()
    for name, weights in run.model.state_dict().items():
        assert np.array_equal(weights, before[name]), name


@pytest.mark.parametrize(("name", "seed"), [("bert-crf", 3), ("bert-crf", 4), ("rgcn", 3)])
def test_the_untrained_model_is_drawn_from_the_runs_own_seed(
    name: str, seed: int, request_for: Callable[..., TrainingRequest], home: Home, tmp_path: Path
) -> None:
    """Encoder and layers alike, whatever was drawn before."""
    request = request_for(name, seed, epochs=1, encoder_rate=0, fusion_rate=0, head_rate=0)
    train(request, tmp_path / "run", home)
    run = load(tmp_path / "run", home)
    torch.manual_seed(99)
    before = run.untrained().state_dict()
    different = [each for each, value in run.model.state_dict().items() if not torch.equal(value, before[each])]
    assert different == []


def test_a_run_is_judged_on_posts_that_it_was_not_trained_on(run: Run, scenes: Dataset, tmp_path: Path) -> None:
    answer = point(run, scenes)
    held_out = {post.id for split in ("valid", "test") for post in scenes.split(split)}
    (result,) = [each for each in answer["evidence"] if each["evidence"] == "word x region attention"]
    assert 0 < answer["posts"] <= len(held_out)
    assert answer["posts_trained_on"] > answer["posts"]
    assert result["entities"] == answer["entities"] >= answer["posts"]
    assert result["share"] == result["untrained"]
    assert 0 < result["chance"] < result["reachable"] <= 1

    train_only = replace(scenes, splits={"train": scenes.split("train")})
    with pytest.raises(InputError, match=r"No post of Scenes .* not trained on has a picture and a gold box"):
        point(run, train_only)
    with pytest.raises(InputError, match=r"Cannot read boxes.json"):
        point(run, scenes, tmp_path / "boxes.json")


def test_posts_whose_picture_does_not_open_are_not_judged(run: Run, scenes: Dataset, tmp_path: Path) -> None:
    """Missing, cut off, and a text named .jpg: beside a picture that opens, none of the three counts."""
    text, cut = tmp_path / "text.jpg", tmp_path / "cut.png"
    text.write_text("a text, not a picture")
    boxed = {post for post, _ in read_entity_boxes(scenes.root / ENTITY_BOXES, scenes.posts).boxes}
    one, other, third, last = [post for post in scenes.split("valid") if post.key in boxed][:4]
    assert last.image is not None
    cut.write_bytes(last.image.read_bytes()[:200])
    dead = [replace(one, image=text), replace(other, image=cut), replace(third, image=tmp_path / "missing.png")]
    answer = point(run, replace(scenes, splits={"valid": [*dead, last]}))
    assert answer["posts"] == 1
    with pytest.raises(InputError, match="has a picture and a gold box"):
        point(run, replace(scenes, splits={"valid": dead}))


def test_a_gold_box_is_of_one_of_two_posts_with_its_id(run: Run, scenes: Dataset, tmp_path: Path) -> None:
    """Its entity says of which: the other split's post of that id is not judged, and not counted."""
    gold = read_entity_boxes(scenes.root / ENTITY_BOXES, scenes.posts).boxes
    boxed, other = list(dict.fromkeys(post for post, _ in gold if post.split != "train"))[:2]
    span = next(span for post, span in gold if post == boxed)
    posts = {post.key: post for post in scenes.posts}
    one = replace(posts[boxed], id="0", split="valid", spans=(span,))
    two = replace(posts[other], id="0", split="test", spans=())
    file = tmp_path / "boxes.jsonl"
    file.write_text(
        json.dumps({"post": "0", "start": span.start, "end": span.end, "label": span.label, "box": [0, 0, 1, 1]})
    )
    answer = point(run, replace(scenes, splits={"valid": [one], "test": [two]}), file)
    assert (answer["posts"], answer["entities"], answer["boxes_without_entity"]) == (1, 1, 0)


@pytest.mark.parametrize("model", ["gei", "rgcn"])
def test_a_training_chooses_where_its_entities_begin_to_have_a_box(
    request_for: Callable[..., TrainingRequest], home: Home, scenes: Dataset, tmp_path: Path, model: str
) -> None:
    """On valid, where it says places; the run keeps it, and what it predicts is the same."""
    request = request_for(model, epochs=1)
    without = train(request, tmp_path / "without", home)
    assert "box_threshold" not in without.dev
    assert load(tmp_path / "without", home).box_threshold == 0
    dev = with_own_boxes(request.dev, scenes.root)
    record = train(replace(request, dev=dev), tmp_path / "run", home)
    kept = load(tmp_path / "run", home)
    said = kept.predict_posts(dev, evidence=True)
    assert record.dev["box_threshold"] == kept.box_threshold == pytest.approx(best_threshold(dev, said), abs=1e-6)
    assert {name: value for name, value in record.dev.items() if name != "box_threshold"} == without.dev
