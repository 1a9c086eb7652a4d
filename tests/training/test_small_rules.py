"""Rules of a run's files, of a warm start, of a checkpoint's random numbers and of swapped pictures, each by itself."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mner_core.data.dataset import Dataset
from mner_core.training import checkpoint, fit, train, warm_start
from mner_core.training.checkpoint import CheckpointPlace
from mner_core.training.plan import Plan
from mner_core.training.run import with_swapped_images, without_images
from mner_core.training.warm_start import PIECE_VECTORS
from mner_core.types import Example, ImageObject, InputError, Prediction, Span
from tests.fakes import post, settings_of

NAME = "Peña 東京 #\U0001f600"


@pytest.mark.parametrize("labels", [("PER",), ("Ort", "名"), (NAME,)])
def test_a_runs_record_is_written_for_people_to_read(tmp_path: Path, labels: tuple[str, ...]) -> None:
    (tmp_path / "best.safetensors").write_bytes(b"weights")
    for name in ("request.json", "lock"):
        (tmp_path / name).touch()
    (tmp_path / "checkpoint").mkdir()
    record: Any = SimpleNamespace(to_json=lambda: {"labels": labels, "seed": 3})
    encoder: Any = SimpleNamespace(save=lambda folder: folder.mkdir())
    dev = [post(0, [NAME.split()[0], "sat"])]
    said = [Prediction(spans=(Span(0, 1, labels[0]),), confidences=(0.5,), confidence_source="crf")]
    train._write(tmp_path, record, encoder, dev, said)
    listed = ",\n".join(f'  "{label}"' for label in labels)
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == f'{{\n "labels": [\n{listed}\n ],\n "seed": 3\n}}'
    [line] = (tmp_path / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert "Peña" in line
    assert json.loads(line)["spans"][0]["label"] == labels[0]
    assert labels[0] in line, "as it is, without escapes"
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"weights.safetensors", "encoder", "predictions.jsonl", "run.json"}


@pytest.mark.parametrize("stored", [(), (0,), (1,), (0, 1)])
def test_each_gpu_gets_its_own_random_numbers_back_where_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: tuple[int, ...]
) -> None:
    model = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    state = torch.get_rng_state()
    random = {"cpu": state, **{f"cuda:{number}": torch.tensor([number]) for number in stored}}
    monkeypatch.setattr(checkpoint, "_random_state", lambda: random)
    checkpoint.save(tmp_path / "checkpoint", CheckpointPlace(step=3), model, optimizer)
    given: dict[int, list[int]] = {}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda new, number: given.update({number: new.tolist()}))
    place = checkpoint.restore(tmp_path / "checkpoint", model, optimizer)
    assert place == CheckpointPlace(step=3)
    assert given == {number: [number] for number in stored}


def test_a_warm_start_copies_what_has_the_name_and_the_shape(tmp_path: Path) -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tensors = nn.ParameterDict({"same": torch.zeros(2), "wider": torch.zeros(3), "own": torch.zeros(1)})
            self.pieces = torch.zeros(4, 2)

        def state_dict(self, *_: Any, **__: Any) -> dict[str, torch.Tensor]:  # type: ignore[override]
            return {**self.tensors, PIECE_VECTORS: self.pieces}

        def load_state_dict(self, state: Any, strict: bool = True, **_: Any) -> None:  # type: ignore[override]
            assert not strict
            self.loaded = dict(state)

    model: Any = Small()
    stored = {"same": torch.ones(2), "wider": torch.ones(2), "unknown": torch.ones(1), PIECE_VECTORS: torch.ones(3, 2)}
    save_file(stored, tmp_path / "weights.safetensors")
    assert warm_start.warm_start(model, tmp_path) == 2
    assert {*model.loaded} == {"same", PIECE_VECTORS}
    assert model.loaded["same"].tolist() == [1.0, 1.0]
    assert model.loaded[PIECE_VECTORS].tolist() == [[1.0, 1.0]] * 3 + [[0.0, 0.0]], "the piece that was not known"


@pytest.mark.parametrize(("unknown", "named"), [(["b"], "b"), (["zeta", "alpha"], "alpha"), (["c", "b", "d"], "b")])
def test_the_first_unknown_setting_of_a_run_is_named(unknown: list[str], named: str) -> None:
    settings = {**asdict(settings_of("bert-crf")), **dict.fromkeys(unknown, 1)}
    record: Any = SimpleNamespace(model="bert-crf", settings=settings)
    with pytest.raises(InputError, match=f"^The run has a setting '{named}', which this program's bert-crf does not"):
        Plan.of_record(record)


def test_pictures_are_swapped_by_the_seed_which_is_0(scenes: Dataset) -> None:
    orders = [[each.image_name for each in with_swapped_images(scenes.posts, seed)] for seed in range(4)]
    assert [each.image_name for each in with_swapped_images(scenes.posts)] == orders[0]
    assert len({*map(tuple, orders)}) == 4


def test_two_pictures_change_places(scenes: Dataset) -> None:
    one, two = [post for post in scenes.posts if post.image is not None][:2]
    swapped = with_swapped_images([one, two])
    assert [each.image for each in swapped] == [two.image, one.image]
    assert [replace(each, image=None, image_name=None, caption=None, objects=None).text for each in swapped] == [
        one.text,
        two.text,
    ]


def of_picture(post: Example) -> tuple[object, ...]:
    """All that follows from a post's picture."""
    return post.image, post.image_name, post.caption, post.objects


def told(posts: Sequence[Example]) -> list[Example]:
    """The posts, each with a caption and objects of its own."""
    return [
        replace(post, caption=f"caption {row}", objects=(ImageObject(f"thing {row}", (0, 0, 1, 1)),))
        for row, post in enumerate(posts)
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_picture_comes_with_all_that_is_known_of_it_and_the_text_stays(scenes: Dataset, seed: int) -> None:
    posts = told([post for post in scenes.posts if post.image is not None])
    swapped = with_swapped_images(posts, seed)
    assert Counter(map(of_picture, swapped)) == Counter(map(of_picture, posts))
    assert all(of_picture(other) != of_picture(own) for other, own in zip(swapped, posts, strict=True))
    assert without_images(swapped) == without_images(posts), "nothing else has changed"


def test_without_a_picture_nothing_is_known_of_one(scenes: Dataset) -> None:
    posts = told(scenes.posts)
    bare = without_images(posts)
    assert {of_picture(post) for post in bare} == {(None, None, None, None)}
    assert [
        replace(post, image=own.image, image_name=own.image_name, caption=own.caption, objects=own.objects)
        for post, own in zip(bare, posts, strict=True)
    ] == posts


@pytest.mark.parametrize(("began", "ends", "seconds"), [(100.0, 103.26, 3.3), (5.0, 5.04, 0.0), (1e5, 1e5 + 60, 60.0)])
def test_an_epoch_has_the_seconds_since_the_beginning_and_its_mean_loss(
    monkeypatch: pytest.MonkeyPatch, began: float, ends: float, seconds: float
) -> None:
    monkeypatch.setattr(fit, "time", SimpleNamespace(monotonic=lambda: ends))
    monkeypatch.setattr(fit, "predict", lambda *_: [])
    place = CheckpointPlace(epoch=2, step=7, losses=[1.0, 3.0, 5.0])
    unused: Any = None
    epoch, _ = fit._end_epoch(unused, unused, [], settings_of("bert-crf"), place, began)
    assert (epoch.number, epoch.loss, epoch.seconds) == (2, 3.0, seconds)
    assert (place.epoch, place.step, place.losses, place.seconds) == (3, 0, [], seconds)
    assert place.epochs == [asdict(epoch)]


@pytest.mark.parametrize("has_gpu", [True, False])
@pytest.mark.parametrize(("precision", "mixed"), [("fp32", "no"), ("bf16", "bf16"), ("fp16", "fp16")])
def test_a_training_takes_the_gpu_that_the_process_is_given_and_its_precision(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, precision: str, mixed: str
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("accelerate.Accelerator", lambda **how: asked.append(how))
    monkeypatch.setattr("accelerate.PartialState", lambda **how: asked.append(how))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    settings: Any = SimpleNamespace(precision=precision)
    fit._accelerator(settings)
    fit.processes_of_training()
    assert asked == [{"cpu": not has_gpu, "mixed_precision": mixed}, {"cpu": not has_gpu}]
