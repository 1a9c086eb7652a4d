"""What is said where no run is chosen, or where the chosen one cannot know what it is asked for."""

from collections import Counter
from collections.abc import Iterable, Mapping

from db.posts import Dataset, dataset
from db.run_labels import known_types
from db.runs import StoredRun, runs
from mner_core.types import Example
from pages.shared.number_format import counted
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain


def why_no_run(chosen: Selection) -> str:
    """Why no run is chosen."""
    if not runs(store()):
        return "No run has been trained yet."
    return f"No run is chosen: none was trained on {plain(chosen.dataset or 'these posts')} or knows all of its types."


def is_brought(name: str | None) -> bool:
    """Whether the run of that name consists of brought predictions, so that nobody can ask it anything."""
    return any(each.name == name and each.is_brought for each in runs(store()))


def has_learned(name: str | None, dataset_name: str | None) -> bool:
    """Whether the run of that name was trained on that data set; brought predictions were trained on nothing here."""
    here = (each for each in runs(store()) if each.name == name and not each.is_brought)
    return any(each.data.get("name") == dataset_name for each in here)


def has_confidences(name: str | None) -> bool:
    """Whether a run says of every predicted entity how sure it is; predictions may be brought without."""
    run = next((each for each in runs(store()) if each.name == name), None)
    return run is None or not run.is_brought or run.data.get("with_confidence") == run.data.get("spans")


def entities_of_unknown_types(name: str | None, dataset_name: str, posts: Iterable[Example]) -> str:
    """How many entities of these posts are of types that a run does not know; empty where there is none of them."""
    return unknown_types(name, dataset_name, Counter(span.label for post in posts for span in post.spans or ()))


def unknown_types(name: str | None, dataset_name: str, entities: Mapping[str, int]) -> str:
    """How many of so many entities of each type are of types that a run does not know; empty where none is."""
    run = next((each for each in runs(store()) if each.name == name), None)
    return "" if run is None else unknown_types_of(run, dataset(store(), dataset_name), entities)


def unknown_types_of(run: StoredRun, found: Dataset, entities: Mapping[str, int]) -> str:
    """The same of a run and a data set that are at hand."""
    if run.is_brought or not run.labels:
        return ""
    known = known_types(run, found)
    unknown = {label: number for label, number in sorted(entities.items()) if label not in known}
    if not unknown:
        return ""
    each = ", ".join(f"{number:,} {label}" for label, number in unknown.items())
    number = sum(unknown.values())
    return (
        f"{plain(run.name)} learned from {plain(str(run.data.get('name', 'other posts')))} and does not know the types "
        f"of {counted(number, 'entity', 'entities')} here ({plain(each)}): "
        f"{'it counts' if number == 1 else 'they count'} as missed."
    )
