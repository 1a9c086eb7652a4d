"""Small shards of features become large ones: each picture that a screen asks for makes a shard of its own.

The large shard is there before the small ones go, so that every picture can be found at any moment; who has a small
one open keeps it. A merging that was killed has left pictures in two shards, and the next one removes the small ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mner_core.caches import read_kept
from mner_core.features.image import ImageFeatures
from mner_core.features.shards import features_of, opened, packed

FULL = 256
"""Pictures in a large shard at most, as a sweep writes them."""
SMALL = 64
"""A shard with fewer is merged."""


@dataclass(frozen=True, slots=True)
class Merging:
    """The shards of a folder that can be one; `content` is that one's, empty where larger ones hold it all."""

    shards: tuple[Path, ...]
    content: bytes


def mergings(folder: Path) -> Iterator[Merging]:
    """What can be merged in a folder of shards, one after the other; nothing is written. Damaged shards stay."""
    waiting: dict[str, ImageFeatures] = {}
    shards: list[Path] = []
    small, held = _small_ones(folder)
    for path in small:
        found = read_kept(path, opened)
        if found is None:
            continue
        shard, items = found
        new = {item["key"]: features_of(shard, item) for item in items if item["key"] not in held}
        if len(waiting | new) > FULL:
            yield from _merging(shards, waiting)
            waiting, shards = {}, []
        waiting |= new
        shards.append(path)
    yield from _merging(shards, waiting)


def _merging(shards: list[Path], found: dict[str, ImageFeatures]) -> Iterator[Merging]:
    if len(shards) > 1 or (shards and not found):
        yield Merging(tuple(shards), packed(found) if found else b"")


def _small_ones(folder: Path) -> tuple[list[Path], set[str]]:
    """The small shards of the folder, and the keys of what the others hold."""
    small, held = [], set()
    for path in sorted(folder.glob("*.safetensors")):
        found = read_kept(path, opened)
        if found is not None and len(found[1]) < SMALL:
            small.append(path)
        elif found is not None:
            held |= {item["key"] for item in found[1]}
    return small, held
