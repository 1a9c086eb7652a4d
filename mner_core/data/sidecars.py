"""What may lie beside the posts: pictures, captions and objects, all found by a picture's name or id."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from mner_core.data.folder_files import SPLITS, picture_folders, sibling_folders
from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.lines import Reading, Report, json_record, read_lines
from mner_core.data.picture_paths import foreign_parts, plain_path, without_ending
from mner_core.data.picture_paths import is_unsafe as is_unsafe
from mner_core.types import Box, ImageObject

T = TypeVar("T")
_ROUNDING = 1e-3  # how far outside 0..1 a box may lie by careless rounding


class ByImage(Generic[T]):
    """Things kept by a picture's name; found by that name, or by name or id whatever the picture's ending.

    `./a.png` and `a.png` are one name, slashes of either kind stand between folders, and a name with folders or with an
    ending is found under other capitals, too, where only one thing is called so.
    """

    def __init__(self) -> None:
        self._values: dict[str, T] = {}
        self._by_id: dict[str, str] = {}
        self._by_capitals: dict[str, str | None] = {}

    def put(self, name: str, value: T) -> None:
        """Keeps the value; of two names that differ in the ending only, the id alone finds the first."""
        name = plain_path(name)
        self._values.setdefault(name, value)
        self._by_id.setdefault(without_ending(name), name)
        folded = without_ending(name).casefold()
        known = self._by_capitals.setdefault(folded, name)
        if known is None or without_ending(known) != without_ending(name):
            self._by_capitals[folded] = None

    def get(self, name: str) -> T | None:
        """The value for this picture, or None."""
        name = plain_path(name)
        stem = without_ending(name)
        found = name if name in self._values else self._by_id.get(stem)
        if found is None and (stem != name or "/" in name):
            found = self._by_capitals.get(stem.casefold())
        return None if found is None else self._values[found]

    def values(self) -> Iterable[T]:
        """All that is kept."""
        return self._values.values()


@dataclass(frozen=True, slots=True)
class Beside(Generic[T]):
    """A caption or a list of objects, and where it was read."""

    value: T
    name: str
    report: Report


def pictures_below(folder: Path) -> list[Path]:
    """All files below the folder that are named as pictures, sorted; links that lead out of it are left out."""
    return [path for path in _files_below(folder) if path.suffix.lower() in PICTURE_ENDINGS]


class Pictures:
    """The pictures of a data set's folder, found by the names that posts give them."""

    def __init__(self, root: Path, declared: str | None, knowledge: Path, reading: Reading) -> None:
        """`declared` is the folder of pictures that dataset.json names; the graph's folder `knowledge` has others.

        The earlier of these wins: the declared folder, `images`, others of such names, those beside the posts, any
        other folder.
        """
        self.root = root
        self._inside: ByImage[Path] = ByImage()
        self._beside: ByImage[Path] | None = None
        self._times: Counter[str] | None = None
        usual = picture_folders(root, declared)
        for folder in usual:
            self._report_equal_ids(folder, reading)
            self._put(folder, _files_below(folder))
        self._put(root, (path for path in sorted(root.iterdir()) if _is_picture(path)))
        for folder in sorted(root.iterdir()):
            if folder.is_dir() and folder not in usual and folder != knowledge and not folder.name.startswith("."):
                of_one_split = folder.name.lower() in SPLITS
                self._put(root if of_one_split else folder, filter(_is_picture, _files_below(folder)))

    def find(self, name: str, split: str) -> Path | None:
        """The picture of a post of this split: in the split's own folder, anywhere in the set, or beside the set."""
        own = (f"{word}/{name}" for word, meant in SPLITS.items() if meant == split)
        return next(filter(None, map(self._inside.get, (*own, name))), None) or self._among_siblings(name)

    def find_elsewhere(self, name: str, split: str) -> tuple[str, Path] | None:
        r"""The picture here that a path of another machine (C:\pics\a1.png, /home/ann/a1.png, ../a1.png) means.

        That is the one under the longest end of the path, with its name there. A file name alone finds a picture only
        where no other one is called so.
        """
        parts = foreign_parts(name)
        for first in range(len(parts)):
            end = "/".join(parts[first:])
            found = self.find(end, split)
            if found is not None and (first < len(parts) - 1 or self._is_only_one(found)):
                return end, found
        return None

    def _is_only_one(self, path: Path) -> bool:
        if self._times is None:
            self._times = Counter(each.name.casefold() for each in self.all())
        return self._times[path.name.casefold()] <= 1

    def all(self) -> list[Path]:
        """Every picture inside the folder, also those that no post names."""
        return sorted(set(self._inside.values()))

    def _among_siblings(self, name: str) -> Path | None:
        if self._beside is None:
            self._beside = ByImage()
            for folder in sibling_folders(self.root):
                for path in filter(_is_picture, _files_below(folder)):
                    self._beside.put(path.relative_to(folder).as_posix(), path)
                    self._beside.put(path.relative_to(folder.parent).as_posix(), path)
        return self._beside.get(name)

    def _put(self, folder: Path, files: Iterable[Path]) -> None:
        for path in files:
            for key in dict.fromkeys((path.relative_to(folder).as_posix(), relative(path, self.root))):
                self._inside.put(key, path)

    def _report_equal_ids(self, folder: Path, reading: Reading) -> None:
        of_id: dict[str, str] = {}
        for path in _files_below(folder):
            name = path.relative_to(folder).as_posix()
            first = of_id.setdefault(without_ending(name), name)
            if first != name:
                detail = f"{first} and {name} have the same id; posts that name only the id get {first}."
                reading.reporter(relative(path, self.root), None)("ambiguous-image", detail)


def read_captions(files: Iterable[Path], reading: Reading) -> ByImage[Beside[str]]:
    """Captions by picture, from lines `id or file name <TAB> caption`; the first caption of a picture counts."""
    found: ByImage[Beside[str]] = ByImage()
    for file, number, line in _numbered(files, reading):
        report = reading.reporter(file.name, number)
        name, tab, caption = line.partition("\t")
        caption = " ".join(caption.split())
        if not tab or not name.strip():
            report("bad-line", "Expected an image id, a tab and a caption.")
            continue
        if not caption:
            report("empty-caption", f"The caption of {name.strip()} is empty.")
        _put_first(found, Beside(caption, name.strip(), report))
    return found


def read_objects(files: Iterable[Path], reading: Reading) -> ByImage[Beside[tuple[ImageObject, ...]]]:
    """Objects by picture, from lines `{"image", "objects": [..]}`; the first line of a picture counts."""
    found: ByImage[Beside[tuple[ImageObject, ...]]] = ByImage()
    for file, number, line in _numbered(files, reading):
        report = reading.reporter(file.name, number)
        record = json_record(line, report)
        if record is None:
            continue
        name = record.get("image")
        if not isinstance(name, str) or not name.strip():
            report("bad-line", "image: expected a file name or an id.")
            continue
        objects = parse_objects(record.get("objects"), report)
        if objects is not None:
            _put_first(found, Beside(objects, name.strip(), report))
    return found


def parse_objects(value: Any, report: Report) -> tuple[ImageObject, ...] | None:
    """The objects of a JSON list; one that cannot be used is reported and left out. None where there is no list."""
    if not isinstance(value, list):
        report("bad-line", "objects: expected a list.")
        return None
    objects: list[ImageObject] = []
    for place, item in enumerate(value):
        field = f"objects[{place}]"
        record = item if isinstance(item, dict) else {}
        label, score, box = record.get("label"), record.get("score", 1.0), parse_box(record.get("box"))
        if not isinstance(label, str) or not label.strip():
            report("bad-line", f"{field}.label: expected a name.")
        elif not _is_number(score) or not 0 <= score <= 1:
            report("bad-line", f"{field}.score: expected a number from 0 to 1.")
        elif box is None:
            report("bad-box", f"{field}.box: expected [left, top, right, bottom] as shares, 0 <= left < right <= 1.")
        else:
            objects.append(ImageObject(label.strip(), box, float(score)))
    return tuple(objects)


def parse_box(value: Any) -> Box | None:
    """The box that a JSON list means, or None where it means none."""
    if not isinstance(value, list) or len(value) != 4 or not all(_is_number(side) for side in value):
        return None
    if any(not -_ROUNDING <= side <= 1 + _ROUNDING for side in value):
        return None
    left, top, right, bottom = (min(max(float(side), 0.0), 1.0) for side in value)
    return (left, top, right, bottom) if left < right and top < bottom else None


def relative(path: Path, root: Path) -> str:
    """The path as seen from the data set's folder, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def _put_first(found: ByImage[Beside[T]], entry: Beside[T]) -> None:
    if found.get(entry.name) is None:
        found.put(entry.name, entry)
    else:
        entry.report("duplicate-id", f"{entry.name} was there before; the first one counts.")


def _numbered(files: Iterable[Path], reading: Reading) -> Iterator[tuple[Path, int, str]]:
    for file in files:
        lines, defects = read_lines(file)
        reading.defects += defects
        yield from ((file, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _files_below(folder: Path) -> list[Path]:
    real = folder.resolve()
    paths = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sorted(path for path in paths if not path.is_symlink() or path.resolve().is_relative_to(real))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_ENDINGS and path.is_file()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # False for NaN
