"""The words everybody in this program speaks: Span, Token, Example, Prediction, Evidence.

Nothing here imports torch, transformers or faiss, so screens and the store may use all of it.
Spans count words; character offsets are Unicode code points of the post's text, never UTF-16 units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]
"""Corners (left, top, right, bottom) as shares of the picture's width and height, 0..1, y downwards."""

Axis: TypeAlias = Literal[
    "word", "entity", "region", "object", "neighbour", "attribute", "knowledge", "layer", "head", "iteration"
]
EvidenceKind: TypeAlias = Literal["attention", "gate", "score"]
"""attention sums to 1 along its last axis, a gate lies in 0..1, a score is any number."""

Item: TypeAlias = Mapping[str, Any]
"""What stands at one place of an axis, as plain JSON: a word's text, an object's box, a neighbour's post id."""


class InputError(ValueError):
    """Something a person gave us cannot be used. The message is one sentence that says what, where and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """An entity: words `start` to `end` (exclusive) carry `label`.

    `chars` is empty where the entity is exactly these words. Where it begins or ends inside a word, `chars` are its own
    characters (start, end exclusive, code points of the text) and `start`..`end` the words that it touches: it equals
    no span of whole words, so that a model of words misses it, and a tag scheme cannot say it.
    """

    start: int
    end: int
    label: str
    chars: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise InputError(f"A span needs 0 <= start < end, got start {self.start} and end {self.end}.")
        if not self.label:
            raise InputError(f"The span {self.start}..{self.end} has no label.")
        if self.chars and not (len(self.chars) == 2 and 0 <= self.chars[0] < self.chars[1]):
            raise InputError(f"The span {self.start}..{self.end} has the characters {self.chars}, not (start, end).")

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share at least one word; two that have characters of their own, at least one character."""
        if self.chars and other.chars:
            return self.chars[0] < other.chars[1] and other.chars[0] < self.chars[1]
        return self.start < other.end and other.start < self.end


def span_fields(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The `dict_factory` of `dataclasses.asdict` for what holds spans: `chars` only where an entity has its own."""
    return {name: value for name, value in fields if (name, value) != ("chars", ())}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a post: `text == post.text[start:end]`, offsets in code points."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ImageObject:
    """A thing seen in a picture: its class name, where it is and how sure the detector was (0..1)."""

    label: str
    box: Box
    score: float = 1.0


class PostKey(NamedTuple):
    """Which post of a data set: ids are unique within their split only."""

    split: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One post: a text with its words, perhaps a picture, perhaps gold spans.

    `spans` is None where nobody has labelled the post, and empty where somebody found no entity in it. The words follow
    from the text, or came with it, and never from the spans: one that begins or ends inside a word has `Span.chars`.
    `tags` keeps a tag file's own tags, because orphan `I-` tags are spans to a lenient reader and none to a strict one;
    it is None where the labels came as offsets.
    `image` is a path that may or may not open; `image_name` is what the file called it.
    `caption` and `objects` are the ones that came with the data; None means an extractor may fill the slot.
    `context` is a text that a model with such a setting reads behind the post, in the caption's place; None for none.
    `subsets` names parts of the gold for sliced scores, for example {"ambiguous": the spans whose name is ambiguous};
    one that is empty stands for the whole post.
    `boxes` says where in the picture an entity of `spans` is to be seen, empty where it is not in the picture; of an
    entity that is no key of it nobody has said so.
    `has_own_id` is False where the file gave no id, so that it was made from the post's place or its picture's name; it
    makes no difference between two posts.
    `id_in_file` is the id that the file gave where a post of another split has it, so that `id` is another; else None.
    """

    id: str
    text: str
    tokens: tuple[Token, ...]
    spans: tuple[Span, ...] | None = None
    tags: tuple[str, ...] | None = None
    image: Path | None = None
    image_name: str | None = None
    caption: str | None = None
    objects: tuple[ImageObject, ...] | None = None
    context: str | None = None
    source: str = ""
    split: str = ""
    subsets: Mapping[str, frozenset[Span]] = field(default_factory=dict)
    boxes: Mapping[Span, tuple[Box, ...]] = field(default_factory=dict)
    has_own_id: bool = field(default=True, compare=False)
    id_in_file: str | None = field(default=None, compare=False)

    @property
    def key(self) -> PostKey:
        """Which post of its data set it is."""
        return PostKey(self.split, self.id)

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens' texts."""
        return tuple(token.text for token in self.tokens)

    def span_text(self, span: Span) -> str:
        """The part of the post's text that the span covers."""
        start, end = span.chars or (self.tokens[span.start].start, self.tokens[span.end - 1].end)
        return self.text[start:end]

    def with_spans(self, spans: Sequence[Span] | None) -> "Example":
        """The same post with other gold: the tags, subsets and boxes of the old one do not speak of it and go."""
        gold = None if spans is None else tuple(sorted(spans))
        return replace(self, spans=gold, tags=None, subsets={}, boxes={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model looked at: a named array whose axes say what each number belongs to.

    Args:
        name: which part of the model it comes from, in a reader's words ("text gate", "word x region attention").
        kind: attention, gate or score.
        axes: one name for each dimension of `values`.
        items: for each axis, what stands at each of its places; `len(items[i]) == values.shape[i]`.
        values: the numbers, float32.
        reduced: how it was made smaller ("mean over heads"), empty where nothing was reduced.
    """

    name: str
    kind: EvidenceKind
    axes: tuple[Axis, ...]
    items: tuple[tuple[Item, ...], ...]
    values: NDArray[np.float32]
    reduced: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != tuple(len(items) for items in self.items) or len(self.axes) != self.values.ndim:
            raise ValueError(
                f"Evidence {self.name!r}: values have shape {self.values.shape}, axes are {self.axes} "
                f"with {[len(items) for items in self.items]} items."
            )

    def to_json(self) -> dict[str, Any]:
        """A form that `json.dumps` takes, and `from_json` reads back."""
        return {
            "name": self.name,
            "kind": self.kind,
            "axes": list(self.axes),
            "items": [[dict(item) for item in items] for items in self.items],
            "values": np.round(self.values.astype(float), 6).tolist(),
            "reduced": self.reduced,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Evidence":
        """The inverse of `to_json`."""
        items = tuple(tuple(axis) for axis in record["items"])
        values = np.asarray(record["values"], np.float32).reshape([len(axis) for axis in items])
        return cls(
            name=record["name"],
            kind=record["kind"],
            axes=tuple(record["axes"]),
            items=items,
            values=values,
            reduced=record["reduced"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model says about one post.

    `confidences[i]` is the probability of `spans[i]` in 0..1; `confidence_source` names how it was made
    ("crf": the share of the CRF's probability mass that has exactly this span).
    """

    spans: tuple[Span, ...]
    confidences: tuple[float, ...]
    confidence_source: str
    evidence: tuple[Evidence, ...] = ()
