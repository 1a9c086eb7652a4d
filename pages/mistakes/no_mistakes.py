"""What an empty list of mistakes means: nobody labelled the posts, the run has not read them, or it is right."""

from db.mistake_cases import MistakesOf
from db.mistakes import has_read
from db.predictions import Coverage, coverage
from pages.mistakes.counting import being_counted
from pages.shared.number_format import counted
from pages.shared.run_words import why_no_run
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain


def is_judged(chosen: Selection) -> bool:
    """Whether the chosen run has read a labelled post of the selection, so that it can have made a mistake."""
    if chosen.run is None or chosen.dataset is None:
        return False
    of = MistakesOf(run=chosen.run, dataset=chosen.dataset, split=chosen.split, gold=chosen.gold)
    return bool(has_read(store(), of))


def no_mistakes(chosen: Selection, has_filter: bool = False) -> str:
    """Why no mistake is listed; `has_filter` where a filter may have left some out."""
    if chosen.run is None or chosen.dataset is None:
        return f"{why_no_run(chosen).removesuffix('.')}, so there is no list of mistakes."
    if sentence := being_counted(chosen.dataset):
        return sentence
    found = coverage(store(), chosen.run, chosen.dataset, chosen.split, chosen.gold)
    return _sentence(plain(chosen.run), found, has_filter)


def _sentence(run: str, found: Coverage, has_filter: bool) -> str:
    if not found.labelled:
        return f"Nobody has labelled these posts, so nobody knows whether {run} is right on them."
    if not found.judged:
        return f"{run} has not read these posts yet, so its mistakes are not known."
    if has_filter:
        return f"No mistake of {run} matches these filters."
    unread = found.labelled - found.judged
    if unread:
        read = counted(found.judged, "labelled post")
        return f"{run} makes no mistake on the {read} that it has read; it has not read {unread:,} more."
    return f"{run} makes no mistake on {counted(found.judged, 'labelled post')}."
