"""What is said about a mistake, in words that a person reads; parts of posts are quoted so that they harm nothing."""

import re
import unicodedata
from collections.abc import Sequence

from pages.errors.cases import Case

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!:$|<>~^&=@/])")
_LINKS = re.compile(r"\\:(?=\\/)|www(?=\\\.)|\\@", re.IGNORECASE)
"""What makes Markdown turn an address into a link, escaped or not: an invisible character behind it prevents that."""
_MARKS = 3
"""Combining marks that a letter keeps where a text is quoted."""
_TURNING = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
"""Classes of characters that can turn what stands beside them around."""


def plain(text: str, longest: int = 300) -> str:
    """Text for places that read Markdown: every sign of it is shown as it is."""
    return _LINKS.sub("\\g<0>\u2060", _SPECIAL.sub(r"\\\1", quoted(text, marks=False, longest=longest)))


def quoted(text: str, marks: bool = True, longest: int = 60) -> str:
    """A short piece of a post, in quotation marks: one line, few combining marks, its direction kept to itself."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run <= _MARKS:
            kept.append(" " if char.isspace() else char)
        if len(kept) > longest:
            break
    shown = "".join(kept[:longest]) + ("…" if len(kept) > longest else "")
    if any(unicodedata.bidirectional(char) in _TURNING for char in shown):
        shown = f"\u2068{shown}\u2069"
    return f"“{shown}”" if marks else shown


def share(confidence: float) -> str:
    """A confidence as people write it: "93%", "<1%"."""
    percent = 100 * confidence
    return "<1%" if 0 < percent < 1 else f"{percent:.0f}%"


def sentence(text: str, case: Case, other: str = "") -> str:
    """One mistake in words. `other` names the run it is compared with.

    A case that is fixed is the other run's: then the sentence says so.
    """
    words = said(text, case)
    if case.change == "fixed":
        return f"Fixed. {other}: {words}"
    if case.change:
        return f"{case.change.capitalize()}. {words}"
    return words


def sentences(text: str, cases: Sequence[Case], other: str = "") -> str:
    """All mistakes of a post in words."""
    return " · ".join(sentence(text, case, other) for case in cases)


def said(text: str, case: Case) -> str:
    """What is there and what was predicted, without regard to any other run."""
    gold, predicted = case.outcome.gold, case.outcome.predicted
    sure = f" ({share(case.predicted.confidence)})" if case.predicted else ""
    if predicted is None:
        assert gold is not None, "a case has a gold entity, a predicted one, or both"
        return f"{quoted(text[gold.start : gold.end])} is {gold.label}, missed"
    guess = quoted(text[predicted.start : predicted.end])
    if gold is None:
        return f"{guess} predicted {predicted.label}{sure}, no entity there"
    name = quoted(text[gold.start : gold.end])
    if (gold.start, gold.end) == (predicted.start, predicted.end):
        return f"{name} is {gold.label}, predicted {predicted.label}{sure}"
    where = f"found as {guess}"
    if gold.label == predicted.label:
        return f"{name} ({gold.label}) {where}{sure}"
    return f"{name} is {gold.label}, {where} {predicted.label}{sure}"
