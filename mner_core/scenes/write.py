"""The controlled set: posts with drawn pictures, in which the picture decides what an ambiguous name stands for.

`knobs` says which causes of an answer there are, docs/scenes.md what each one isolates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from mner_core.data import jsonl
from mner_core.data.boxes import ENTITY_BOXES
from mner_core.files import fresh_folder, write_json, write_jsonl
from mner_core.scenes.ceiling import Mark, best_text_only_f1
from mner_core.scenes.drawings.pictures import Picture, compose
from mner_core.scenes.fill import Draft
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.knowledge import write_knowledge
from mner_core.scenes.posts import draft_posts
from mner_core.types import ImageObject, InputError, span_fields

SMALLEST = 20


@dataclass(frozen=True, kw_only=True)
class SceneReport:
    """What was written.

    Args:
        posts: how many posts.
        text_only_ceiling: entity F1 (0..100) over all posts of the best possible answer that sees no picture.
        text_only_ceilings: for each subset the same, scored on that subset alone.
        splits: for each split how many posts it has, and its own ceiling.
        knobs: the share that was asked for, and how many posts each knob has.

    `best_text_only_f1` says how the ceilings are derived. The best answer for the whole set may leave ambiguous names
    out: a guess is right one time in four, which pays only while F1 is below 50.
    """

    posts: int
    text_only_ceiling: float
    text_only_ceilings: Mapping[str, float]
    splits: Mapping[str, Mapping[str, float]]
    knobs: Mapping[str, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _Post:
    id: str
    draft: Draft
    picture: Picture | None

    @property
    def image(self) -> str | None:
        return f"{self.id}.png" if self.picture else None


def write_scenes(out: Path, size: int, seed: int, knobs: Knobs | None = None) -> SceneReport:
    """Writes `size` posts as a data set folder; equal sizes, seeds and knobs give equal bytes.

    Beside train, valid and test (JSONL, about 70, 15 and 15 in a hundred) there are `images/`, `captions.tsv`,
    `objects.jsonl` with the boxes of all things that can be told, `entity_boxes.jsonl` (see `data.boxes`), and
    `knowledge/` where there are posters.

    Raises:
        InputError: fewer than 20 posts, the knobs do not fit, or `out` exists already and is not empty.
    """
    if size < SMALLEST:
        raise InputError(f"Scenes need at least {SMALLEST} posts, got {size}.")
    knobs = knobs or Knobs()
    drafts = draft_posts(size, seed, knobs)
    with fresh_folder(out) as folder:
        (folder / "images").mkdir()
        numbers = iter(range(size))
        posts: list[_Post] = []
        for split, members in drafts.items():
            written = [_finish(draft, f"scene-{next(numbers):05d}", seed, folder) for draft in members]
            write_jsonl(folder / f"{split}.jsonl", map(_record, written))
            posts += written
        _write_picture_facts(folder, posts)
        write_jsonl(folder / ENTITY_BOXES, chain.from_iterable(_entity_boxes(folder, split, posts) for split in drafts))
        sketches = (draft.sketch for draft in chain.from_iterable(drafts.values()))
        if emblems := [sketch.emblem for sketch in sketches if sketch and sketch.emblem]:
            write_knowledge(folder / "knowledge", emblems, seed)
        write_json(folder / "dataset.json", _about(size, seed, knobs))
    return _report(drafts, knobs)


def _finish(draft: Draft, name: str, seed: int, folder: Path) -> _Post:
    """Draws the post's picture, from a source of chance of its own, and saves it."""
    if draft.sketch is None:
        return _Post(id=name, draft=draft, picture=None)
    picture = compose(Random(f"picture {name} of scenes {seed}"), draft.sketch)
    picture.image.save(folder / "images" / f"{name}.png")
    return _Post(id=name, draft=draft, picture=picture)


def _spans(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": label} for start, end, label in marks]


def _box(thing: ImageObject) -> list[float]:
    return [round(side, 4) for side in thing.box]


def _record(post: _Post) -> dict[str, Any]:
    """A post as a line of its split's file."""
    record: dict[str, Any] = {"id": post.id, "text": post.draft.text, "spans": _spans(post.draft.marks)}
    record["image"] = post.image
    if post.draft.subsets:
        record["subsets"] = {name: _spans(part) for name, part in post.draft.subsets.items()}
    return record


def _write_picture_facts(folder: Path, posts: Sequence[_Post]) -> None:
    """Captions and boxes of all pictures together."""
    captions: list[str] = []
    objects: list[dict[str, Any]] = []
    for post in posts:
        if post.picture:
            captions.append(f"{post.image}\t{post.picture.caption}\n")
            seen = [{"label": thing.label, "box": _box(thing), "score": thing.score} for thing in post.picture.objects]
            objects.append({"image": post.image, "objects": seen})
    (folder / "captions.tsv").write_text("".join(captions), encoding="utf-8", newline="\n")
    write_jsonl(folder / "objects.jsonl", objects)


def _entity_boxes(folder: Path, split: str, posts: Sequence[_Post]) -> Iterator[dict[str, Any]]:
    """Which box shows which entity. Words are counted as the reader cuts them."""
    by_id = {post.id: post for post in posts}
    for example, _ in jsonl.read(folder / f"{split}.jsonl", split).posts:
        post = by_id[example.id]
        spans = dict(zip(post.draft.marks, sorted(example.spans or ()), strict=True))
        things = post.picture.shown if post.picture else ()
        for mark, thing in zip(post.draft.shown, things, strict=False):
            yield {"post": post.id, **asdict(spans[mark], dict_factory=span_fields), "box": _box(thing)}


def _about(size: int, seed: int, knobs: Knobs) -> dict[str, Any]:
    turned = "" if knobs == Knobs() else "".join(f", {name} {share:g}" for name, share in knobs.shares.items() if share)
    turned += f", pattern {knobs.pattern:g}" if knobs.pattern < 1 else ""
    return {
        "name": f"Scenes ({size} posts, seed {seed}{turned})",
        "images": "images",
        "licence": "made by this project, under its licence",
        "credits": "Texts and drawings are generated by mner_core.data.scenes.",  # as ever: equal seeds, equal bytes
    }


def _report(drafts: Mapping[str, Sequence[Draft]], knobs: Knobs) -> SceneReport:
    everything = list(chain(*drafts.values()))
    splits = {
        split: {"posts": len(members), "text_only_ceiling": _ceiling((draft.alike, draft.marks) for draft in members)}
        for split, members in drafts.items()
    }
    subsets = dict.fromkeys(name for draft in everything for name in draft.subsets)
    return SceneReport(
        posts=len(everything),
        text_only_ceiling=_ceiling((draft.alike, draft.marks) for draft in everything),
        text_only_ceilings={name: _ceiling(_part(everything, name)) for name in subsets},
        splits=splits,
        knobs={
            name: {"share": share, "posts": sum(name in draft.subsets for draft in everything)}
            for name, share in knobs.shares.items()
            if share
        },
    )


def _part(drafts: Sequence[Draft], subset: str) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """The subset's own gold; that of the whole post where the subset is one of posts."""
    return ((draft.alike, draft.subsets[subset] or draft.marks) for draft in drafts if subset in draft.subsets)


def _ceiling(posts: Iterator[tuple[str, tuple[Mark, ...]]]) -> float:
    return round(float(100 * best_text_only_f1(posts)), 6)
