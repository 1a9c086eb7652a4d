"""No setting trains nothing in silence: what is admitted at its lowest moves parameters, what does not is refused."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from mner_core.catalog.system import Settings
from mner_core.catalog.systems import SYSTEMS, system
from mner_core.run_record import read_record
from mner_core.training.fit import Posts, fit
from mner_core.training.plan import Plan
from mner_core.types import InputError
from tests.fakes import make_batcher, make_model, random_posts
from tests.test_errors_name_files import FIRST, run_with

POSTS = random_posts(6)


def resolved(name: str, **changes: Any) -> Settings:
    entry = system(name)
    heads = {"heads": 4} if hasattr(entry.settings, "heads") else {}
    return entry.resolve("tiny", "", {"epochs": 1, "batch": 3, **heads, **changes})


def moved(name: str, settings: Settings, folder: Path) -> bool:
    """Whether a training with these settings changes a parameter."""
    folder.mkdir(exist_ok=True)
    model, batcher = make_model(name, settings), make_batcher(name, settings)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    list(fit(model, batcher, Posts(train=POSTS, dev=POSTS), settings, 0, folder))
    return any(not torch.equal(before[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_number_at_0_trains_or_is_refused(name: str, tmp_path: Path) -> None:
    numbers = [item.name for item in dataclasses.fields(system(name).settings) if item.type in (int, float)]
    refused = set()
    for number in numbers:
        try:
            settings = resolved(name, **{number: 0})
        except InputError:
            refused.add(number)
            continue
        assert moved(name, settings, tmp_path / number), f"{number}=0 trains nothing"
    assert {"clip", "batch", "epochs"} <= refused
    assert not {"encoder_rate", "head_rate", "weight_decay", "warmup", "dropout"} & refused


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("bert-crf", {"clip": "0"}, "clip must be above 0"),
        ("rgcn", {"clip": 0.0}, "clip must be above 0"),
        ("gei", {"tag_weight": "0"}, "tag_weight must be above 0"),
    ],
)
def test_what_would_train_nothing_is_refused_before_anything_is_read(
    name: str, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        resolved(name, **changes)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("rate", ["encoder_rate", "fusion_rate", "head_rate"])
def test_one_rate_above_0_is_enough_in_every_system(name: str, rate: str, tmp_path: Path) -> None:
    rates = dict.fromkeys(("encoder_rate", "fusion_rate", "head_rate"), 0.0) | {rate: 1e-3}
    assert moved(name, resolved(name, **rates), tmp_path)


def test_a_run_that_was_trained_with_clip_0_still_opens(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", {**FIRST, "settings": {"clip": 0.0}})
    assert Plan.of_record(read_record(run)).settings.clip == 0
