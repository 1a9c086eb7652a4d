"""The annotator: a post's text in which a person marks entities by mouse or keys, over what a model predicted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from db.character_spans import Mark, settle
from mner_core.data.entity_types import EntityType
from mner_core.data.tokenize import split_tokens
from mner_core.types import InputError, Token
from pages.components.colours import label_colours, label_keys
from pages.components.component import component

_mount = component("span_annotator", "kept_drafts", "marks", "marking", "annotator_view", "annotator_input")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Mark):
    """A mark that a model predicts; `confidence` is its probability in 0..1, None where the model gives none."""

    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What a person saved: the marks of a post, made from its revision number `revision`.

    `marks` are in order and keep the ids and boxes that they had; `tokens` are the pieces that the browser shows: the
    post's own words, cut where a mark begins or ends inside one. The words themselves stay as they are.
    """

    post_id: int | str
    revision: int
    tokens: tuple[Token, ...]
    marks: tuple[Mark, ...]


def span_annotator(
    post_id: int | str,
    revision: int,
    text: str,
    tokens: Sequence[Token],
    marks: Sequence[Mark],
    labels: Sequence[str | EntityType],
    predictions: Sequence[Suggestion] = (),
    *,
    key: str,
    on_save: Callable[[Save], None],
    save_label: str = "Save and next",
) -> None:
    """Shows the annotator. The browser keeps the working copy until `post_id` or `revision` changes.

    Args:
        post_id, revision: what the marks belong to; both come back with the save. A save of anything but what is shown
            is refused.
        text: the post's text, of any script.
        tokens: the post's own words. Marks snap to them; with Alt they may end inside one.
        marks: what the revision says.
        labels: the data set's types, or their names, in the order of the digit keys.
        predictions: a second, underlined layer; each may be accepted.
        key: names the component in the session.
        on_save: called before the rerun with what was saved; choose the next post here. An `InputError` it raises is
            shown under the text, and the person's work stays.
        save_label: what the save button says.
    """
    session = st.session_state
    looks = _looks(labels)

    def saved() -> None:
        session[f"{key} saves"] = session.get(f"{key} saves", 0) + 1
        session[f"{key} refused"] = ""
        try:
            on_save(read_save(session[key]["save"], post_id, revision, text, tokens, marks, looks["labels"]))
        except InputError as error:
            session[f"{key} refused"] = str(error)

    _mount(
        key=key,
        data={
            "key": key,
            "post": post_id,
            "revision": revision,
            "text": text,
            "tokens": [[token.start, token.end] for token in tokens],
            "marks": [_place(mark) for mark in marks],
            "predictions": [_place(each) | {"confidence": each.confidence} for each in predictions],
            **looks,
            "save_label": save_label,
            "saves": session.get(f"{key} saves", 0),
            "refused": session.pop(f"{key} refused", ""),
        },
        on_save_change=saved,
    )


def read_save(
    payload: Any,
    post_id: int | str,
    revision: int,
    text: str,
    tokens: Sequence[Token],
    marks: Sequence[Mark],
    labels: Sequence[str],
) -> Save:
    """What the browser sent, checked against the post that was shown to it; its offsets are code points of `text`.

    Raises:
        InputError: it belongs to another post or revision, is malformed, or holds a mark that cannot be (see `settle`).
    """
    if not isinstance(payload, Mapping) or (payload.get("post"), payload.get("revision")) != (post_id, revision):
        raise InputError("This save belongs to a post or a version that is no longer shown; open the post again.")
    records = payload.get("marks")
    if not isinstance(records, list):
        raise InputError("The browser sent no marks; reload the page and save again.")
    sent = [_read_mark(record, marks) for record in records]
    origins = [record["from"] for record in records if record["from"] is not None]
    if len(set(origins)) < len(origins):
        raise InputError("The browser sent one mark twice; reload the page and save again.")
    settled, pieces = settle(text, tokens, sent, labels), tuple(tokens)
    for mark in settled:
        pieces = split_tokens(pieces, mark.start, mark.end)
    return Save(post_id=post_id, revision=revision, tokens=pieces, marks=settled)


def _read_mark(record: Any, known: Sequence[Mark]) -> Mark:
    """One mark of the payload with the id and the box of the mark that it was made from."""
    try:
        start, end, label, origin = (record[name] for name in ("start", "end", "label", "from"))
        if not all(type(place) is int for place in (start, end)) or not isinstance(label, str):
            raise TypeError
        if origin is None:
            return Mark(start=start, end=end, label=label)
        if type(origin) is not int or origin < 0:
            raise TypeError
        old = known[origin]
    except (KeyError, IndexError, TypeError) as error:
        raise InputError(
            f"The browser sent a mark that cannot be read: {str(record)[:80]!r}; reload the page."
        ) from error
    return replace(Mark(start=start, end=end, label=label), id=old.id, box=old.box)


def _looks(labels: Sequence[str | EntityType]) -> dict[str, Any]:
    """Names, keys, descriptions and colours of the types, as the browser takes them."""
    colours = label_colours(labels)
    return {
        "labels": list(colours),
        "keys": label_keys(labels),
        "about": [_about(each) for each in labels],
        "colours": {label: colour.css() for label, colour in colours.items()},
    }


def _about(label: str | EntityType) -> str:
    """What is said of a type, for whoever rests on its button."""
    if isinstance(label, str):
        return ""
    examples = f"For example: {', '.join(label.examples)}." if label.examples else ""
    return " ".join(part for part in (label.description, examples) if part)


def _place(mark: Mark) -> dict[str, Any]:
    return {"start": mark.start, "end": mark.end, "label": mark.label}
