"""One sweep over all pictures of a data set, so that training never waits for one."""

import os
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mner_core.catalog.profiles import Profile
from mner_core.data.images import open_image
from mner_core.features.image import ImageFeatures
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.types import Example, InputError

_SAVE_EVERY = 5.0
"""Seconds of work that a kill may cost."""
_SHARD = 256
"""Pictures in a shard at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionReport:
    """What a sweep found: how many distinct pictures have features now, how many of them it had to compute, its time
    in seconds, and each picture that is missing or does not open, with a sentence that says why.
    """

    images: int
    computed: int
    seconds: float
    broken: list[tuple[str, str]]


def extract(
    examples: Iterable[Example],
    profile: Profile,
    home: Home,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ExtractionReport:
    """Computes and keeps the features of all pictures that have none yet.

    It may be stopped or killed at any moment: the next sweep goes on where this one last saved, at most five seconds
    back. Two sweeps at once share what they save.

    Args:
        examples: the posts; a picture in several of them is looked at once.
        profile: which extractors.
        home: where the features are kept.
        progress: told how many of how many distinct pictures are done, those kept from before included.

    Raises:
        InputError: the disk is full, or the weights are missing. Broken pictures are in the report instead.
    """
    begin = time.monotonic()
    store = FeatureStore(profile, home)
    store.shards.sweep_up()
    examples = list(examples)
    store.prepare(examples, progress)
    pictures, broken = _distinct(examples, store)
    done = sum(key in store.shards for key in pictures)
    progress(done, len(pictures))
    computed = 0
    with _Saving(store) as saving:
        for key in _order(pictures, store):
            if key not in store.shards:  # another sweep may have saved it meanwhile
                picture = _opened(pictures[key], broken)
                if picture is not None:
                    saving.add(key, store.describe(pictures[key][0], picture))
                    computed += 1
            done += 1
            progress(done, len(pictures))
    images = {key.partition("-")[0] for key in pictures if key in store.shards}
    seconds = time.monotonic() - begin
    return ExtractionReport(images=len(images), computed=computed, seconds=seconds, broken=sorted(broken))


class _Saving:
    """Keeps what has been computed, every few seconds and at the end, be it an error's."""

    def __init__(self, store: FeatureStore) -> None:
        self._shards = store.shards
        self._unsaved: dict[str, ImageFeatures] = {}
        self._saved_at = time.monotonic()

    def __enter__(self) -> "_Saving":
        return self

    def __exit__(self, *error: object) -> None:
        self._save()

    def add(self, key: str, features: ImageFeatures) -> None:
        self._unsaved[key] = features
        if len(self._unsaved) >= _SHARD or time.monotonic() - self._saved_at > _SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        ready, self._unsaved = self._unsaved, {}
        self._shards.add(ready)
        self._saved_at = time.monotonic()


def _distinct(
    examples: Iterable[Example], store: FeatureStore
) -> tuple[dict[str, list[Example]], list[tuple[str, str]]]:
    """One post for each file, grouped by what the picture's features are kept under; and the files that are missing."""
    pictures: dict[str, list[Example]] = {}
    broken: dict[str, str] = {}
    seen: set[tuple[Path, str]] = set()
    for example in examples:
        if example.image is None:
            if example.image_name is not None:
                broken[example.image_name] = f"The picture {example.image_name} was not found."
            continue
        try:
            key = store.key(example)
        except InputError as error:
            broken[_name(example)] = str(error)
            continue
        if (example.image, key) not in seen:
            seen.add((example.image, key))
            pictures.setdefault(key, []).append(example)
    return pictures, list(broken.items())


def _order(pictures: Mapping[str, list[Example]], store: FeatureStore) -> list[str]:
    """The pictures still to do, in an order of this process's own: so two sweeps at once rarely do the same one."""
    waiting = [key for key in pictures if key not in store.shards]
    random.Random(os.getpid()).shuffle(waiting)
    return waiting


def _opened(files: list[Example], broken: list[tuple[str, str]]) -> Image.Image | None:
    """The picture that all these files hold; where it does not open, each file is noted as broken."""
    for example in files:
        assert example.image is not None
        try:
            return open_image(example.image)
        except InputError as error:
            broken.append((_name(example), str(error)))
    return None


def _name(example: Example) -> str:
    assert example.image is not None
    return example.image_name or example.image.name
