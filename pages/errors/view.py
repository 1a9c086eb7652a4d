"""Where a run is wrong: its mistakes on one named gold, by kind and type, each with its post."""

from collections.abc import Sequence

import streamlit as st

from db.corrections import TRAIN
from db.evaluations import evaluate
from db.runs import runs
from mner_core.types import InputError
from pages.errors.choosing import choose_matrix_cell, draw_filters
from pages.errors.listing import draw_list
from pages.mistakes.cases import ordered
from pages.mistakes.fairness import Fairness, fairness
from pages.mistakes.filters import Filter, current_filter, matching, set_filter
from pages.mistakes.loading import Found, facts, load
from pages.mistakes.no_mistakes import no_mistakes
from pages.mistakes.worklist import TITLES
from pages.shared.number_format import counted
from pages.shared.pickers import pick_compare, pick_dataset, pick_gold, pick_run, pick_split
from pages.shared.run_words import entities_of_unknown_types, why_no_run
from pages.shared.selection import Selection, gold_name, page_link, selection
from pages.shared.store import store
from pages.shared.text import plain


def main() -> None:
    """Draws the screen."""
    chosen = selection()
    st.title("Errors", anchor=False)
    if chosen.dataset is None:
        st.info("There are no posts yet. Import some, and train a run on them: its mistakes are then listed here.")
        page_link("data", "Import posts")
        return
    if runs(store()):
        _draw_pickers(chosen)
    if chosen.run is None:
        st.info(f"{why_no_run(chosen)} Once there is one, its mistakes are listed here.")
        page_link("runs", "Train a run")
        return
    found = load(store(), chosen)
    examples = [each.gold_post.example for each in found.judged]
    if unknown := entities_of_unknown_types(chosen.run, chosen.dataset, examples):
        st.warning(unknown)
    fair = _fairness(chosen)
    st.markdown(_summary(chosen, found, fair.fair_to if fair else ()))
    if fair and fair.sentence:
        st.info(f"{fair.sentence} {_as_labelled(chosen)}", icon=":material/balance:")
    if chosen.split == TRAIN and found.judged:
        st.caption(
            ":material/info: A run repeats the labels of train that it learned, so few of its mistakes show here."
        )
        page_link("annotate", TITLES["held-out"], list="held-out", post=None)
    if found.judged:
        _draw_found(chosen, found)
    else:
        page_link("annotate", "Label posts")


def _draw_pickers(chosen: Selection) -> None:
    columns = st.columns(5)
    for column, pick in zip(columns, (pick_run, pick_compare, pick_gold, pick_split, pick_dataset), strict=True):
        with column:
            pick(chosen)


def _fairness(chosen: Selection) -> Fairness | None:
    """How the run is compared with the second one, where one is chosen."""
    if not (chosen.dataset and chosen.run and chosen.compare):
        return None
    return fairness(store(), (chosen.compare, chosen.run), chosen.dataset, chosen.split, chosen.gold)


def _as_labelled(chosen: Selection) -> str:
    """Both runs' F1 on the labels as they are."""
    assert chosen.dataset, "a data set is chosen"
    assert chosen.run, "a run is chosen"
    try:
        found = evaluate(store(), [chosen.compare or "", chosen.run], chosen.dataset, chosen.split, chosen.gold)
    except InputError as error:
        return plain(str(error))
    said = ", ".join(f"{plain(each.run)} {each.score.f1:.1f}" for each in found)
    return f"On the labels as they are: {said}, which says nothing of which is better."


def _summary(chosen: Selection, found: Found, fair_to: Sequence[str]) -> str:
    """What was measured, in one sentence: numbers never stand alone."""
    assert chosen.dataset, "a data set is chosen"
    assert chosen.run, "a run is chosen"
    run, where = plain(chosen.run), f"{plain(chosen.split or 'all splits')}, {plain(gold_name(chosen.gold))}"
    if not found.judged:
        return f"{no_mistakes(chosen)} Choose another split, other labels or another run ({where})."
    entities = sum(len(each.gold) for each in found.judged)
    basis = f"{counted(len(found.judged), 'post')} with {counted(entities, 'entity', 'entities')} ({where})"
    wrong = sum(case.change != "fixed" for post in found.cases for case in post.cases)
    said = f"**{run}** makes **{counted(wrong, 'mistake')}** on {basis}"
    try:
        score = evaluate(store(), [chosen.run], chosen.dataset, chosen.split, chosen.gold, fair_to=fair_to)[0].score
    except InputError as error:
        return f"{said}. {plain(str(error))}"
    return f"{said}: F1 **{score.f1:.1f}**, protocol {score.protocol}, one seed, gold {score.gold_sha256[:8]}."


def _draw_found(chosen: Selection, found: Found) -> None:
    wanted = current_filter()
    known = facts(store(), chosen, wanted)
    left, right = st.columns([11, 9], gap="large")
    with left:
        draw_filters(chosen, found.cases, wanted, known)
    with right:
        choose_matrix_cell(chosen, found, wanted, known)
    shown = ordered(matching(found.cases, wanted, known), wanted.order)
    if shown:
        draw_list(chosen, shown, wanted)
    elif found.cases:
        st.info("No mistake matches these filters.")
        st.button("Show all mistakes", on_click=lambda: set_filter(Filter(order=wanted.order)))
    else:
        st.success(no_mistakes(chosen))


main()
