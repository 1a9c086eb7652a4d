"""Whether corrections reach the next training: said where people correct and where they train, with what helps."""

from collections.abc import Callable, Mapping

import streamlit as st

from db.connection import StoreError
from db.corrections import Corrections, Move, corrections, move_into_train, plan_into_train
from db.gold import CURRENT, ORIGINAL
from db.posts import dataset as dataset_named
from mner_core.types import InputError
from pages.mistakes.worklist import TITLES, forget_list
from pages.shared.number_format import counted
from pages.shared.selection import page_link
from pages.shared.store import store
from pages.shared.text import plain

_SAID = "corrections moved"
_ASKED = "corrections asked"
_AT_ONCE = 10_000
"""Posts that are looked through while a screen is drawn: some tens of milliseconds."""


def draw_reach(
    dataset: str, gold: str = CURRENT, always: bool = False, after: Callable[[], None] = forget_list
) -> None:
    """How many corrections a training on `gold` learns from, and what to do about the others.

    Nothing where nobody corrected anything, and, unless `always`, where every correction is learned from. `after` is
    called when posts were moved.
    """
    if said := st.session_state.pop(_SAID, ""):
        st.success(plain(said), icon=":material/move_item:")
    found = corrections(store(), dataset)
    if not found.number or gold not in (CURRENT, ORIGINAL):
        return
    if gold == ORIGINAL:
        if always:
            reach = "reaches" if found.number == 1 else "reach"
            st.caption(
                f":material/info: It learns the original labels: {counted(found.number, 'correction')} {reach} no "
                "training on them."
            )
    elif found.elsewhere:
        st.info(reach_sentence(found), icon=":material/school:")
        _draw_ways(dataset, found, after)
    elif always:
        st.caption(f":material/school: {reached(found)}")


def reached(found: Corrections) -> str:
    """How many corrections a training learns from."""
    return f"{counted(found.learned, 'correction')} {'reaches' if found.learned == 1 else 'reach'} this training."


def reach_sentence(found: Corrections) -> str:
    """How many corrections a training does not read, and where they are."""
    away = sum(found.elsewhere.values())
    where = _listed({plain(split) or "no split": number for split, number in found.elsewhere.items()})
    which = f"{away:,} of the {found.number:,} corrections" if found.learned else f"All {away:,} corrections"
    which = "The only correction" if found.number == 1 else which
    lie, them = ("lies", "it") if away == 1 else ("lie", "them")
    return f"{which} {lie} in {where}, which training does not read: a run learns nothing from {them}."


def _listed(numbers: Mapping[str, int]) -> str:
    """Splits in words: valid, or valid (8) and test (2)."""
    if len(numbers) == 1:
        return next(iter(numbers))
    return " and ".join(f"{split} ({number:,})" for split, number in numbers.items())


def _draw_ways(dataset: str, found: Corrections, after: Callable[[], None]) -> None:
    """What people do: correct posts that are learned from, or move the corrected ones there.

    Which posts would move is looked up in all of the data set's texts: in a large one only for those who ask.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        for title, name in (("Label errors of train", "doubts"), (TITLES["held-out"], "held-out")):
            page_link("annotate", title, dataset=dataset, split="train", list=name, post=None)
        asked = (dataset, found.number)
        if sum(dataset_named(store(), dataset).splits.values()) > _AT_ONCE and st.session_state.get(_ASKED) != asked:
            st.button("What would move into train", on_click=lambda: st.session_state.update({_ASKED: asked}))
            return
        try:
            plan = plan_into_train(store(), dataset)
        except InputError as error:
            st.caption(plain(str(error)))
            return
        st.button(
            f"Move {counted(len(plan.posts), 'post')} into train",
            icon=":material/move_item:",
            on_click=_move,
            args=(dataset, after),
            help=f"{_left(plan)} Labels and what runs said of the posts stay with them. Runs are measured on the posts "
            "that are left: their mistakes move out, so every run's figures rise, and earlier figures rest on more "
            "posts.",
        )


def _left(plan: Move) -> str:
    """What stays to measure on."""
    left = ", ".join(f"{counted(number, 'labelled post')} in {plain(split)}" for split, number in plan.left.items())
    goes = "goes" if plan.alike == 1 else "go"
    alike = f"{counted(plan.alike, 'post')} with the same text or picture {goes} along. " if plan.alike else ""
    return f"{alike}Left to measure on: {left}."


def _move(dataset: str, after: Callable[[], None]) -> None:
    try:
        done = move_into_train(store(), dataset)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = f"Nothing was moved. {error}"
        return
    after()
    moved = counted(len(done.posts), "post")
    st.session_state[_SAID] = (
        f"{moved} {'is' if len(done.posts) == 1 else 'are'} in train now. {_left(done)} "
        "Figures of earlier runs that were noted before rest on more posts."
    )
