"""What the posts say and which pictures they ask for; nothing is drawn here.

An ambiguous post is one of four: the same text, once for each kind of picture, all in one split.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from mner_core.data.scenes import words
from mner_core.data.scenes.ceiling import Mark

LABELS = ("PER", "LOC", "ORG", "MISC")
AMBIGUOUS_SHARE = 0.6
"""Which share of each split is made of ambiguous posts, as far as whole quadruples allow."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A post before its picture is drawn.

    Args:
        text: what the post says.
        marks: its gold entities, in order.
        ambiguous: those of them whose type only the picture tells.
        pictured: whether it has a picture.
        kind: the type whose drawing the picture shows; None leaves only things that decide nothing.
        shown: the entity which that drawing stands for.
    """

    text: str
    marks: tuple[Mark, ...]
    ambiguous: tuple[Mark, ...] = ()
    pictured: bool = True
    kind: str | None = None
    shown: Mark | None = None


def split_sizes(size: int) -> dict[str, int]:
    """70, 15 and 15 in a hundred, but no split too small for one quadruple."""
    held_out = max(4, round(size * 0.15))
    return {"train": size - 2 * held_out, "valid": held_out, "test": held_out}


def draft_posts(size: int, rng: Random) -> dict[str, list[Draft]]:
    """The posts of each split in the order of the file; no text occurs in two splits, and only quadruples share one.

    A sixth of the ambiguous names is kept for valid and another for test. There every other quadruple takes one of
    these, so that half of the names were never seen in training.
    """
    names = rng.sample(words.NAMES, len(words.NAMES))
    sixth = len(names) // 6
    own = {"train": names[2 * sixth :], "valid": names[:sixth], "test": names[sixth : 2 * sixth]}
    used: set[str] = set()
    posts = {}
    for split, wanted in split_sizes(size).items():
        quadruples = max(1, round(wanted * AMBIGUOUS_SHARE / 4))
        drafts: list[Draft] = []
        for place in range(quadruples):
            pool = own["train" if place % 2 else split]
            drafts += _quadruple(_new_text(words.AMBIGUOUS, pool, used, rng))
        while len(drafts) < wanted:
            drafts.append(_other(own[split], used, rng))
        posts[split] = rng.sample(drafts, len(drafts))
    return posts


def _quadruple(draft: Draft) -> list[Draft]:
    """The same text with each of the four readings of its ambiguous name, each asking for its own picture."""
    ((start, end, _),) = draft.ambiguous
    four = []
    for label in LABELS:
        name = (start, end, label)
        marks = tuple(name if mark[:2] == (start, end) else mark for mark in draft.marks)
        four.append(replace(draft, marks=marks, ambiguous=(name,), kind=label, shown=name))
    return four


def _other(names: Sequence[str], used: set[str], rng: Random) -> Draft:
    """A post whose text says it all. Its picture shows one of its entities, or nothing of note, or there is none.

    A post without entities has such a picture too: what a picture shows need not be named.
    """
    templates = rng.choices((words.PLAIN, words.SEVERAL, words.NONE), (6, 3, 2))[0]
    draft = _new_text(templates, names, used, rng)
    picture = rng.choices(("telling", "empty", "none"), (6, 2, 2))[0]
    if picture != "telling":
        return replace(draft, pictured=picture == "empty")
    if not draft.marks:
        return replace(draft, kind=rng.choice(LABELS))
    shown = rng.choice(draft.marks)
    return replace(draft, kind=shown[2], shown=shown)


def _new_text(templates: Sequence[str], names: Sequence[str], used: set[str], rng: Random) -> Draft:
    """A text that no other post has; where chance finds none, a link made of a number makes it new."""
    for attempt in count():
        closing = rng.choice(words.CLOSINGS) if attempt < 50 else f" https://t.co/{len(used):x}"
        draft = _fill(rng.choice(words.OPENINGS) + rng.choice(templates) + closing, names, rng)
        if draft.text not in used:
            break
    used.add(draft.text)
    return draft


def _fill(template: str, names: Sequence[str], rng: Random) -> Draft:
    """Puts a value into every slot and marks those that are entities. No name stands twice in one text."""
    text = ""
    marks: list[Mark] = []
    ambiguous: list[Mark] = []
    for piece in re.split(r"(\{[^}]*\})", template):
        slot = piece[1:-1] if piece.startswith("{") else ""
        value = _value(slot, names, rng) if slot else piece
        while slot and value in text:
            value = _value(slot, names, rng)
        label = slot.removeprefix("NAME").strip()
        if label in LABELS or slot == "NAME":
            marks.append((len(text), len(text) + len(value), label))
            ambiguous += marks[-1:] if slot == "NAME" else []
        text += value
    return Draft(text=text, marks=tuple(marks), ambiguous=tuple(ambiguous))


def _value(slot: str, names: Sequence[str], rng: Random) -> str:
    """Something that fits the slot."""
    match slot:
        case "PER":
            return f"{rng.choice(words.FIRST)} {rng.choice(words.LAST)}"
        case "LOC":
            return rng.choice(words.TOWNS)
        case "ORG":
            return f"{rng.choice(words.FIRMS)} {rng.choice(words.BRANCHES)}"
        case "MISC":
            return rng.choice(words.WORKS)
        case "user":
            return rng.choice(words.USERS)
        case "tag":
            return rng.choice(words.TAGS)
        case "emoji":
            return rng.choice(words.EMOJI)
        case "url":
            return "https://t.co/" + "".join(rng.choices("abcdefghkmnpqrstwxyzABCDEFGHKLMNPQRSTWXYZ23456789", k=8))
        case _:
            assert slot.startswith("NAME"), f"no such slot: {slot}"
            return rng.choice(names)
