"""Which files of a data set's folder are read as what: names of splits, picture folders, and what nobody reads."""

import os
from collections.abc import Collection
from pathlib import Path, PurePath

from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.lines import Reading
from mner_core.types import InputError

SPLITS = {
    "train": "train", "training": "train",
    "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "devel": "valid", "development": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip
"""The split that a file's name means, without its ending and in lower case."""
POSTS_ENDINGS = (".jsonl", ".txt", ".conll", ".bio", ".json", ".tsv", ".csv")
"""Endings of split files; where several files are of one split, the earlier ending is read."""
_FIRST = frozenset(POSTS_ENDINGS[:4])
_PICTURES = frozenset({"image", "images", "img", "imgs", "picture", "pictures", "pics", "photo", "photos"})
_BESIDE = frozenset({"dataset.json", "objects.jsonl", "history.jsonl", "entity_boxes.jsonl"})


def split_of(name: str) -> str | None:
    """The split that a file holds by its name, None where the name is that of no split file."""
    path = PurePath(name)
    return SPLITS.get(path.stem.lower()) if path.suffix.lower() in POSTS_ENDINGS else None


def is_picture_folder(name: str) -> bool:
    """Whether a folder is called as those that hold a data set's pictures."""
    return name.lower() in _PICTURES or name.lower().endswith("_images")


def split_files(root: Path, reading: Reading) -> dict[str, Path]:
    """The file of each split that lies directly in the folder, in the order train, valid, test.

    Raises:
        InputError: there is none.
    """
    found: dict[str, Path] = {}
    files = (path for path in root.iterdir() if path.is_file() and split_of(path.name))
    for path in sorted(files, key=lambda path: (path.suffix.lower() not in _FIRST, path)):
        split = SPLITS[path.stem.lower()]
        first = found.setdefault(split, path)
        if first != path:
            detail = f"The split {split} is read from {first.name}; this file is left out."
            reading.reporter(path.name, None)("extra-file", detail)
    if not found:
        below = next((path for path in sorted(root.glob("*/*")) if path.is_file() and split_of(path.name)), None)
        hint = f"; {below.parent.name} in it has some: name that folder" if below else ""
        wanted = "put train.txt, valid.txt or test.txt (or .jsonl) directly into it"
        raise InputError(f"The folder {root.name} has no posts{hint or f'; {wanted}'}.")
    return {split: found[split] for split in ("train", "valid", "test") if split in found}


def picture_folders(root: Path, declared: str | None) -> list[Path]:
    """The folders inside `root` that hold pictures by their name: the declared one, `images`, others in any case."""
    folders = sorted(path for path in root.iterdir() if is_picture_folder(path.name) and path.is_dir())
    usual = sorted(folders, key=lambda path: (path.name != "images", path.name.lower() != "images"))
    return list(dict.fromkeys([*([root / declared] if declared else []), *usual]))


def sibling_folders(root: Path) -> list[Path]:
    """Folders beside `root` that are called as those that hold pictures: `data/train.txt` with `images/` beside it."""
    home = root.resolve()
    return sorted(
        path
        for path in home.parent.iterdir()
        if path != home and is_picture_folder(path.name) and path.is_dir() and not path.is_symlink()
    )


def unread_files(root: Path, read: Collection[Path], knowledge: Path) -> list[str]:
    """What lies in the folder and was not read, by its path from there: neither posts nor pictures nor beside them."""
    unread: list[str] = []
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and Path(place, name) != knowledge]
        for name in names:
            path = Path(place, name)
            is_known = Path(place) == root and (name in _BESIDE or _is_captions(name))
            if not (name.startswith(".") or is_known or path in read or path.suffix.lower() in PICTURE_ENDINGS):
                unread.append(path.relative_to(root).as_posix())
    return sorted(unread)


def _is_captions(name: str) -> bool:
    return name.startswith("captions") and name.endswith(".tsv")
