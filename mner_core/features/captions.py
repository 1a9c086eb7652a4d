"""Captions composed from what was detected: a substitute for a captioner, which no registry offers."""

from collections import Counter
from collections.abc import Sequence

from mner_core.types import ImageObject

VERSION = "captions/1"
SURE = 0.2
"""The likeliest class of the picture is named from this probability on."""

_NUMBERS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PLURALS = {"person": "people", "man": "men", "woman": "women", "child": "children", "mouse": "mice", "knife": "knives"}
_VOWELS = ("a", "e", "i", "o", "u")
_UNCOUNTED = frozenset({"skis", "scissors", "sheep", "broccoli", "people"})


def compose(objects: Sequence[ImageObject], attributes: Sequence[tuple[str, float]]) -> str:
    """One sentence, for example "a picture of a person and two cups; looks like an espresso".

    Args:
        objects: what is seen, in the order in which it is named.
        attributes: classes of the whole picture with their probabilities, likeliest first.
    """
    counts = Counter(thing.label for thing in objects)
    things = [_counted(label, count) for label, count in counts.items()]
    caption = f"a picture of {_listed(things)}" if things else "a picture"
    if attributes and attributes[0][1] >= SURE:
        caption += f"; looks like {_counted(attributes[0][0], 1)}"
    return caption


def _counted(label: str, count: int) -> str:
    if count == 1:
        return label if label in _UNCOUNTED else f"{'an' if label.lower().startswith(_VOWELS) else 'a'} {label}"
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {_plural(label)}"


def _plural(label: str) -> str:
    if label in _UNCOUNTED:
        return label
    if label in _PLURALS:
        return _PLURALS[label]
    if label.endswith(("s", "x", "z", "ch", "sh")):
        return f"{label}es"
    if label.endswith("y") and not label[:-1].endswith(_VOWELS):
        return f"{label[:-1]}ies"
    return f"{label}s"


def _listed(things: Sequence[str]) -> str:
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"
