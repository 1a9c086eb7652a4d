"""The screen overview: what there is, how good the runs are, what is going on and what to do next."""

from collections.abc import Mapping, Sequence

import streamlit as st

from db.corrections import TRAIN
from db.gold_totals import GoldSums, corrected_posts, gold_sums, pictures
from db.posts import dataset as dataset_named
from db.posts import datasets
from db.runs import runs
from db.workers import is_running
from mner_core.data.entity_types import EntityType
from pages.mistakes.worklist import TITLES
from pages.overview.calibration_and_slices import look_inside
from pages.overview.comparing import compare_runs
from pages.overview.scores import show_runs
from pages.shared.charts import entity_bars, show
from pages.shared.number_format import counted
from pages.shared.pickers import pick_dataset, pick_gold, pick_split
from pages.shared.selection import Selection, gold_name, page_link, selection
from pages.shared.status import ASKED_FOR, NO_WORKER, active_jobs, going_on
from pages.shared.store import store
from pages.shared.text import plain


def overview() -> None:
    """Draws the screen."""
    chosen = selection()
    if chosen.dataset is None:
        first_start()
        return
    title, picker = st.columns([3, 1], vertical_alignment="bottom")
    title.title(plain(chosen.dataset), anchor=False)
    if len(datasets(store())) > 1:
        with picker:
            pick_dataset(chosen)
    going_on(ASKED_FOR)
    labels = what_is_in_it(chosen)
    st.header("How good the runs are", anchor=False)
    if not runs(store()):
        st.write("No run has been trained yet. A run is a model that has learned from these posts.")
        page_link("runs", "Train the first run", new="yes")
        return
    if TRAIN in labels and labels[TRAIN].labelled:
        _what_helps()
    split, gold, _ = st.columns([1, 1, 2])
    with split:
        pick_split(chosen)
    with gold:
        pick_gold(chosen)
    show_runs(chosen, labels)
    look_inside(chosen)
    st.header("Two runs side by side", anchor=False)
    compare_runs(chosen)


def first_start() -> None:
    """What to say while there are no posts."""
    st.title("Overview", anchor=False)
    if active_jobs(store()):
        st.write(
            "The first posts are on their way. This page fills itself as soon as they are here. Then look at a run's "
            "mistakes, correct the labels that it learns from, and train again."
        )
        going_on()
        return
    st.write(
        "There are no posts yet. The workbench reads short posts with pictures, trains models that find the people, "
        "places, organisations and other things named in them, and shows where those models are wrong."
    )
    if not is_running(store()):
        st.caption(f":material/pause_circle: {NO_WORKER}")
    page_link("data", "Import posts")


def what_is_in_it(chosen: Selection) -> dict[str, GoldSums]:
    """Facts about the data set, its entities as bars, and the way into annotating; returns the sums of the labels."""
    assert chosen.dataset is not None, "there is a data set to speak of"
    found = dataset_named(store(), chosen.dataset)
    labels = gold_sums(store(), found.name, chosen.gold)
    left_out = {split: sums.discarded for split, sums in labels.items()}
    posts = {split: number - left_out.get(split, 0) for split, number in found.splits.items()}
    entities = {split: labels[split].entities if split in labels else {} for split in posts}
    total = sum(sum(of_split.values()) for of_split in entities.values())
    facts = st.columns(4)
    facts[0].metric("Posts", f"{sum(posts.values()):,}")
    facts[1].metric("With a picture", f"{pictures(store(), found.name, chosen.gold):,}")
    facts[2].metric("Entities", f"{total:,}")
    facts[3].metric("Corrected posts", f"{corrected_posts(store(), found.name):,}")
    st.caption(f"{_splits(posts)} {_labels_sentence(found.types, chosen.gold)}")
    if total:
        show(entity_bars(_named(entities), found.types), height=70 + 34 * len(entities), key="entities")
    if unlabelled := sum(posts.values()) - sum(sums.labelled for sums in labels.values()):
        st.write(f"{counted(unlabelled, 'post')} without labels: correcting begins there.")
    with st.container(horizontal=True):
        page_link("annotate", "Correct posts")
        page_link("data", "Import or export posts")
    return labels


def _what_helps() -> None:
    """The way from looking at mistakes to a better run: a run learns from train, and its mistakes lie elsewhere."""
    st.write(
        "A run learns from the labels of train alone; its mistakes in other splits show where it is weak. For a better "
        "run correct train, where labels are likeliest wrong or where models trained on the other posts differ from "
        "them, and train again."
    )
    with st.container(horizontal=True):
        for title, name in (("Label errors of train", "doubts"), (TITLES["held-out"], "held-out")):
            page_link("annotate", title, split=TRAIN, list=name, post=None)
        page_link("runs", "Train again", new="yes")


def _splits(posts: Mapping[str, int]) -> str:
    named = (f"{number:,} in {plain(split)}" if split else f"{number:,} in no split" for split, number in posts.items())
    return f"Posts: {', '.join(named)}."


def _labels_sentence(types: Sequence[EntityType], gold: str) -> str:
    if not types:
        return "No type has been named yet."
    return f"{counted(len(types), 'type')} of entities, counted in the {plain(gold_name(gold))}."


def _named(entities: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    return {split or "no split": counts for split, counts in entities.items()}


overview()
