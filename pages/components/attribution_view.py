"""The attributions of one entity, painted on the post's words and picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from mner_core.types import Box
from pages.components.component import component
from pages.components.evidence_view import item_text

_mount = component("attribution_view", "evidence_data", "evidence_parts")
_SIDE = 7


def attribution_view(
    explained: Mapping[str, Any], *, picture: str | None, alt: str, missing: str = "", key: str
) -> None:
    """Shows the words, the picture with its regions and objects, and the units that count most.

    Args:
        explained: what the worker answers to `explain` (`worker.request_handlers`).
        picture: a data URI or a media address, None where there is none that opens or the run reads none.
        alt: says what the picture is, for those who do not see it.
        missing: why there is no picture, a sentence.
        key: names the component in the session.
    """
    entity, attention = explained["entity"], explained["attention"]
    words = [
        {
            "text": word["text"],
            "score": word["score"],
            "inside": word["start"] < entity["end"] and entity["start"] < word["end"],
        }
        for word in explained["words"]
    ]
    _mount(
        key=key,
        data={
            "words": words,
            "regions": _regions(explained["regions"] or (), attention["regions"]),
            "objects": _objects(explained["objects"], attention["objects"]),
            "picture": picture,
            "alt": alt,
            "missing": missing if picture is None else "",
        },
    )


def region_box(number: int) -> Box:
    """Where the n-th region lies, as shares of the picture: left, top, right, bottom."""
    row, column = divmod(number, _SIDE)
    return column / _SIDE, row / _SIDE, (column + 1) / _SIDE, (row + 1) / _SIDE


def _regions(scores: Sequence[float], looked: Sequence[float] | None) -> list[dict[str, Any]]:
    return [
        {
            "text": item_text("region", number, {}),
            "box": list(region_box(number)),
            "score": score,
            "attention": looked[number] if looked else None,
        }
        for number, score in enumerate(scores)
    ]


def _objects(objects: Sequence[Mapping[str, Any]], looked: Sequence[float] | None) -> list[dict[str, Any]]:
    return [
        {
            "text": item_text("object", number, thing),
            "box": [min(1.0, max(0.0, corner)) for corner in thing["box"]],
            "score": thing["score"],
            "attention": looked[number] if looked else None,
        }
        for number, thing in enumerate(objects)
    ]
