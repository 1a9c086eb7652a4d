"""Tag schemes: spans to one tag a word and back, leniently or strictly.

BIO2 writes B- on the first word of an entity and I- on the others; BIOES marks its last word E- and a single word S-.
Tags of no scheme (X, [CLS], an empty string) count as O.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from mner_core.types import InputError, Span

Scheme: TypeAlias = Literal["BIO2", "BIOES"]
SCHEMES: tuple[Scheme, ...] = ("BIO2", "BIOES")

_PREFIXES = {"BIO2": "BI", "BIOES": "BIES"}


def tag_set(labels: Sequence[str], scheme: Scheme) -> tuple[str, ...]:
    """O and every prefixed label, in the order in which a model numbers them."""
    return ("O", *(f"{prefix}-{label}" for label in labels for prefix in _PREFIXES[scheme]))


def encode(spans: Sequence[Span], num_words: int, scheme: Scheme = "BIO2") -> list[str]:
    """One tag for each of `num_words` words.

    Raises:
        InputError: a span ends after the last word or begins or ends inside one, or two spans share a word; tags cannot
            say that.
    """
    tags = ["O"] * num_words
    for span in sorted(spans):
        if span.chars:
            raise InputError(f"The span {span.start}..{span.end} {span.label} begins or ends inside a word.")
        if span.end > num_words:
            raise InputError(f"The span {span.start}..{span.end} ends after the last of {num_words} words.")
        if any(tag != "O" for tag in tags[span.start : span.end]):
            raise InputError(f"The span {span.start}..{span.end} {span.label} overlaps another one.")
        tags[span.start] = f"B-{span.label}"
        for word in range(span.start + 1, span.end):
            tags[word] = f"I-{span.label}"
        if scheme == "BIOES":
            last = "S" if span.end - span.start == 1 else "E"
            tags[span.end - 1] = f"{last}-{span.label}"
    return tags


def of_whole_words(spans: Iterable[Span]) -> list[Span]:
    """The spans that tags can say: those that neither begin nor end inside a word."""
    return [span for span in spans if not span.chars]


def split_tag(tag: str) -> tuple[str, str]:
    """("B", "PER") for "B-PER"; ("O", "") for O and for whatever is no tag at all."""
    prefix, dash, label = tag.partition("-")
    return (prefix, label) if dash and label and prefix in {"B", "I", "E", "S"} else ("O", "")


def decode(tags: Sequence[str]) -> list[Span]:
    """The spans of a tag sequence, read leniently as conlleval and seqeval's default do.

    A tag begins a new entity when the previous word is outside, has another type or ended its entity, whatever its
    prefix: an orphan I- is an entity.
    """
    spans: list[Span] = []
    start, open_label, closed = 0, "", True
    for word, tag in enumerate([*tags, "O"]):
        prefix, label = split_tag(tag)
        begins = prefix in {"B", "S"} or (prefix != "O" and (closed or label != open_label))
        if open_label and not closed and (prefix == "O" or begins):
            spans.append(Span(start, word, open_label))
        if begins:
            start = word
        if prefix in {"E", "S"}:
            spans.append(Span(start, word + 1, label))
        open_label, closed = label, prefix in {"O", "E", "S"}
    return spans


def decode_strict(tags: Sequence[str], scheme: Scheme = "BIO2") -> list[Span]:
    """Only the entities that are written as the scheme demands; seqeval calls this its strict mode."""
    wanted = [split_tag(tag) for tag in tags]
    spans: list[Span] = []
    for start, (prefix, label) in enumerate(wanted):
        if prefix == "S" and scheme == "BIOES":
            spans.append(Span(start, start + 1, label))
        if prefix != "B":
            continue
        end = start + 1
        while end < len(wanted) and wanted[end] == ("I", label):
            end += 1
        if scheme == "BIO2":
            spans.append(Span(start, end, label))
        elif end < len(wanted) and wanted[end] == ("E", label):
            spans.append(Span(start, end + 1, label))
    return spans


def may_follow(previous: str | None, tag: str | None, scheme: Scheme) -> bool:
    """Whether the scheme allows `tag` after `previous`; None stands for the start and the end of the sentence."""
    before, before_label = split_tag(previous or "O")
    after, after_label = split_tag(tag or "O")
    if scheme == "BIO2":
        return after != "I" or (before in {"B", "I"} and before_label == after_label)
    if before in {"B", "I"}:
        return after in {"I", "E"} and before_label == after_label
    return after not in {"I", "E"}
