"""What a model looked at, drawn on the post's picture and words from the axes and kinds of `Evidence` alone."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mner_core.data.entity_types import EntityType
from mner_core.evidence import neighbour_key
from mner_core.types import Axis, Evidence, ImageObject, Item
from pages.components.colours import label_colours
from pages.components.component import component

_mount = component("evidence_view", "marks", "evidence_data", "evidence_parts")

CAVEAT = "Attention is not an explanation: it shows where the model looked, not what decided."

_TEXT_KEYS = ("text", "name", "label", "title", "word", "post", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourPost:
    """What the screen knows of a neighbour: its text, and its picture as a URI (None where it has none)."""

    text: str
    picture: str | None = None


def evidence_view(
    evidence: Sequence[Evidence],
    *,
    picture: str | None,
    alt: str = "The post's picture",
    objects: Sequence[ImageObject] = (),
    neighbours: Mapping[str, NeighbourPost] | None = None,
    labels: Sequence[str | EntityType] = (),
    counterfactual: tuple[str, str] | None = None,
    key: str,
) -> None:
    """Shows the picture with objects and regions, and below it the words; choosing one shows its row of numbers.

    Args:
        evidence: the arrays to choose from, with any axes; where there is none, only picture and objects are shown.
        picture: a data URI or a media address, None where there is none that opens.
        alt: says what the picture is, for those who do not see it.
        objects: what was detected; drawn while the evidence itself names nothing on the picture.
        neighbours: texts and pictures by `neighbour_key` of the neighbour items.
        labels: the data set's types, or their names, for the colours of entities.
        counterfactual: (words, address) of the place that shows what changes without the picture, for the remark below.
        key: names the component in the session.
    """
    arrays = [_array(each, neighbours or {}) for each in evidence]
    shown = json.dumps([arrays, [item.label for item in objects]], sort_keys=True)
    _mount(
        key=key,
        data={
            "id": hashlib.sha256(shown.encode()).hexdigest(),
            "picture": picture,
            "alt": alt,
            "missing": "There is no picture to show." if picture is None else "",
            "evidence": arrays,
            "objects": [_object(number, item) for number, item in enumerate(_as_items(objects), 1)],
            "colours": {label: colour.css() for label, colour in label_colours(labels).items()},
            "caveat": CAVEAT if any(each.kind == "attention" for each in evidence) else "",
            "link": list(counterfactual) if counterfactual else None,
            "empty": "This model gives no evidence for this post.",
        },
    )


def item_text(axis: Axis, index: int, item: Item) -> str:
    """What a person reads at one place of an axis: a word, "2 dog", "row 3, column 5", "layer 4"."""
    name = next((str(item[name]) for name in _TEXT_KEYS if item.get(name) not in (None, "")), "")
    if axis == "region":
        side = 7
        return f"row {index // side + 1}, column {index % side + 1}"
    if axis == "object":
        return f"{index + 1} {name}".strip()
    return name or f"{axis} {int(item.get('index', index)) + 1}"


def _array(evidence: Evidence, neighbours: Mapping[str, NeighbourPost]) -> dict[str, Any]:
    axes = zip(evidence.axes, evidence.items, strict=True)
    values = np.nan_to_num(evidence.values, nan=0.0, posinf=0.0, neginf=0.0)
    return {
        "name": evidence.name,
        "kind": evidence.kind,
        "axes": list(evidence.axes),
        "items": [[_item(axis, index, item, neighbours) for index, item in enumerate(items)] for axis, items in axes],
        "values": base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode(),
        "reduced": evidence.reduced,
    }


def _item(axis: Axis, index: int, item: Item, neighbours: Mapping[str, NeighbourPost]) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": item_text(axis, index, item)}
    if axis in ("region", "object"):
        shown["box"] = [min(1.0, max(0.0, float(corner))) for corner in item["box"]]
    if axis == "entity" and item.get("label"):
        shown["label"] = str(item["label"])
    if axis == "neighbour":
        post = neighbours.get(neighbour_key(item))
        shown["text"] = post.text[:300] if post else shown["text"]
        shown["picture"] = post.picture if post else None
        shown["score"] = None if item.get("score") is None else float(item["score"])
    return shown


def _as_items(objects: Sequence[ImageObject]) -> list[Item]:
    return [{"label": item.label, "box": item.box, "score": item.score} for item in objects]


def _object(number: int, item: Item) -> dict[str, Any]:
    return _item("object", number - 1, item, {})
