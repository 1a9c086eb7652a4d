"""What is said where no run is chosen, or where the chosen one cannot know what it is asked for."""

from db.posts import dataset
from db.run_labels import unknown_types
from db.runs import runs
from pages.shared.selection import Selection
from pages.shared.store import store
from pages.shared.text import plain


def why_no_run(chosen: Selection) -> str:
    """Why no run is chosen."""
    if not runs(store()):
        return "No run has been trained yet."
    return f"No run is chosen: none was trained on {plain(chosen.dataset or 'these posts')} or knows all of its types."


def what_it_cannot_know(chosen: Selection) -> str:
    """The types of the data set that the chosen run has never learned; empty where it knows all."""
    run = next((each for each in runs(store()) if each.name == chosen.run), None)
    if run is None or chosen.dataset is None or not (unknown := unknown_types(run, dataset(store(), chosen.dataset))):
        return ""
    learned = plain(str(run.data.get("name", "other posts")))
    return (
        f"{plain(run.name)} learned from {learned} and does not know {plain(', '.join(unknown))}: "
        "it cannot find such entities, and each of them counts as missed."
    )
