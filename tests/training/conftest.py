"""A small drawn data set and what trains on it in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from mner_core.training.plan import Plan
from mner_core.training.train import TrainingRequest


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 60, 1)
    return read_dataset(folder)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def request_for(scenes: Dataset) -> Callable[..., TrainingRequest]:
    def make(name: str, seed: int = 0, variant: str = "", start: Path | None = None, **changes: Any) -> TrainingRequest:
        entry = system(name)
        heads = {"heads": 4} if hasattr(entry.settings, "heads") else {}
        settings = entry.resolve("tiny", variant, {"epochs": 2, **heads, **changes})
        plan = Plan(system=entry, variant=variant, settings=settings, labels=scenes.labels, profile=profile("tiny"))
        return TrainingRequest(
            plan=plan,
            train=scenes.split("train"),
            dev=scenes.split("valid"),
            others=scenes.split("test"),
            data=scenes.name,
            seed=seed,
            start=start,
        )

    return make
