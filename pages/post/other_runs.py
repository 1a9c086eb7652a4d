"""Up to three other runs on the same post: what each predicts, and where they and the labels differ."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

import streamlit as st

from db.annotations import Revision
from db.predictions import PredictedMark, prediction_of
from db.runs import runs
from pages.components.span_text import MarkedText, span_text
from pages.post.post_state import PostState
from pages.shared import address
from pages.shared.marking import suggestions
from pages.shared.selection import Selection, change
from pages.shared.store import store
from pages.shared.text import plain, quoted, share

FIELD = "beside"
"""The parameter of the address that names the other runs, parted by commas."""
MOST = 3
_KEY = "pick beside"


def known(chosen: Selection) -> list[str]:
    """The runs that can stand beside the chosen one, newest first; none where no run is chosen."""
    return [each.name for each in reversed(runs(store())) if each.name != chosen.run] if chosen.run else []


def named(there: Sequence[str]) -> list[str]:
    """Those of the runs that the address names."""
    said = address.remember("post").get(FIELD, "")
    return [name for name in dict.fromkeys(map(unquote, said.split(","))) if name in there][:MOST]


def draw_choice(there: Sequence[str], others: Sequence[str]) -> None:
    """A choice of other runs."""
    st.session_state[_KEY] = list(others)
    st.multiselect(
        "Other runs", there, key=_KEY, max_selections=MOST, placeholder="none",
        on_change=lambda: change(**{FIELD: _written(st.session_state[_KEY])}),
    )  # fmt: skip


def draw(state: PostState, others: Sequence[str]) -> None:
    """The text as each other run reads it, and a table of the entities about which they are not of one mind."""
    if not others:
        return
    run, example = state.chosen.run, state.post.example
    assert run, "others stand beside a run"
    said = {name: prediction_of(store(), name, state.post.id) for name in others}
    marks = {run: state.stored.marks if state.stored else ()}
    marks |= {name: found.marks for name, found in said.items() if found}
    texts = [
        MarkedText(
            id=name, text=example.text, predicted=suggestions(marks.get(name, ())), note=_note(name, name in marks)
        )
        for name in others
    ]
    span_text(texts, state.types, key="other runs")
    rows = disagreements(example.text, marks, state.gold)
    if rows:
        st.table(rows)
    elif len(marks) > 1:
        st.caption("These runs predict the same entities here.")
    with st.container(horizontal=True, gap="small"):
        for name in others:
            st.button(
                f"Look with {plain(name)}", key=f"look with {name}", on_click=_swap,
                args=(name, [run, *(each for each in others if each != name)]),
                help=f"Shows evidence, counterfactuals and attributions of {plain(name)}.",
            )  # fmt: skip


def disagreements(
    text: str, marks: Mapping[str, Sequence[PredictedMark]], labelled: Revision | None
) -> list[dict[str, str]]:
    """One row for each place at which not all runs predict the same type: what is labelled there, what each says."""
    at = {name: {(mark.start, mark.end): mark for mark in each} for name, each in marks.items()}
    gold = {(mark.start, mark.end): mark.label for mark in labelled.marks} if labelled else {}
    rows = []
    for place in sorted({place for each in at.values() for place in each}):
        said = {name: each.get(place) for name, each in at.items()}
        if len({mark.label if mark else None for mark in said.values()}) > 1:
            row = {"Entity": plain(quoted(text[place[0] : place[1]], marks=False)), "Label": gold.get(place, "–")}
            row |= {
                plain(name): f"{mark.label} {share(mark.confidence)}" if mark else "–" for name, mark in said.items()
            }
            rows.append({column: cell if column == "Entity" else plain(cell) for column, cell in row.items()})
    return rows


def _note(name: str, has_read: bool) -> str:
    return f"Predicted by {name}" if has_read else f"{name} has not read this post yet"


def _written(names: Sequence[str]) -> str:
    return ",".join(quote(name, safe="") for name in names)


def _swap(run: str, others: Sequence[str]) -> None:
    change(run=run, **{FIELD: _written(others)})
