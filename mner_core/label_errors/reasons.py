"""Why a label is worth a second look, in a word and in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mner_core.label_errors.span_features import PostContext
from mner_core.types import PostKey, Span

Reason: TypeAlias = Literal["missing", "spurious", "boundary", "type", "inconsistent"]
"""`missing`: gold lacks a span here; `spurious`: no entity; `boundary`: other words; `type`: another type;
`inconsistent`: most other posts label the same words otherwise."""
_WORTH_SAYING = 0.005
"""The least probability that is not written as 0 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A gold span, or one that gold lacks (`missing`), with its score (0..1): higher is more like an error.

    A score orders the items and is no probability.
    `suggested` is what the models would have instead, None where they see no entity.
    `post` and `split` together name the post: ids are unique within their split only.
    """

    post: str
    split: str = ""
    span: Span
    text: str
    score: float
    reason: Reason
    detail: str
    suggested: Span | None

    @property
    def key(self) -> PostKey:
        """Which post of its data set it is about."""
        return PostKey(self.split, self.post)

    def to_json(self) -> dict[str, Any]:
        """Word indices; `suggested` is an object like the span itself."""
        return {
            "post": self.post,
            "split": self.split,
            **_record(self.span),
            "score": round(self.score, 6),
            "reason": self.reason,
            "detail": self.detail,
            "text": self.text,
            "suggested": None if self.suggested is None else _record(self.suggested),
        }


def item_of(context: PostContext, span: Span, score: float, is_missing: bool) -> Item:
    """The item with its reason: where the models' probability lies that the label does not have."""
    post, probability = context.post, context.shares(span)
    types = context.others.types(span.start, span.end)
    others = types.total() - types[span.label]
    text = post.span_text(span)
    elsewhere = f"{text!r} is {_counted(types)} in other posts" if types else ""
    if span in context.malformed:
        elsewhere = _joined("the file's tags are malformed here, an I- begins an entity", elsewhere)
    if is_missing:
        detail = _sentence(
            f"gold has nothing here, the models see {span.label} ({_percent(probability.certain)})", elsewhere
        )
        return _item(context, span, score, "missing", detail, span)
    shares = {"type": probability.type, "boundary": probability.boundary, "spurious": probability.outside}
    reason = max(shares, key=lambda name: shares[name])
    rival, own = probability.rival, (probability.certain, f"{text!r} as {span.label}")
    if others > types[span.label] and reason != "boundary":
        likeliest = max(types, key=lambda label: types[label])
        detail = _sentence(f"{elsewhere}, here {span.label} (models {_percent(probability.certain)})")
        return _item(context, span, score, "inconsistent", detail, Span(span.start, span.end, likeliest))
    if reason == "spurious" or rival is None:
        nothing = (probability.outside, "no entity here")
        likely = [nothing, own] if probability.certain > probability.outside else [nothing]
        detail = _sentence(_seen(likely), elsewhere)
        return _item(context, span, score, "spurious", detail, None)
    other = (probability.rival_share, f"{post.span_text(rival)!r} as {rival.label}")
    detail = _sentence(_seen([other, own]), elsewhere)
    return _item(context, span, score, "type" if reason == "type" else "boundary", detail, rival)


def _item(context: PostContext, span: Span, score: float, reason: Reason, detail: str, suggested: Span | None) -> Item:
    return Item(
        post=context.post.id,
        split=context.post.split,
        span=span,
        text=context.post.span_text(span),
        score=score,
        reason=reason,
        detail=detail,
        suggested=suggested,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _seen(readings: Sequence[tuple[float, str]]) -> str:
    """What the models see, with its probability, the likeliest first; beside that nothing that they all but exclude."""
    first, *others = sorted(readings, key=lambda reading: -reading[0])
    told = [first, *(reading for reading in others if reading[0] >= _WORTH_SAYING)]
    return "the models see " + ", ".join(f"{what} ({_percent(share)})" for share, what in told)


def _counted(types: dict[str, int]) -> str:
    return ", ".join(f"{label} {count} times" if count > 1 else f"{label} once" for label, count in types.items())


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _sentence(*parts: str) -> str:
    said = _joined(*parts)
    return said[:1].upper() + said[1:] + "."


def _record(span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}
