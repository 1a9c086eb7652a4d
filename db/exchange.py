"""Data set folders into the store, and out of it again with a chosen gold and the history of its labels."""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select

from db.annotations import to_revision
from db.deleted_names import spoken
from db.engine import Store
from db.gold import CURRENT, ORIGINAL, examples
from db.imports import About, ImportReport, import_examples
from db.knowledge import graph_of, keep_graph
from db.posts import Dataset, datasets, in_dataset
from db.posts import dataset as dataset_named
from db.splits import is_dividable, move_posts, plan_division
from db.tables import Posts, Revisions
from db.worklists import tracks
from mner_core.check import check_dataset
from mner_core.data.dataset import Dataset as ReadDataset
from mner_core.data.dataset import read_dataset, write_posts
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.posts import safe_id
from mner_core.data.sidecars import is_unsafe
from mner_core.files import fresh_folder, write_json, write_jsonl
from mner_core.knowledge.graph_files import read_graph, write_graph
from mner_core.types import Example, InputError

Format: TypeAlias = Literal["jsonl", "conll"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBy:
    """How posts of one split are divided: the shares of train, valid and test in percent, and a seed."""

    shares: Sequence[float]
    seed: int = 0


def import_folder(
    store: Store,
    folder: Path,
    name: str | None = None,
    labels_map: Mapping[str, str] | None = None,
    split_by: SplitBy | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ImportReport:
    """Reads a data set's folder, or one file of posts, into the data set `name` (else the one that the folder names).

    `labels_map` renames labels (OTHER to MISC). `split_by` divides posts of one split; those that an earlier import has
    divided stay where they are. The report holds everything that `check-data` finds; `progress` hears how many posts
    are in.

    Raises:
        InputError: there is no such path, no post in it can be read, the name is empty, no post has a label that shall
            be renamed, or posts that have splits shall be divided.
        StoreError: there is no room left.
    """
    if name is not None and not name.strip():
        raise InputError("The data set's name is empty; leave --name out to call it as the folder says.")
    read = read_dataset(folder, labels_map)
    _must_rename_something(read, labels_map or {})
    called = name or read.name
    if split_by:
        _must_have_one_split(store, called, read)
    knowledge = _keep_knowledge(store, read.knowledge)
    about = About(labels=read.labels, types=read.types, mapping=labels_map, knowledge=knowledge, **_said_of(read.root))
    checked = check_dataset(read)
    if not read.posts:
        why = next((f" {each.file}: {each.detail}" for each in checked.defects), "")
        raise InputError(f"No post of {folder.name} could be read, so nothing was imported.{why}")
    report = import_examples(store, called, read.posts, about, checked.defects, progress)
    if split_by:
        plan = plan_division(store, called, split_by.shares, split_by.seed, only_new=True)
        move_posts(store, called, plan.splits)
        report = replace(report, divided=plan.new)
    return replace(report, read=checked)


def export_folder(
    store: Store, out: Path, dataset: str, gold: str = CURRENT, format: Format = "jsonl"
) -> dict[str, Any]:
    """Writes a data set to the new folder `out`, as `import_folder` and the engine read it, whole or not at all.

    `conll` keeps a tag file's own tags where nobody corrected them, `jsonl` the texts as they are. `history.jsonl` has
    every revision of every track, `knowledge/` the knowledge graph that came with the posts.

    Raises:
        InputError: there is no such data set, gold or format, `out` exists, or the format cannot say what the posts
            hold.
    """
    if format not in get_args(Format):
        raise InputError(f"There is no format {format!r}; choose one of {', '.join(get_args(Format))}.")
    about = dataset_named(store, dataset)
    if gold not in (known := [ORIGINAL, CURRENT, *tracks(store, dataset)]):
        raise InputError(f"{dataset} has no labels called {gold!r}; choose one of {', '.join(known)}.")
    posts = _pictures_apart(examples(store, dataset, gold))
    splits: dict[str, list[Example]] = defaultdict(list)
    for post in posts:
        splits[safe_id(post.split) if post.split else "train"].append(post)
    with fresh_folder(out) as work:
        write_json(work / "dataset.json", {**_about(about), "gold": gold})
        for split, part in splits.items():
            write_posts(part, work / f"{split}.{'jsonl' if format == 'jsonl' else 'txt'}")
        if format == "conll":
            _write_sidecars(posts, work)
        _write_pictures(posts, work / "images")
        if graph := graph_of(store, dataset):
            write_graph(graph, work / "knowledge")
        write_jsonl(work / "history.jsonl", _history(store, dataset))
    return {
        "folder": str(out),
        "dataset": dataset,
        "gold": gold,
        "posts": len(posts),
        "gold_sha256": gold_fingerprint(post for post in posts if post.spans is not None),
    }


def _must_rename_something(read: ReadDataset, labels_map: Mapping[str, str]) -> None:
    """Refuses a label that no post has: it is misspelt, or the files are others."""
    if unknown := [old for old in labels_map if old not in read.written]:
        there = f"there are {', '.join(read.written)}" if read.written else "the posts have no labels"
        raise InputError(
            f"No post of {read.name} has the label {unknown[0]}, which {unknown[0]}={labels_map[unknown[0]]} renames: "
            f"{there}. Correct it, or leave it out."
        )


def _must_have_one_split(store: Store, called: str, read: ReadDataset) -> None:
    there = [split for split, posts in read.splits.items() if posts]
    if len(there) > 1:
        raise InputError(f"{read.name} has the splits {', '.join(there)} already: leave --split-by out.")
    if called in {each.name for each in datasets(store)} and not is_dividable(store, called):
        raise InputError(f"The files of {called} have several splits already: leave --split-by out.")


def _about(about: Dataset) -> dict[str, Any]:
    """What dataset.json says."""
    record: dict[str, Any] = {"name": about.name, "licence": about.licence, "credits": about.credits}
    return record | ({"types": [each.to_json() for each in about.types]} if about.types else {})


def _keep_knowledge(store: Store, folder: Path | None) -> str | None:
    """The key of the graph in a folder; None where there is none that can be used, which `check` reports."""
    try:
        graph = read_graph(folder)[0] if folder else None
    except InputError:
        return None
    return keep_graph(store.home, graph) if graph else None


def _said_of(root: Path) -> dict[str, str]:
    """Licence and credits from dataset.json; the reader has reported already where it is broken."""
    try:
        record = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    said = record if isinstance(record, dict) else {}
    return {field: said[field] for field in ("licence", "credits") if isinstance(said.get(field), str)}


def _write_sidecars(posts: list[Example], work: Path) -> None:
    """What a tag file cannot hold, once for each picture."""
    captions = {post.image_name: post.caption for post in posts if post.image_name and post.caption is not None}
    objects = {post.image_name: post.objects for post in posts if post.image_name and post.objects is not None}
    if captions:
        lines = (f"{name}\t{' '.join(caption.split())}\n" for name, caption in captions.items())
        (work / "captions.tsv").write_text("".join(lines), encoding="utf-8", newline="\n")
    if objects:
        records = (
            {"image": name, "objects": [{"label": it.label, "box": list(it.box), "score": it.score} for it in found]}
            for name, found in objects.items()
        )
        write_jsonl(work / "objects.jsonl", records)


def _pictures_apart(posts: Sequence[Example]) -> list[Example]:
    """The posts, in which one name stands for one picture: a second picture of a name is called NAME-2."""
    taken: dict[str, Path] = {}
    apart: list[Example] = []
    for post in posts:
        name, number = post.image_name, 1
        while name and post.image and taken.setdefault(name.casefold(), post.image) != post.image:
            number += 1
            whole = Path(post.image_name or "")
            is_ending = whole.suffix.lower() in PICTURE_ENDINGS
            name = f"{whole.with_suffix('') if is_ending else whole}-{number}{whole.suffix if is_ending else ''}"
        apart.append(post if name == post.image_name else replace(post, image_name=name))
    return apart


def _write_pictures(posts: list[Example], folder: Path) -> None:
    for post in posts:
        if post.image is None or not post.image.is_file() or not post.image_name or is_unsafe(post.image_name):
            continue
        has_ending = Path(post.image_name).suffix.lower() in PICTURE_ENDINGS
        target = folder / (post.image_name if has_ending else post.image_name + _ending(post.image))
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(post.image, target)


def _ending(picture: Path) -> str:
    """The usual ending of a picture's format; a broken one gets any, it stays broken."""
    try:
        with Image.open(picture) as image:
            ending = f".{(image.format or 'jpeg').lower()}"
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        ending = ".jpg"
    return ending if ending in PICTURE_ENDINGS else ".jpg"


def _history(store: Store, dataset: str) -> Iterator[dict[str, Any]]:
    """Every revision in the order in which they were saved; marks count code points."""
    with store.read() as session:
        wanted = select(Posts, Revisions).join(Revisions, Revisions.post_id == Posts.id)
        wanted = wanted.where(*in_dataset(session, dataset)).order_by(Revisions.id)
        for row, found in session.execute(wanted):
            revision = to_revision(row, found)
            fields = ("track", "number", "status", "author", "created", "imported", "began")
            yield {
                "post": row.name,
                "split": row.split,
                **{field: getattr(revision, field) for field in fields},
                "run": revision.run and spoken(revision.run),
                "tokens": [[token.start, token.end] for token in revision.tokens],
                "marks": [asdict(mark) for mark in revision.marks],
            }
