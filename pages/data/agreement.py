"""How far two labellings of a data set agree: people's tracks, the corrected labels, the original ones."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.figures import Question
from pages.shared.figures import computed
from pages.shared.number_format import counted
from pages.shared.selection import gold_name, golds
from pages.shared.store import store
from pages.shared.text import plain

_NUMBER = st.column_config.NumberColumn(format="%.1f", width="small")
_KAPPA = st.column_config.NumberColumn(format="%.2f", width="small")


def agreement_between(dataset: str) -> None:
    """Two choices of labels and how far they agree, type by type, with the places where they do not."""
    names = golds(store(), dataset)
    people = names[2:]
    columns = st.columns(2)
    first = columns[0].selectbox(
        "These labels", names, index=min(2, len(names) - 1), format_func=gold_name, key="agree first"
    )
    default = 3 if len(people) > 1 else 0
    second = columns[1].selectbox("And these", names, index=default, format_func=gold_name, key="agree second")
    found = computed(Question(kind="agreement", dataset=dataset, golds=(first, second)))
    if found is None:
        return
    if "problem" in found:
        st.caption(plain(found["problem"]))
        return
    facts = st.columns(4)
    f1 = found["spans"]["f1"]
    facts[0].metric("Span F1", "-" if f1 is None else f"{f1:.1f}", help="- where neither has marked a span.")
    facts[1].metric("Kappa on words", _kappa(found["kappa"]), help="1 is agreement, 0 is what chance gives.")
    facts[2].metric("On marked words", _kappa(found["kappa_marked"]), help="Words that either side has marked.")
    facts[3].metric("Disagreements", f"{found['number']:,}")
    st.caption(f"On {counted(found['posts'], 'post')} with {counted(found['words'], 'word')} that both have labelled.")
    for gold in dict.fromkeys((first, second)):
        if sentence := _began(found["began"][gold], gold):
            st.caption(sentence)
    if found["per_type"]:
        st.dataframe(_types(found), hide_index=True, column_config={"Span F1": _NUMBER, "Kappa": _KAPPA})
    if shown := found["disagreements"]:
        st.dataframe([_row(each) for each in shown], hide_index=True)
        if found["number"] > len(shown):
            st.caption(f"The first {len(shown)} of them; `python -m db agreement --json` lists all.")


def _began(found: Mapping[str, int], gold: str) -> str:
    """What the posts of a person's track began with: who began with labels agrees with them more than chance has it."""
    names = {"empty": "began empty", "unknown": "began with what nobody noted"}
    parts = [f"{counted(number, 'post')} {names.get(began, f'began with {began}')}" for began, number in found.items()]
    return plain(f"{gold_name(gold)[:1].upper()}{gold_name(gold)[1:]}: {', '.join(parts)}.") if parts else ""


def _types(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "Type": label,
            "Span F1": figures["f1"],
            "Kappa": found["kappa_per_type"][label],
            "In the first": figures["support"],
        }
        for label, figures in found["per_type"].items()
    ]


def _row(each: Mapping[str, Any]) -> dict[str, str]:
    return {
        "Post": each["post"],
        "Split": each.get("split", ""),
        "Words": each["text"],
        "What": each["kind"],
        "First": _label(each["first"]),
        "Second": _label(each["second"]),
    }


def _label(span: Mapping[str, Any] | None) -> str:
    return span["label"] if span else "-"


def _kappa(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
