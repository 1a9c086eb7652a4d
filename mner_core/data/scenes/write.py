"""The controlled set: posts with drawn pictures, in which the picture decides what an ambiguous name stands for.

Every ambiguous text occurs four times in its split, once with each kind of picture, so the text alone is at chance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from mner_core.data.demo_folder import fresh_folder, write_json, write_jsonl
from mner_core.data.scenes.ceiling import Mark, best_text_only_f1
from mner_core.data.scenes.pictures import Picture, compose
from mner_core.data.scenes.posts import Draft, draft_posts
from mner_core.types import ImageObject, InputError

SMALLEST = 20


@dataclass(frozen=True, kw_only=True)
class SceneReport:
    """What was written.

    Args:
        posts: how many posts.
        text_only_ceiling: entity F1 (0..100) over all posts of the best possible answer that sees no picture.
        text_only_ceiling_ambiguous: the same, scored on the ambiguous names alone; 25 by construction.
        splits: for each split how many posts and ambiguous posts it has, and its own ceiling.

    `best_text_only_f1` says how the ceilings are derived. The best answer for the whole set may leave ambiguous names
    out: a guess is right one time in four, which pays only while F1 is below 50.
    """

    posts: int
    text_only_ceiling: float
    text_only_ceiling_ambiguous: float
    splits: Mapping[str, Mapping[str, float]]

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


def write_scenes(out: Path, size: int, seed: int) -> SceneReport:
    """Writes `size` posts as a data set folder; equal sizes and seeds give equal bytes.

    Beside train, valid and test (JSONL, about 70, 15 and 15 in a hundred) there are `images/`, `captions.tsv` and
    `objects.jsonl` with the boxes of all drawn things, and `gold_boxes.jsonl`: which box shows which entity
    ({"id", "image", "start", "end", "label", "box"}).

    Raises:
        InputError: fewer than 20 posts, or `out` exists already and is not empty.
    """
    if size < SMALLEST:
        raise InputError(f"Scenes need at least {SMALLEST} posts, got {size}.")
    drafts = draft_posts(size, Random(f"texts of scenes {seed}"))
    with fresh_folder(out) as folder:
        (folder / "images").mkdir()
        numbers = iter(range(size))
        posts: list[_Post] = []
        for split, members in drafts.items():
            written = [_finish(draft, f"scene-{next(numbers):05d}", seed, folder) for draft in members]
            write_jsonl(folder / f"{split}.jsonl", map(_record, written))
            posts += written
        _write_pictures_facts(folder, posts)
        write_json(folder / "dataset.json", _about(size, seed))
    return _report(drafts)


def _finish(draft: Draft, name: str, seed: int, folder: Path) -> _Post:
    """Draws the post's picture, from a source of chance of its own, and saves it."""
    if not draft.pictured:
        return _Post(id=name, draft=draft, picture=None)
    picture = compose(Random(f"picture {name} of scenes {seed}"), draft.kind)
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
    if post.draft.ambiguous:
        record["subsets"] = {"ambiguous": _spans(post.draft.ambiguous)}
    return record


def _write_pictures_facts(folder: Path, posts: Sequence[_Post]) -> None:
    """Captions, boxes, and the boxes of entities, of all pictures together."""
    captions: list[str] = []
    objects: list[dict[str, Any]] = []
    gold: list[dict[str, Any]] = []
    for post in posts:
        if not post.picture:
            continue
        captions.append(f"{post.image}\t{post.picture.caption}\n")
        seen = [{"label": thing.label, "box": _box(thing), "score": thing.score} for thing in post.picture.objects]
        objects.append({"image": post.image, "objects": seen})
        if post.draft.shown and post.picture.shown:
            (mark,) = _spans([post.draft.shown])
            gold.append({"id": post.id, "image": post.image, **mark, "box": _box(post.picture.shown)})
    (folder / "captions.tsv").write_text("".join(captions), encoding="utf-8", newline="\n")
    write_jsonl(folder / "objects.jsonl", objects)
    write_jsonl(folder / "gold_boxes.jsonl", gold)


def _about(size: int, seed: int) -> dict[str, Any]:
    return {
        "name": f"Scenes ({size} posts, seed {seed})",
        "images": "images",
        "licence": "made by this project, under its licence",
        "credits": "Texts and drawings are generated by mner_core.data.scenes.",
    }


def _report(drafts: Mapping[str, Sequence[Draft]]) -> SceneReport:
    everything = list(chain(*drafts.values()))
    splits = {
        split: {
            "posts": len(members),
            "ambiguous": sum(1 for draft in members if draft.ambiguous),
            "text_only_ceiling": _ceiling((draft.text, draft.marks) for draft in members),
        }
        for split, members in drafts.items()
    }
    return SceneReport(
        posts=len(everything),
        text_only_ceiling=_ceiling((draft.text, draft.marks) for draft in everything),
        text_only_ceiling_ambiguous=_ceiling((draft.text, draft.ambiguous) for draft in everything),
        splits=splits,
    )


def _ceiling(posts: Iterator[tuple[str, tuple[Mark, ...]]]) -> float:
    return round(float(100 * best_text_only_f1(posts)), 6)
