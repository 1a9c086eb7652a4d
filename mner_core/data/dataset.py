"""A data set's folder as one thing: its splits with pictures, captions and objects, and what was wrong in it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from mner_core.data.entity_types import EntityType, read_types, renamed
from mner_core.data.fingerprint import data_fingerprint as data_fingerprint
from mner_core.data.fingerprint import gold_fingerprint as gold_fingerprint
from mner_core.data.folder_files import SPLITS, split_files, unread_files
from mner_core.data.lines import Defect as Defect
from mner_core.data.lines import FilePlace as FilePlace
from mner_core.data.lines import Reading, Report, read_lines
from mner_core.data.picture_paths import report_no_picture
from mner_core.data.posts import Ids, map_labels, read_file, without_unclear_labels
from mner_core.data.posts import read_posts as read_posts
from mner_core.data.posts import write_posts as write_posts
from mner_core.data.sidecars import Beside, ByImage, Pictures, is_unsafe, read_captions, read_objects
from mner_core.data.sidecars import pictures_below as pictures_below
from mner_core.types import Example, ImageObject, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Posts by split ("train", "valid", "test"), with the label set that they use, sorted.

    Ids are unique in the whole data set and safe as file names; `places` says for each id where the post stands in its
    file. `pictures` are all files in the picture folders, also those that no post names. `labels_map` is the renaming
    that was applied, `types` are those that dataset.json declares. `knowledge` is the folder of the knowledge graph
    that came with the posts, None where none did. `left_out` names what lies in the folder and is neither posts nor
    anything that is read beside them. `defects` are those of reading; `check` finds more. `written` are the labels as
    posts and declared types have them before the renaming, sorted.
    """

    name: str
    root: Path
    splits: dict[str, list[Example]]
    labels: tuple[str, ...]
    labels_map: Mapping[str, str]
    pictures: list[Path]
    defects: list[Defect]
    places: dict[str, FilePlace]
    knowledge: Path | None = None
    types: tuple[EntityType, ...] = ()
    left_out: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def posts(self) -> list[Example]:
        """The posts of all splits."""
        return [example for examples in self.splits.values() for example in examples]

    def split(self, name: str) -> list[Example]:
        """The posts of one split.

        Raises:
            InputError: the split is missing or holds no post.
        """
        if examples := self.splits.get(name):
            return examples
        why = "".join(f" {defect.file}: {defect.detail}" for defect in self.defects if defect.line is None)
        there = ", ".join(split for split, examples in self.splits.items() if examples) or "none"
        raise InputError(f"The data set {self.name} has no posts in a split {name} (with posts: {there}).{why}")


@dataclass(frozen=True, slots=True)
class _Info:
    """What dataset.json declares."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    images: str | None = None
    knowledge: str = "knowledge"
    types: tuple[EntityType, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sidecars:
    """What lies beside the posts."""

    pictures: Pictures
    captions: ByImage[Beside[str]]
    objects: ByImage[Beside[tuple[ImageObject, ...]]]


def read_dataset(path: Path, labels_map: Mapping[str, str] | None = None) -> Dataset:
    """Reads a folder with split files, or a single file of posts with what lies beside it (its split is its stem).

    `labels_map` renames labels (OTHER to MISC) on top of what dataset.json declares, in spans, tags and subsets. What
    is wrong is in `Dataset.defects` and costs as little as possible: a picture, a word's tag, a post.

    Raises:
        InputError: there is no such path, or no split file in the folder.
    """
    root = _root_of(path)
    reading, ids = Reading(), Ids()
    info = _read_info(root, reading)
    files = split_files(root, reading) if path.is_dir() else {SPLITS.get(path.stem.lower(), path.stem): path}
    beside = _read_sidecars(root, info, reading)
    mapping = {**info.labels, **(labels_map or {})}
    of_files = {split: without_unclear_labels(read_file(file, split, ids)) for split, file in files.items()}
    written = {each.name for each in info.types} | _labels(each for each, _ in _all_of(of_files))
    splits: dict[str, list[Example]] = {}
    for split, of_file in of_files.items():
        reading.defects += of_file.defects
        splits[split] = _attached(of_file, beside, reading, mapping)
    posts = [example for examples in splits.values() for example in examples]
    knowledge = root / info.knowledge
    if path.is_dir():
        _report_unknown(beside, posts)
        _report_unused(info, written, reading)
    return Dataset(
        name=info.name,
        root=root,
        splits=splits,
        labels=tuple(sorted(_labels(posts))),
        labels_map=mapping,
        pictures=beside.pictures.all(),
        defects=reading.defects,
        places={example.id: place for example, place in _all_of(of_files)},
        knowledge=knowledge if knowledge.is_dir() else None,
        types=renamed(info.types, mapping),
        left_out=tuple(unread_files(root, set(files.values()), knowledge)) if path.is_dir() else (),
        written=tuple(sorted(written)),
    )


def _root_of(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"There is no {path.name}; name a folder with posts, or a file.")
    return path if path.is_dir() else path.parent


def _all_of(of_files: Mapping[str, Reading]) -> Iterator[tuple[Example, FilePlace]]:
    return (post for reading in of_files.values() for post in reading.posts)


def _labels(examples: Iterable[Example]) -> set[str]:
    return {span.label for example in examples for span in example.spans or ()}


def _read_info(root: Path, reading: Reading) -> _Info:
    """dataset.json, or what goes without saying; a field that cannot be used is a `bad-line`."""
    name = root.resolve().name
    file = root / "dataset.json"
    if not file.is_file():
        return _Info(name)
    report = reading.reporter(file.name, None)
    lines, defects = read_lines(file)
    reading.defects += defects
    try:
        record: Any = json.loads("\n".join(lines)) if lines else {}
    except (ValueError, RecursionError) as error:
        report("bad-line", f"The file is not valid JSON ({error}); nothing of it is used.")
        return _Info(name)
    if not isinstance(record, dict):
        report("bad-line", 'The file is not a JSON object such as {"labels": {"OTHER": "MISC"}}.')
        return _Info(name)
    declared = record.get("name")
    return _Info(
        name=declared if isinstance(declared, str) and declared.strip() else name,
        labels=_declared_labels(record.get("labels"), report),
        images=_declared_folder("images", record, root, report),
        knowledge=_declared_folder("knowledge", record, root, report) or "knowledge",
        types=read_types(record.get("types"), report),
    )


def _declared_labels(value: Any, report: Report) -> dict[str, str]:
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(label, str) and label.strip() for label in value.values()):
        return value
    report("bad-line", 'labels: expected new names by old ones, such as {"OTHER": "MISC"}; nothing is renamed.')
    return {}


def _declared_folder(field: str, record: Mapping[str, Any], root: Path, report: Report) -> str | None:
    value = record.get(field)
    if value is None:
        return None
    if isinstance(value, str) and value and not PurePath(value).is_absolute() and (root / value).is_dir():
        return value
    report("bad-line", f"{field}: expected a folder, relative to this file, that exists; found {value!r}.")
    return None


def _read_sidecars(root: Path, info: _Info, reading: Reading) -> _Sidecars:
    return _Sidecars(
        pictures=Pictures(root, info.images, root / info.knowledge, reading),
        captions=read_captions(sorted(root.glob("captions*.tsv")), reading),
        objects=read_objects(sorted(root.glob("objects.jsonl")), reading),
    )


def _attached(of_file: Reading, beside: _Sidecars, reading: Reading, mapping: Mapping[str, str]) -> list[Example]:
    """The posts of a file with what lies beside them, under the labels' new names."""
    return [
        map_labels(_attach(example, beside, reading.reporter(place.file, place.line)), mapping)
        for example, place in of_file.posts
    ]


def _attach(example: Example, beside: _Sidecars, report: Report) -> Example:
    """The post with its picture, and with the caption and objects that lie beside it where it brought none itself."""
    name = example.image_name
    if name is None:
        return example
    image = None if is_unsafe(name) else beside.pictures.find(name, example.split)
    if image is None and (elsewhere := beside.pictures.find_elsewhere(name, example.split)):
        name, image = elsewhere
    if image is None:
        report_no_picture(name, report)
    caption, objects = beside.captions.get(name), beside.objects.get(name)
    return replace(
        example,
        image=image,
        image_name=name,
        caption=caption.value if example.caption is None and caption else example.caption,
        objects=objects.value if example.objects is None and objects else example.objects,
    )


def _report_unused(info: _Info, written: set[str], reading: Reading) -> None:
    """Says which labels dataset.json renames although no post has them; of posts without labels it says nothing."""
    for old in info.labels:
        if written and old not in written:
            detail = (
                f"labels: no post has the label {old}, which is renamed here; there are {', '.join(sorted(written))}."
            )
            reading.reporter("dataset.json", None)("unknown-label", detail)


def _report_unknown(beside: _Sidecars, posts: list[Example]) -> None:
    known: ByImage[bool] = ByImage()
    for example in posts:
        if example.image_name is not None:
            known.put(example.image_name, True)
    entries: list[Beside[Any]] = [*beside.captions.values(), *beside.objects.values()]
    for entry in entries:
        if not known.get(entry.name):
            entry.report("unknown-id", f"No post has a picture {entry.name}.")
