"""A data set of one split divided into train, valid and test: shares, a seed, what would be, and the button."""

import streamlit as st

from db.change_token import ChangeToken, change_token
from db.connection import StoreError
from db.engine import Store
from db.posts import Dataset
from db.splits import Division, is_dividable, move_posts, plan_division
from mner_core.data.division import SPLITS
from mner_core.types import InputError
from pages.shared.number_format import counted
from pages.shared.store import store
from pages.shared.text import plain

_SAID = "divide said"
_USUAL = (80, 10, 10)


def division(found: Dataset) -> None:
    """The form, where the files of the data set have one split."""
    if not found.posts or not is_dividable(store(), found.name):
        return
    whole = len(found.splits) == 1
    title = "All posts are in one split: divide them" if whole else "Divide the posts otherwise"
    with st.expander(title, icon=":material/splitscreen:"):
        st.write(
            "A run learns from train, its best epoch is chosen on valid, and it is measured on test. Posts with the "
            "same text or the same picture stay together. Labels and predictions stay with their posts."
        )
        _draw_form(found)


def _draw_form(found: Dataset) -> None:
    columns = st.columns(4)
    shares = [
        float(columns[place].number_input(f"{split.capitalize()}, %", 0, 100, usual, key=f"divide {split}"))
        for place, (split, usual) in enumerate(zip(SPLITS, _USUAL, strict=True))
    ]
    seed = columns[3].number_input("Seed", 0, 2**31 - 1, key="divide seed", help="Decides which posts go where.")
    problem = "" if sum(shares) == 100 else f"The shares add up to {sum(shares):g}, not to 100."
    problem = problem or ("" if shares[0] else "Something has to be in train.")
    if problem:
        st.warning(problem)
    else:
        token = change_token(store(), found.name)
        st.caption(_planned(store(), token, found.name, tuple(shares), int(seed)))
    st.button(
        "Divide", type="primary", on_click=_divide, args=(found.name, tuple(shares), int(seed)), disabled=bool(problem)
    )
    if said := st.session_state.pop(_SAID, ""):
        st.error(plain(said))


def _sentence(plan: Division) -> str:
    """What would be, in numbers."""
    counts = ", ".join(f"**{number:,}** in {split}" for split, number in plan.counts.items())
    like = f" {counted(plan.together, 'post')} stay with others like them." if plan.together else ""
    return f"It would be {counts}.{like}"


@st.cache_data(max_entries=8, show_spinner="Looking for posts that belong together")
def _planned(
    _store: Store,
    now: ChangeToken,  # noqa: ARG001  it is part of the cache's key
    dataset: str,
    shares: tuple[float, ...],
    seed: int,
) -> str:
    return _sentence(plan_division(_store, dataset, shares, seed))


def _divide(dataset: str, shares: tuple[float, ...], seed: int) -> None:
    try:
        move_posts(store(), dataset, plan_division(store(), dataset, shares, seed).splits)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)
