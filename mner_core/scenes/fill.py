"""Templates become texts: each slot takes a value, and names are marked as the entities they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from mner_core.scenes import words
from mner_core.scenes.ceiling import Mark
from mner_core.scenes.sketch import LABELS, Sketch


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A post before its picture is drawn.

    Args:
        text: what the post says.
        marks: its gold entities, in order.
        names: those of them that took an ambiguous name with no word of its type beside it ({NAME}).
        alike: what the text tells someone who sees no picture: equal for texts that differ only in words whose meaning
            the pictures of other posts decide.
        subsets: parts of the gold by the knob that they belong to; an empty one stands for the whole post.
        sketch: its picture; None for none.
        shown: the entities that the picture's deciding objects stand for, in the order of `Sketch.kinds`.
    """

    text: str
    marks: tuple[Mark, ...]
    names: tuple[Mark, ...] = ()
    alike: str = ""
    subsets: Mapping[str, tuple[Mark, ...]] = field(default_factory=dict)
    sketch: Sketch | None = None
    shown: tuple[Mark, ...] = ()

    def read_as(self, labels: Sequence[str]) -> "Draft":
        """The same text with its ambiguous names read as these types, one for each in order."""
        read = {name[:2]: label for name, label in zip(self.names, labels, strict=True)}
        marks = tuple((start, end, read.get((start, end), label)) for start, end, label in self.marks)
        return replace(self, marks=marks, names=tuple(mark for mark in marks if mark[:2] in read))


class Writer:
    """Writes texts of which no two are equal, from a source of chance of its own."""

    def __init__(
        self, rng: Random, openings: Sequence[str] = words.OPENINGS, closings: Sequence[str] = words.CLOSINGS
    ) -> None:
        self._rng, self._openings, self._closings = rng, openings, closings
        self._used: set[str] = set()

    def write(self, templates: Sequence[str], names: Sequence[str]) -> Draft:
        """A new text, its ambiguous names taken from `names`, whose types stay open ("").

        Where chance finds none, a link made of a number makes it new. A {CLUE} stays as it is, to be filled in later.
        """
        for attempt in count():
            closing = self._rng.choice(self._closings) if attempt < 50 else f" https://t.co/{len(self._used):x}"
            template = self._rng.choice(self._openings) + self._rng.choice(templates) + closing
            draft = self._fill(template, names)
            if draft.text not in self._used:
                break
        self._used.add(draft.text)
        return draft

    def _fill(self, template: str, names: Sequence[str]) -> Draft:
        """Puts a value into every slot and marks those that are entities. No name stands twice in one text."""
        text = ""
        marks: list[Mark] = []
        untold: list[Mark] = []
        for piece in re.split(r"(\{[^}]*\})", template):
            slot = piece[1:-1] if piece.startswith("{") else ""
            value = self._value(slot, names) if slot else piece
            while slot and value in text:
                value = self._value(slot, names)
            label = slot.removeprefix("NAME").strip()
            if label in LABELS or slot == "NAME":
                marks.append((len(text), len(text) + len(value), label))
                untold += marks[-1:] if slot == "NAME" else []
            text += value
        return Draft(text=text, marks=tuple(marks), names=tuple(untold), alike=text)

    def _value(self, slot: str, names: Sequence[str]) -> str:
        """Something that fits the slot."""
        choice = self._rng.choice
        match slot:
            case "PER":
                return f"{choice(words.FIRST)} {choice(words.LAST)}"
            case "LOC":
                return choice(words.TOWNS)
            case "ORG":
                return f"{choice(words.FIRMS)} {choice(words.BRANCHES)}"
            case "MISC":
                return choice(words.WORKS)
            case "user":
                return choice(words.USERS)
            case "tag":
                return choice(words.TAGS)
            case "emoji":
                return choice(words.EMOJI)
            case "url":
                letters = "abcdefghkmnpqrstwxyzABCDEFGHKLMNPQRSTWXYZ23456789"
                return "https://t.co/" + "".join(self._rng.choices(letters, k=8))
            case "CLUE":
                return "{CLUE}"
            case _:
                assert slot.startswith("NAME"), f"no such slot: {slot}"
                return choice(names)
