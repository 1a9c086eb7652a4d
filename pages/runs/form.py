"""The form that starts a training, drawn from the catalog's settings and the sentences about them."""

from typing import Literal, get_args, get_origin

import streamlit as st

from db.connection import StoreError
from db.gold import CURRENT
from db.gold_totals import labelled_counts
from db.posts import datasets
from db.runs import StoredRun, runs
from mner_core.catalog.profiles import PROFILES
from mner_core.catalog.systems import SYSTEMS
from mner_core.data.labelled import UNMEASURED_BELOW
from mner_core.types import InputError
from pages.mistakes.corrections_reach import draw_reach
from pages.runs.submit import Field, TrainingChoice, fields_of, submit_training
from pages.shared.number_format import counted
from pages.shared.selection import Selection, gold_name, golds
from pages.shared.store import me, store
from pages.shared.text import plain

_SAID = "train said"
_SCRATCH = ""

MAIN = ("epochs",)
"""Settings that everybody wants to see; the others are folded away."""


def training_form(chosen: Selection, start: str | None = None) -> None:
    """Draws the form; `start` is the run that the address asks to go on from."""
    session = st.session_state
    known = [run for run in reversed(runs(store())) if not run.is_brought]
    _begin(chosen, known, start)
    data, gold, seed = st.columns(3)
    data.selectbox("Learn from", [each.name for each in datasets(store())], key="train dataset")
    gold.selectbox("Labels", golds(store(), session["train dataset"]), key="train gold", format_func=gold_name)
    seed.selectbox(
        "Start from",
        [_SCRATCH, *(run.name for run in known)],
        key="train start",
        format_func=lambda name: name or "scratch",
        on_change=lambda: _like(known),
        help="A run: its parameters are where the training begins.",
    )
    st.caption(_what_counts(session["train dataset"], session["train gold"]))
    draw_reach(session["train dataset"], session["train gold"], always=True)
    model, variant, profile = st.columns(3)
    model.selectbox("Model", list(SYSTEMS), key="train model", format_func=lambda name: SYSTEMS[name].title)
    system = SYSTEMS[session["train model"]]
    if session.get("train variant") not in {"", *system.variants}:
        session["train variant"] = ""
    variant.selectbox(
        "Variant", ["", *system.variants], key="train variant", format_func=lambda name: name or "the whole model"
    )
    profile.selectbox("Profile", list(PROFILES), key="train profile", help=_PROFILE)
    st.caption(plain(system.paper) + ".")
    _draw_settings()
    st.button("Train", type="primary", on_click=_train, icon=":material/play_arrow:")
    if sentence := session.pop(_SAID, ""):
        st.error(plain(sentence))


def _what_counts(dataset: str, gold: str) -> str:
    """What a training would learn from, what it would leave out, and what would choose its epoch."""
    counts = labelled_counts(store(), dataset, gold)
    (train, raw), (valid, _) = (counts.get(split, (0, 0)) for split in ("train", "valid"))
    said = [f"It learns from {counted(train, 'labelled post')} of train."]
    said += [f"{counted(raw, 'post')} without labels {'is' if raw == 1 else 'are'} left out."] if raw else []
    if valid:
        said.append(f"Its best epoch is chosen on {counted(valid, 'labelled post')} of valid.")
    elif 0 < train < UNMEASURED_BELOW:
        said.append("No post of valid is labelled: it trains for all its epochs, and **nothing is measured**.")
    return " ".join(said)


_PROFILE = (
    "What reads text and pictures before the model does. compact: small pretrained networks, made for a laptop; "
    "paper: the large ones that the papers used, whose weights you bring (docs/paper-profile.md) and a GPU should run; "
    "tiny: small untrained ones, quick and poor, for trying things out."
)


def _begin(chosen: Selection, known: list[StoredRun], start: str | None) -> None:
    """Fills the form when it is first seen, and when the address asks for another beginning."""
    session = st.session_state
    names = [each.name for each in datasets(store())]
    if session.get("train dataset") not in names:
        session["train dataset"] = chosen.dataset
    if session.get("train gold") not in golds(store(), session["train dataset"]):
        session["train gold"] = CURRENT
    if start is not None and session.get("train asked") != start and start in {run.name for run in known}:
        session["train asked"] = session["train start"] = start
        _like(known)
    session.setdefault(
        "train model", next(name for name, system in SYSTEMS.items() if system.settings().needs.pictures)
    )
    session.setdefault("train profile", next(iter(PROFILES)))


def _like(known: list[StoredRun]) -> None:
    """Sets the form to what the run to start from was trained with."""
    session = st.session_state
    run = next((run for run in known if run.name == session["train start"]), None)
    if run is None:
        return
    if run.model in SYSTEMS:
        session["train model"], session["train variant"] = run.model, run.variant
    if run.profile in PROFILES:
        session["train profile"] = run.profile


def _draw_settings() -> None:
    """The fields of the settings that the chosen model, variant and profile have."""
    fields, place = _fields()
    columns = st.columns(3)
    columns[0].text_input("Name of the new run", key="train name", placeholder="made from model and number")
    with columns[1]:
        for each in fields:
            if each.name in MAIN:
                _field(each, place)
    columns[2].number_input("Seed", 0, 2**31 - 1, key="train seed", help="Decides all that is drawn by chance.")
    with st.expander("All settings"):
        columns = st.columns(3)
        for number, each in enumerate(each for each in fields if each.name not in MAIN):
            with columns[number % 3]:
                _field(each, place)


def _fields() -> tuple[list[Field], str]:
    """The settings on offer, and the name under which the session keeps what was said of them."""
    session = st.session_state
    chosen = session["train model"], session["train variant"], session["train profile"]
    return fields_of(*chosen), " ".join(chosen)


def _wish() -> TrainingChoice:
    """What the form says at the moment of asking, which may be ahead of what was last drawn."""
    session = st.session_state
    fields, place = _fields()
    said = {each.name: session.get(f"setting {place} {each.name}", each.default) for each in fields}
    return TrainingChoice(
        dataset=session["train dataset"],
        gold=session["train gold"],
        model=session["train model"],
        variant=session["train variant"],
        profile=session["train profile"],
        seed=int(session.get("train seed") or 0),
        settings={each.name: said[each.name] for each in fields if said[each.name] != each.default},
        start=session["train start"] or None,
        name=session.get("train name", "").strip(),
    )


def _field(field: Field, place: str) -> None:
    """A widget for a setting; its state belongs to model, variant and profile, whose own values differ."""
    label, key = field.name.replace("_", " ").capitalize(), f"setting {place} {field.name}"
    about = f"{field.about[:1].upper()}{field.about[1:]}."
    if get_origin(field.hint) is Literal:
        options = get_args(field.hint)
        st.selectbox(label, options, index=options.index(field.default), key=key, help=about)
    elif field.hint is bool:
        st.toggle(label, field.default, key=key, help=about)
    elif field.hint is int:
        st.number_input(label, 0, None, field.default, step=1, key=key, help=about)
    else:
        step = field.default / 5 or 0.01
        st.number_input(label, 0.0, None, field.default, step=step, format="%g", key=key, help=about)


def _train() -> None:
    try:
        submit_training(store(), _wish(), me())
        st.session_state["train name"] = ""
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)
