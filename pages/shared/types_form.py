"""The types of a data set: named, described, given a colour and a key, or taken from another set or a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from db.connection import StoreError
from db.entity_types import set_types
from db.posts import Dataset, datasets
from db.runs import runs
from mner_core.data.entity_types import EntityType, merged
from mner_core.types import InputError
from pages.components.colours import label_colours, label_keys
from pages.shared.store import store
from pages.shared.text import plain

_FORM = "types form"
_SAID = "types said"
_ROUND = "types round"
_BLANK = 2
"""Empty rows that a set without types begins with."""


@dataclass
class _Form:
    """What is being edited: the types as they were read, the rows, each with what it begins with, and the colours that
    types have as long as nobody chooses one.
    """

    dataset: str
    base: tuple[EntityType, ...]
    rows: dict[int, EntityType] = field(default_factory=dict)
    usual: dict[str, str] = field(default_factory=dict)
    added: int = 0
    number: int = 0

    def add(self, each: EntityType) -> None:
        """One more row."""
        self.rows[self.added] = each
        self.added += 1

    def remove(self, row: int) -> None:
        """A row less."""
        del self.rows[row]

    def key(self, name: str, row: int) -> str:
        """The session's name for a field of a row."""
        return f"type {name} {self.number} {row}"


def types_form(dataset: Dataset) -> None:
    """Draws the form."""
    form = _form(dataset)
    known = _in_rows(form)
    for row in list(form.rows):
        _draw_row(form, row, known)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Save the types", type="primary", on_click=_save, args=(form,))
        st.button("Add a type", icon=":material/add:", on_click=form.add, args=(EntityType(name=""),))
        st.space("stretch")
        _draw_sources(form)
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))


def _form(dataset: Dataset) -> _Form:
    """The form of this data set, begun anew where another one was edited.

    Where the data set's types were changed meanwhile, by somebody else or an import, both changes are in its rows.
    """
    kept: _Form | None = st.session_state.get(_FORM)
    is_same = kept is not None and kept.dataset == dataset.name
    if kept is not None and is_same and kept.base == dataset.types:
        return kept
    types = merged(kept.base, dataset.types, _in_rows(kept)) if kept is not None and is_same else dataset.types
    form = _Form(dataset.name, dataset.types, number=st.session_state.get(_ROUND, 0))
    for each in types or [EntityType(name="")] * _BLANK:
        form.add(each)
    st.session_state[_FORM] = form
    st.session_state[_ROUND] = form.number + 1
    return form


def _draw_row(form: _Form, row: int, known: list[EntityType]) -> None:
    begin = form.rows[row]
    name = st.session_state.get(form.key("name", row), begin.name).strip()
    columns = st.columns([3, 1.2, 1.2, 5, 4, 1], vertical_alignment="bottom")
    columns[0].text_input("Type", begin.name, key=form.key("name", row), placeholder="for example PER")
    form.usual[name] = begin.colour if begin.name == name and begin.colour else _usual_colour(known, name)
    columns[1].color_picker("Colour", form.usual[name], key=form.key(f"colour {name}", row))
    columns[2].text_input(
        "Key", begin.key, key=form.key("key", row), max_chars=1, placeholder=_usual_keys(known).get(name, "")
    )
    columns[3].text_input(
        "Description", begin.description, key=form.key("description", row), placeholder="what belongs to it"
    )
    columns[4].text_input(
        "Examples", ", ".join(begin.examples), key=form.key("examples", row), placeholder="names, with commas"
    )
    columns[5].button(
        "", icon=":material/delete:", key=form.key("remove", row), help=f"Remove {plain(name) or 'this row'}",
        on_click=form.remove, args=(row,),
    )  # fmt: skip


def _usual_colour(known: list[EntityType], name: str) -> str:
    """The colour that the type has as long as nobody chooses one."""
    others = [each for each in known if each.name != name]
    return label_colours([*others, EntityType(name=name or "a new type")])[name or "a new type"].light_fill


def _usual_keys(known: list[EntityType]) -> Mapping[str, str]:
    return dict(zip([each.name for each in known], label_keys(known), strict=True))


def _in_rows(form: _Form) -> list[EntityType]:
    """The types as the rows have them; a row without a name is none."""
    found = []
    for row, begin in form.rows.items():
        said = {
            name: st.session_state.get(form.key(name, row), value)
            for name, value in [
                ("name", begin.name), ("key", begin.key), ("description", begin.description),
                ("examples", ", ".join(begin.examples)),
            ]
        }  # fmt: skip
        if not (name := said["name"].strip()):
            continue
        colour = st.session_state.get(form.key(f"colour {name}", row), form.usual.get(name))
        found.append(
            EntityType(
                name=name,
                colour=begin.colour if colour == form.usual.get(name) else colour,
                key=said["key"].strip(),
                description=said["description"].strip(),
                examples=tuple(each.strip() for each in said["examples"].split(",") if each.strip()),
            )
        )
    return found


def _draw_sources(form: _Form) -> None:
    """The types of another set or of a run, to begin with."""
    sources = {f"{each.name} (data set)": each.types for each in datasets(store()) if each.name != form.dataset}
    sources |= {f"{each.name} (run)": tuple(EntityType(name=label) for label in each.labels) for each in runs(store())}
    sources = {name: types for name, types in sources.items() if types}
    if not sources:
        return
    chosen = st.selectbox("Take types from", list(sources), key=f"type source {form.number}", width=260)
    st.button("Take them", on_click=_take, args=(form, sources[chosen]))


def _take(form: _Form, types: tuple[EntityType, ...]) -> None:
    here = {each.name for each in _in_rows(form)}
    for row in list(form.rows):
        if not st.session_state.get(form.key("name", row), form.rows[row].name).strip():
            form.rows.pop(row)
    for each in types:
        if each.name not in here:
            form.add(each)


def _save(form: _Form) -> None:
    try:
        set_types(store(), form.dataset, _in_rows(form), form.base)
        st.session_state.pop(_FORM, None)
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)
