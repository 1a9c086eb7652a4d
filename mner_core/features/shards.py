"""Features on disk: a folder of shards, each a safetensors file that is whole or not there.

A shard is written beside its final name, synced and renamed; it says itself what it holds. So there is no index that
could disagree: the folder's listing is the index, several processes may write at once, and one that is killed leaves
nothing but a temporary file. Reading maps the files into memory and copies only the picture asked for.
"""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from mner_core.caches import read_kept
from mner_core.features.image import ImageFeatures
from mner_core.files import sweep_up, write_whole
from mner_core.types import ImageObject, InputError


class Shards:
    """The features in one folder, all made by one version of one extractor.

    A key is the picture's sha256, followed by `-` and a fingerprint where its objects came with the data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: set[str] = set()
        self._places: dict[str, tuple[Any, bytes]] = {}  # what is known of a picture stays JSON: a fifth of its memory
        self._keys: dict[str, str] = {}
        self.refresh()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def refresh(self) -> None:
        """Learns of the shards that this or another process has written since."""
        while not self._read_new():
            continue

    def find(self, key: str) -> ImageFeatures | None:
        """The features kept under this key, or None."""
        if key not in self._places:
            return None
        shard, known = self._places[key]
        return features_of(shard, json.loads(known))

    def of_picture(self, digest: str) -> ImageFeatures | None:
        """The features kept of the picture with this sha256, whatever objects came with it; or None."""
        if digest not in self._keys:
            self.refresh()
        return self.find(self._keys.get(digest, digest))

    def add(self, features: Mapping[str, ImageFeatures]) -> None:
        """Writes one shard; when this returns, it survives a power cut.

        Raises:
            InputError: the disk is full or cannot be written; nothing is left behind.
        """
        if not features:
            return
        path = self.folder / f"{uuid.uuid4().hex}.safetensors"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, packed(features))
        except (OSError, InputError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error).removesuffix(".")
            raise InputError(
                f"The features of {len(features)} pictures could not be kept ({why}); make room below MNER_HOME, or "
                "let it name another folder, then start again."
            ) from error
        self.refresh()

    def sweep_up(self) -> None:
        """Removes temporary files that killed processes have left."""
        sweep_up(self.folder)

    def _read_new(self) -> bool:
        """Reads what is there; False where a shard has gone meanwhile, whose pictures are in another one now."""
        new = [path for path in sorted(self.folder.glob("*.safetensors")) if path.name not in self._read]
        for path in new:
            self._read.add(path.name)
            self._open(path)
        return all(path.exists() for path in new)

    def _open(self, path: Path) -> None:
        found = read_kept(path, opened)
        if found is None:
            return  # its pictures are read again
        shard, items = found
        for item in items:
            known = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
            self._places.setdefault(item["key"], (shard, known.encode(errors="surrogatepass")))
            self._keys.setdefault(item["key"].partition("-")[0], item["key"])


def opened(path: Path) -> tuple[Any, list[dict[str, Any]]]:
    """A shard, mapped into memory, and what its metadata says it holds."""
    shard: Any = safe_open(path, framework="np")
    items: list[dict[str, Any]] = json.loads(shard.metadata()["items"])
    rows, vectors = (shard.get_slice(name).get_shape()[0] for name in ("grid", "object_vectors"))
    for item in items:
        if item["row"] >= rows or item["first_object"] + len(item["objects"]) > vectors or "key" not in item:
            raise ValueError("it holds fewer pictures than it says")
    return shard, items


def features_of(shard: Any, item: Mapping[str, Any]) -> ImageFeatures:
    """What a shard holds of a picture; `item` is one of those that its metadata lists."""
    first = item["first_object"]
    vectors = shard.get_slice("object_vectors")
    width = vectors.get_shape()[1]
    objects = tuple(ImageObject(label, tuple(box), score) for label, box, score in item["objects"])
    return ImageFeatures(
        image_ok=True,
        grid=shard.get_slice("grid")[item["row"]],
        objects=objects,
        # safetensors refuses an empty slice at the very end
        object_vectors=vectors[first : first + len(objects)] if objects else np.zeros((0, width), np.float16),
        attributes=tuple((name, share) for name, share in item["attributes"]),
        caption=item["caption"],
        aspect=item["aspect"],
    )


def packed(features: Mapping[str, ImageFeatures]) -> bytes:
    """The content of a shard that holds these."""
    items, first = [], 0
    for row, (key, known) in enumerate(features.items()):
        objects = [(thing.label, thing.box, thing.score) for thing in known.objects]
        items.append(
            {
                "key": key,
                "row": row,
                "first_object": first,
                "objects": objects,
                "attributes": known.attributes,
                "caption": known.caption,
                "aspect": known.aspect,
            }
        )
        first += len(objects)
    arrays = {
        "grid": np.stack([known.grid for known in features.values()]),
        "object_vectors": np.concatenate([known.object_vectors for known in features.values()]),
    }
    return save(arrays, metadata={"items": json.dumps(items)})
