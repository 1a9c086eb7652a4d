"""What is said about a mistake, in words that a person reads; parts of posts are quoted so that they harm nothing."""

from collections.abc import Sequence

from db.mistakes import StoredCase
from pages.shared.text import quoted, share


def sentence(text: str, case: StoredCase, other: str = "") -> str:
    """One mistake in words. `other` names the run it is compared with.

    A case that is fixed is the other run's: then the sentence says so.
    """
    words = said(text, case)
    if case.change == "fixed":
        return f"Fixed. {other}: {words}"
    if case.change:
        return f"{case.change.capitalize()}. {words}"
    return words


def sentences(text: str, cases: Sequence[StoredCase], other: str = "") -> str:
    """All mistakes of a post in words."""
    return " · ".join(sentence(text, case, other) for case in cases)


def said(text: str, case: StoredCase) -> str:
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
