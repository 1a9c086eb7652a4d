"""The quiet menu of a data set or a run, to rename or delete it, and the place where deleted ones are brought back.

What would be lost is counted when somebody asks for it, not with the screen.
"""

from collections.abc import Callable

import streamlit as st

from db.connection import StoreError
from db.deleted_names import WORDS, Thing
from db.deletion import KEPT_DAYS, Loss, bring_back, delete, deleted_things, what_is_lost
from db.renaming import LONGEST, rename
from mner_core.types import InputError
from pages.shared.number_format import counted, data_size, when
from pages.shared.selection import change
from pages.shared.status import job_title
from pages.shared.store import store
from pages.shared.text import plain

_RENAME, _DELETE = "Rename", "Delete"
_ICONS = {_RENAME: ":material/edit: Rename", _DELETE: ":material/delete: Delete"}
_SAID = "thing menu said"
_DONE = "thing menu done"


def titled(thing: Thing, name: str) -> None:
    """The name as a header with the menu at its end."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(name), anchor=False, width="stretch")
        _menu(thing, name)


def bring_back_list(thing: Thing) -> None:
    """What was deleted and can be brought back; nothing where nothing was."""
    found = [each for each in deleted_things(store()) if each.thing == thing]
    if not found:
        return
    with st.expander(f"Deleted ({len(found):,})", icon=":material/delete:"):
        for each in found:
            said, back = st.columns([6, 1], vertical_alignment="center")
            said.markdown(f"**{plain(each.name)}**")
            said.caption(f"Deleted {when(each.deleted)} · kept until {when(each.until)}")
            back.button("Bring back", key=f"bring back {each.aside}", on_click=_bring_back, args=(thing, each.aside))
        if sentence := st.session_state.pop(f"{_SAID} {thing}", ""):
            st.error(plain(sentence))


def what_goes(found: Loss) -> str:
    """What a person is told before, in sentences."""
    if found.thing == "run":
        predicted = f" and what it predicted of {counted(found.posts, 'post')} go" if found.posts else " goes"
        folder = f"Its folder ({data_size(found.bytes)}){predicted}."
        return f"{folder} Labels that somebody saved from its suggestions stay."
    parts = [counted(found.posts, "post")]
    parts += [f"{counted(found.revisions, 'revision')} that people made of their labels"] if found.revisions else []
    parts += [f"{data_size(found.bytes)} of pictures"] if found.bytes else []
    runs = "The run" if found.runs == 1 else f"The {found.runs:,} runs"
    stay = f" {runs} that learned from them or {'was' if found.runs == 1 else 'were'} brought for them"
    stays = "stays, with its folder." if found.runs == 1 else "stay, with their folders."
    what = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"{what} {'goes' if found.posts == len(parts) == 1 else 'go'}.{f'{stay} {stays}' if found.runs else ''}"


def _menu(thing: Thing, name: str) -> None:
    """A button with what can be done to it as a whole; a dialog that could not do it stays open and says why."""
    chosen = st.menu_button(
        "", [_RENAME, _DELETE], key=f"more {thing}", icon=":material/more_horiz:", type="tertiary",
        format_func=_ICONS.__getitem__, help=f"Rename or delete the {WORDS[thing]}",
    )  # fmt: skip
    st.session_state.pop(_DONE, None)
    what, whose, _ = st.session_state.get(_SAID, (None, None, ""))
    if chosen or whose != name:
        st.session_state.pop(_SAID, None)
    elif what:
        chosen = what
    if chosen == _RENAME:
        st.dialog(f"Rename the {WORDS[thing]}")(_rename_dialog)(thing, name)
    if chosen == _DELETE:
        st.dialog(f"Delete the {WORDS[thing]}")(_delete_dialog)(thing, name)


def _rename_dialog(thing: Thing, name: str) -> None:
    _close_when_done()
    st.text_input("Name", name, key="new name", max_chars=LONGEST)
    st.caption("Addresses that say the old name lead to it no more; finished tables and exported files keep it.")
    _act("Rename", _rename, thing, name)


def _delete_dialog(thing: Thing, name: str) -> None:
    _close_when_done()
    try:
        found = what_is_lost(store(), thing, name)
    except InputError as error:  # somebody else was quicker
        st.session_state.pop(_SAID, None)
        st.error(plain(str(error)))
        return
    st.markdown(f"**{plain(name)}**")
    st.markdown(plain(what_goes(found)))
    if found.jobs:
        needed = ", ".join(job_title(job) for job in found.jobs)
        st.session_state.pop(_SAID, None)
        st.warning(plain(f"It is needed now: {needed}. Wait for the end, or stop that on the screen Runs."))
        return
    st.caption(f"It can be brought back for {KEPT_DAYS} days, at the end of this screen.")
    _act("Delete", _delete, thing, name)


def _act(label: str, act: Callable[[Thing, str], None], thing: Thing, name: str) -> None:
    """The button that does it, and what is said where it could not be done."""
    st.button(label, key=f"do {label}", type="primary", on_click=act, args=(thing, name))
    if said := st.session_state.pop(_SAID, None):
        st.error(plain(said[2]))


def _close_when_done() -> None:
    """The dialog alone runs again after its button: what it spoke of may be gone then."""
    if st.session_state.pop(_DONE, False):
        st.rerun()


def _rename(thing: Thing, name: str) -> None:
    new = str(st.session_state["new name"]).strip()
    try:
        rename(store(), thing, name, new)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = (_RENAME, name, str(error))
    else:
        st.session_state[_DONE] = True
        change(**{thing: new})


def _delete(thing: Thing, name: str) -> None:
    try:
        delete(store(), thing, name)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = (_DELETE, name, str(error))
    else:
        st.session_state[_DONE] = True
        change(**{thing: None})


def _bring_back(thing: Thing, aside: str) -> None:
    try:
        found = bring_back(store(), thing, aside)
    except (InputError, StoreError) as error:
        st.session_state[f"{_SAID} {thing}"] = str(error)
    else:
        change(**{thing: found.name})
