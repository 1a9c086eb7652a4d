"""The boxes of `image_target_match.jsonl`: for each target of a sentence whether, and where, its picture shows it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from mner_core.data.images import open_image, opens
from mner_core.data.sidecars import parse_box
from mner_core.types import Box, Example, InputError, PostKey, Span

TARGET = "$T$"
NOT_SHOWN = "0"
"""The relation of a target that has nothing to do with the picture."""

_Entity: TypeAlias = tuple[PostKey, Span]


def places_of_targets(
    records: Iterable[tuple[str, dict[str, Any]]], by_image: Mapping[str, Sequence[Example]]
) -> Iterator[tuple[list[_Entity], Box | None]]:
    """The entities that each record speaks of, once for each of its boxes; with None where the picture shows them not.

    Boxes are in pixels of the upright picture. Where it is not there they cannot be placed: nothing is said then of its
    posts' entities, nor of a target that is said to be shown without a box.

    Args:
        records: the place of each for a message, and the record.
        by_image: the posts by their picture's id.

    Raises:
        InputError: a record lacks a field, or a box does not lie in its picture.
    """
    for where, record in records:
        image, sentence, aspect, boxes = _fields(record, where)
        posts = by_image.get(image, ())
        entities = [(post.key, span) for post in posts for span in at_target(post, sentence, aspect)]
        if not opens(next((post.image for post in posts), None)):
            continue
        if not boxes and str(record.get("relation")) == NOT_SHOWN:
            yield entities, None
        for box in boxes:
            yield entities, _placed(box, posts[0], where)


def _fields(record: dict[str, Any], where: str) -> tuple[str, str, str, list[Any]]:
    texts = [record.get(name) for name in ("iid", "sentence", "aspect")]
    boxes = record.get("boxes")
    if any(not isinstance(text, str) for text in texts) or not isinstance(boxes, list) or TARGET not in str(texts[1]):
        raise InputError(
            f"{where}: expected iid, a sentence with {TARGET} in it, aspect, relation and a list of boxes."
        )
    image, sentence, aspect = map(str, texts)
    return image, sentence, aspect, boxes


def at_target(post: Example, sentence: str, aspect: str) -> list[Span]:
    """The post's entities where the sentence has its target; sentence and post may be spaced differently."""
    before, after = map(_bare, sentence.split(TARGET, 1))
    name = _bare(aspect)
    if before + name + after != _bare(post.text):
        return []
    return [
        span
        for span in post.spans or ()
        if not span.chars
        and len(_bare(post.text[: post.tokens[span.start].start])) == len(before)
        and _bare(post.span_text(span)) == name
    ]


def _placed(box: Any, post: Example, where: str) -> Box:
    assert post.image is not None
    width, height = open_image(post.image).size
    try:
        left, top, right, bottom = box
        placed = parse_box([left / width, top / height, right / width, bottom / height])
    except (TypeError, ValueError):
        placed = None
    if placed is None:
        raise InputError(f"{where}: the box {box} does not lie in the picture, which has {width} x {height} pixels.")
    return placed


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()
