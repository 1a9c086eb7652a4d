"""Where the data set is among unpacked files, what it is called, and which files lie outside of it."""

import json
import shutil
from pathlib import Path, PurePosixPath

from mner_core.data.folder_files import SPLITS, sibling_folders, split_of
from mner_core.types import InputError


def find_posts(folder: Path) -> Path:
    """The folder at or below `folder` that holds split files directly.

    Raises:
        InputError: there is none, or there are several.
    """
    files = (path for path in folder.rglob("*") if split_of(path.name))
    homes = sorted({path.parent for path in files}, key=lambda path: (len(path.parts), path))
    homes = [each for each in homes if len(each.parts) == len(homes[0].parts)]
    if len(homes) > 1:
        names = " and ".join(shown_name(each.name) for each in homes[:3])
        raise InputError(f"There are several data sets in it, {names}: bring them in one by one.")
    if not homes:
        raise InputError(
            "There are no posts in it: name their files train, valid or test, with the ending .jsonl or (CoNLL) .txt."
        )
    return homes[0]


def data_set_in(folder: Path) -> tuple[Path, list[str]]:
    """As `find_posts`, with the pictures of folders beside the posts' moved into it; and what else lies outside of it.

    Raises:
        InputError: as `find_posts`.
    """
    home = find_posts(folder)
    for beside in sibling_folders(home) if home != folder else ():
        if not (home / beside.name).exists():
            shutil.move(beside, home / beside.name)
    outside = (path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(home))
    return home, sorted(shown_name(path.relative_to(folder).as_posix()) for path in outside)


def data_set_name(folder: Path, file: str) -> str:
    """What the data set that lies in `folder` is called: what it says itself, else the name of the file it came in."""
    stem = PurePosixPath(file).stem.strip()
    return declared_name(folder) or (stem if stem and not SPLITS.get(stem.lower()) else "my posts")


def declared_name(folder: Path) -> str:
    """The name that the data set gives itself in dataset.json, empty where it gives none."""
    try:
        record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""  # the import reports what is wrong with the file
    name = record.get("name") if isinstance(record, dict) else None
    return name.strip()[:80] if isinstance(name, str) else ""


def shown_name(name: str) -> str:
    """A name as a sentence can hold it."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)[:60] or "a file"
