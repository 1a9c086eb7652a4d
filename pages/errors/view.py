"""Where a run is wrong: its mistakes on one named gold, by kind and type, each with its post."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from db.corrections import TRAIN
from db.figures import Question
from db.gold_totals import gold_sums
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import Cell, figures_of
from db.run_totals import measured
from db.runs import runs
from db.text_search import waiting_texts
from pages.errors.choosing import choose_matrix_cell, draw_filters
from pages.errors.kept_answers import KeptAnswers, kept_answers
from pages.errors.like_mistakes import draw_like_mistakes
from pages.errors.listing import draw_list
from pages.mistakes.counting import draw_counting
from pages.mistakes.fairness import Fairness, fairness
from pages.mistakes.filters import Filter, current_filter, set_filter
from pages.mistakes.no_mistakes import no_mistakes
from pages.mistakes.stored import asked_of_cases, mistakes_of
from pages.mistakes.worklist import TITLES
from pages.shared.figures import computed, fingerprint_of
from pages.shared.jump import draw_jump
from pages.shared.number_format import counted
from pages.shared.pickers import pick_compare, pick_dataset, pick_gold, pick_run, pick_split
from pages.shared.run_words import has_learned, unknown_types, why_no_run
from pages.shared.selection import Selection, gold_name, page_link, selection
from pages.shared.status import going_on
from pages.shared.store import store
from pages.shared.text import plain


def main() -> None:
    """Draws the screen."""
    chosen = selection()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Errors", anchor=False)
        draw_jump(chosen)
    if chosen.dataset is None:
        st.info("There are no posts yet. Import some, and train a run on them: its mistakes are then listed here.")
        page_link("data", "Import posts")
        return
    if runs(store()):
        _draw_pickers(chosen)
    if chosen.run is None:
        _draw_no_run(chosen, chosen.dataset)
        return
    of = mistakes_of(store(), chosen)
    answers = kept_answers(store(), of)
    every = answers.cells(CaseFilter())
    if every is None:
        draw_counting(chosen.dataset)
        return
    read = answers.posts_read() or 0
    if unknown := unknown_types(chosen.run, chosen.dataset, _entities(every)):
        st.warning(unknown)
    fair = _fairness(chosen)
    st.markdown(_summary(chosen, of, every, read))
    if read:
        computed(_labels_of(of, read))
    if fair and fair.sentence:
        st.info(f"{fair.sentence} {_as_labelled(of)}", icon=":material/balance:")
    if chosen.split == TRAIN and read and has_learned(chosen.run, chosen.dataset):
        st.caption(
            ":material/info: A run repeats the labels of train that it learned, so few of its mistakes show here."
        )
        page_link("annotate", TITLES["held-out"], list="held-out", post=None)
    if read:
        _draw_found(chosen, answers, every)
    else:
        page_link("annotate", "Label posts")


def _draw_no_run(chosen: Selection, dataset: str) -> None:
    """Why nothing is listed, and what comes first: posts that nobody has labelled have no mistakes to list."""
    if any(each.labelled for each in gold_sums(store(), dataset, chosen.gold).values()):
        st.info(f"{why_no_run(chosen)} Once there is one, its mistakes are listed here.")
        page_link("runs", "Train a run")
        return
    st.info(
        f"{why_no_run(chosen)} And nobody has labelled a post of {plain(dataset)}: label some, and the mistakes that "
        "runs make on them are listed here."
    )
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


def _as_labelled(of: MistakesOf) -> str:
    """Both runs' F1 on the labels as they are."""
    pairs = ((of.compare or "", of.run), (of.run, of.compare))
    sides = [replace(of, run=run, compare=other, fair_to=()) for run, other in pairs]
    said = ", ".join(
        f"{plain(side.run)} {figures_of(kept_answers(store(), side).cells(CaseFilter()) or []).f1:.1f}"
        for side in sides
    )
    return f"On the labels as they are: {said}, which says nothing of which is better."


def _summary(chosen: Selection, of: MistakesOf, every: Sequence[Cell], read: int) -> str:
    """What was measured, in one sentence: numbers never stand alone."""
    run, where = plain(of.run), f"{plain(of.split or 'all splits')}, {plain(gold_name(of.gold))}"
    if not read:
        return f"{no_mistakes(chosen)} Choose another split, other labels or another run ({where})."
    score = figures_of(every)
    basis = f"{counted(read, 'post')} with {counted(score.support, 'entity', 'entities')} ({where})"
    wrong = sum(cell.number for cell in every if cell.kind != "correct" and cell.change != "fixed")
    said = f"**{run}** makes **{counted(wrong, 'mistake')}** on {basis}"
    of_run = (measured(store(), of.dataset, of.split, of.gold) or {}).get(of.run)
    if isinstance(of_run, str):
        return f"{said}. {plain(of_run)}"
    gold = fingerprint_of(_labels_of(of, read)) or "fingerprint being computed"
    return f"{said}: F1 **{score.f1:.1f}**, protocol entity, one seed, gold {gold}."


def _labels_of(of: MistakesOf, read: int) -> Question:
    """The question for the fingerprint of the labels that the figures rest on: mostly those of all labelled posts."""
    sums = gold_sums(store(), of.dataset, of.gold)
    labelled = sum(each.labelled for split, each in sums.items() if of.split in (None, split))
    runs_of = (of.compare, of.run) if of.compare else (of.run,)
    is_every = read == labelled and not of.fair_to
    return Question(
        kind="fingerprint", dataset=of.dataset, split=of.split, golds=(of.gold,), runs=() if is_every else runs_of
    )


def _entities(every: Sequence[Cell]) -> Mapping[str, int]:
    """How many entities of each type the posts have that the run has read."""
    counts: Counter[str] = Counter()
    for cell in every:
        if cell.gold is not None and cell.change != "fixed":
            counts[cell.gold] += cell.number
    return counts


def _draw_found(chosen: Selection, answers: KeptAnswers, every: Sequence[Cell]) -> None:
    wanted = current_filter()
    slices = asked_of_cases(wanted).slices
    found = every if slices == CaseFilter() else answers.cells(slices)
    left, right = st.columns([11, 9], gap="large")
    with left:
        draw_filters(chosen, found or [], wanted)
    with right:
        choose_matrix_cell(chosen, every, found or [], wanted)
    if found is None:
        waiting = counted(waiting_texts(store()), "post")
        st.info(f"Texts are being made searchable: {waiting} to go.", icon=":material/manage_search:")
        going_on(["count"])
        return
    if (answers.number_of(asked_of_cases(wanted)) or (0, 0))[1]:
        draw_like_mistakes(chosen, answers.of, wanted)
    if draw_list(chosen, answers, wanted):
        return
    if any(cell.kind != "correct" for cell in every):
        st.info("No mistake matches these filters.")
        st.button("Show all mistakes", on_click=lambda: set_filter(Filter(order=wanted.order)))
    else:
        st.success(no_mistakes(chosen))


main()
