"""Boxes: how far two of them overlap, and the gold boxes of entities, which attention and predictions are measured by.

Three formats are read. JSON lines, one entity's box a line, words counted as in `Span`:

    {"post": id, "start": 3, "end": 5, "label": "PER", "box": [left, top, right, bottom] in 0..1}

a JSON object by image id, boxes in pixels, an entity named by its words:

    {"1002711": {"size": [600, 326], "boxes": [["Kourtney K", 216, 7, 570, 326]]}}

and JSON lines by image id, boxes in pixels of a picture that has to be there, an entity by its place `$T$`:

    {"iid": "16_05_03_260", "sentence": "$T$ wife ...", "aspect": "Stephen Curry", "relation": "1", "boxes": [[..]]}

An entity of a listed post without a box is not in the picture; in the last format where its own line says so, by the
relation "0", and nothing is said of an entity without a line.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.lines import read_bytes
from mner_core.data.sidecars import parse_box
from mner_core.data.target_match import places_of_targets
from mner_core.types import Box, Example, InputError, PostKey, Span

ENTITY_BOXES = "entity_boxes.jsonl"
"""The file's name in a data set folder."""

_Entity: TypeAlias = tuple[PostKey, Span]
_Words: TypeAlias = tuple[int, int, str]
_Parts: TypeAlias = Iterator[tuple[list[_Entity], Box | None]]
"""The entities that a line speaks of, with one box of theirs; None says that they are not in the picture."""
_Posts: TypeAlias = Mapping[str, Sequence[Example]]


@dataclass(frozen=True, slots=True)
class EntityBoxes:
    """The boxes of each entity, by post and span; an entity may be seen in several places.

    `absent` are the entities that the file says not to be in the picture. `unmatched` counts the lines whose picture
    belongs to a post but whose entity is not in that post's gold.
    """

    boxes: Mapping[_Entity, tuple[Box, ...]]
    unmatched: int
    absent: frozenset[_Entity] = frozenset()

    def tied_to(self, posts: Sequence[Example]) -> list[Example]:
        """The posts with what the file says of their entities, in `Example.boxes`."""
        return [replace(post, boxes=self._of(post)) for post in posts]

    def _of(self, post: Example) -> dict[Span, tuple[Box, ...]]:
        said = ((span, (post.key, span)) for span in post.spans or ())
        return {
            span: self.boxes.get(entity, ()) for span, entity in said if entity in self.boxes or entity in self.absent
        }


def iou(one: ArrayLike, other: ArrayLike) -> NDArray[np.floating[Any]]:
    """Intersection over union of boxes [..., 4], 0..1; 0 where neither of two has any area. Shape: as broadcast."""
    one, other = np.asarray(one), np.asarray(other)
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    common = np.asarray(sides.clip(0).prod(axis=-1))
    areas = (one[..., 2:] - one[..., :2]).prod(axis=-1) + (other[..., 2:] - other[..., :2]).prod(axis=-1)
    shares: NDArray[np.floating[Any]] = np.zeros(common.shape, np.result_type(common, 0.0))
    return np.divide(common, areas - common, out=shares, where=areas > 0)


def read_entity_boxes(file: Path, posts: Sequence[Example], *, of_all: bool = False) -> EntityBoxes:
    """What the file says of these posts' gold entities; lines of other posts are passed over.

    Args:
        file: in one of the three formats.
        posts: labelled posts.
        of_all: the file speaks of all posts, as a data set's own does, and not only of those that it lists.

    Raises:
        InputError: the file cannot be read, or something in it is no box in its format.
    """
    try:
        text = read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is not UTF-8 text; save it as UTF-8 and try again.") from None
    if file.suffix.lower() != ".jsonl":
        pictured = _by_picture(posts)
        listed = posts if of_all else _listed_images(file, text, pictured)
        return _gathered(_by_image(file, text, pictured), listed)
    records = [(f"{file.name}, line {number}", record) for number, record in _records(file, text)]
    if any("iid" in record for _, record in records):
        return _gathered(places_of_targets(records, _by_picture(posts)), ())
    named = {str(record.get("post")) for _, record in records}
    return _gathered(_by_post(records, posts), [post for post in posts if of_all or post.id in named])


def with_own_boxes(posts: Sequence[Example], folder: Path) -> list[Example]:
    """The posts of a data set's folder with what its own `entity_boxes.jsonl` says of all their entities.

    Unchanged where there is no such file: posts from JSONL may say where their entities are themselves.

    Raises:
        InputError: as `read_entity_boxes`.
    """
    file = folder / ENTITY_BOXES
    return read_entity_boxes(file, posts, of_all=True).tied_to(posts) if file.is_file() else list(posts)


def _gathered(parts: _Parts, whole: Iterable[Example]) -> EntityBoxes:
    """All boxes of each entity; every other entity of the posts `whole` is not in the picture."""
    boxes: dict[_Entity, tuple[Box, ...]] = {}
    absent, unmatched = set(), 0
    for entities, box in parts:
        unmatched += not entities
        for entity in entities:
            if box is None:
                absent.add(entity)
            else:
                boxes[entity] = (*boxes.get(entity, ()), box)
    absent.update((post.key, span) for post in whole for span in post.spans or ())
    return EntityBoxes(boxes, unmatched, frozenset(absent - boxes.keys()))


def _records(file: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, _json(line, f"{file.name}, line {number}")


def _by_post(records: Iterable[tuple[str, dict[str, Any]]], posts: Sequence[Example]) -> _Parts:
    gold: dict[str, list[tuple[PostKey, dict[_Words, Span]]]] = {}
    for post in posts:
        spans = {(span.start, span.end, span.label): span for span in post.spans or ()}
        gold.setdefault(post.id, []).append((post.key, spans))
    for where, record in records:
        box = parse_box(record.get("box"))
        try:
            name, span = str(record["post"]), Span(record["start"], record["end"], record["label"])
        except (KeyError, TypeError, InputError):
            raise InputError(f"{where}: expected post, start, end (words, end exclusive), label and box.") from None
        if box is None:
            raise InputError(f"{where}: box is not [left, top, right, bottom] as shares, 0 <= left < right <= 1.")
        if name in gold:
            found = [(post, spans.get((span.start, span.end, span.label))) for post, spans in gold[name]]
            yield [(post, entity) for post, entity in found if entity], box


def _by_picture(posts: Sequence[Example]) -> _Posts:
    by_image: dict[str, list[Example]] = {}
    for post in posts:
        if post.image_name is not None:
            by_image.setdefault(_image_id(post.image_name), []).append(post)
    return by_image


def _by_image(file: Path, text: str, by_image: _Posts) -> _Parts:
    for image, entry in _json(text, file.name).items():
        for name, box in _pixel_boxes(entry, f"{file.name}, image {image}"):
            if image in by_image:
                yield [(post.key, span) for post in by_image[image] for span in _named(post, name)], box


def _listed_images(file: Path, text: str, by_image: _Posts) -> list[Example]:
    return [post for image in _json(text, file.name) for post in by_image.get(image, ())]


def _pixel_boxes(entry: Any, where: str) -> Iterator[tuple[str, Box]]:
    """The names and boxes of one picture, in shares of its size."""
    try:
        width, height = entry["size"]
        for name, left, top, right, bottom in entry["boxes"]:
            box = parse_box([left / width, top / height, right / width, bottom / height])
            if box is None:
                raise InputError(f"{where}: the box of {name!r} does not lie in the picture.")
            yield str(name), box
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        if isinstance(error, InputError):
            raise
        message = f'{where}: expected {{"size": [width, height], "boxes": [[name, xmin, ymin, xmax, ymax], ..]}}.'
        raise InputError(message) from None


def _named(post: Example, name: str) -> list[Span]:
    """The gold entities with these words; hashtags and handles without their sign are the same name."""
    return [span for span in post.spans or () if _plain(post.span_text(span)) == _plain(name)]


def _plain(name: str) -> str:
    return "".join(name.casefold().split()).lstrip("#@")


def _image_id(name: str) -> str:
    path = PurePath(name)
    return path.stem if path.suffix.lower() in PICTURE_ENDINGS else path.name


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid JSON ({error}).") from None
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected a JSON object.")
    return record
