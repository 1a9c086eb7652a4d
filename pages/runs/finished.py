"""Finished runs: a table of all, and everything that is known of one."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.gold_totals import labelled_counts
from db.posts import datasets
from db.runs import StoredRun, runs
from mner_core.catalog.systems import SYSTEMS
from mner_core.evaluation.slices import TITLES
from mner_core.run_record import read_record
from mner_core.types import InputError
from pages.shared.charts import epoch_curve, show
from pages.shared.number_format import COUNT_COLUMN, counted, duration, short, when
from pages.shared.pickers import choice_table
from pages.shared.selection import Selection, change, page_link
from pages.shared.store import store
from pages.shared.text import plain
from pages.shared.thing_menu import titled

_COLUMNS = {"F1": "f1", "P": "precision", "R": "recall", "Entities": "support"}
_NUMBER = st.column_config.NumberColumn(format="%.1f", width="small")
_SCORE_COLUMNS = {"F1": _NUMBER, "P": _NUMBER, "R": _NUMBER, "Entities": COUNT_COLUMN}


def table_of_runs(chosen: Selection) -> None:
    """All runs, newest first; ticking a row chooses one."""
    found = list(reversed(runs(store())))
    columns = {"F1": _NUMBER, "Precision": _NUMBER, "Recall": _NUMBER}
    choice_table("run", [run.name for run in found], chosen.run, [_row(run) for run in found], columns)
    st.caption(
        "F1, precision and recall in percent, one seed each, on the validation posts as they were labelled then. Gold "
        "is the fingerprint of the labels that were learned. The overview measures all runs on one gold."
    )


def one_run(chosen: Selection) -> None:
    """Everything about the chosen run, and where to go from it."""
    run = next(run for run in runs(store()) if run.name == chosen.run)
    dev = run.metrics["dev"]
    if run.is_brought:
        _brought(run)
        return
    titled("run", run.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        page_link("errors", "Its errors")
        page_link("overview", "Compare it")
        st.button(
            "Train a run from it", type="tertiary", icon=":material/model_training:",
            on_click=lambda: change(new="yes", start=run.name),
        )  # fmt: skip
    st.caption(
        f"{_model(run)} · {run.profile} · learned from {counted(int(run.data.get('train', 0)), 'post')} of "
        f"{plain(str(run.data.get('name', '?')))}"
        + (f", starting from {plain(run.parent)}" if run.parent else "")
        + f" · seed {run.seed} · {duration(run.seconds)} · {when(run.created)}"
    )
    if left_out := int(run.data.get("left_out", 0)):
        st.caption(
            f"{counted(left_out, 'post')} of train had no labels and {'was' if left_out == 1 else 'were'} left out."
        )
    if moved := _fewer_now(run):
        st.caption(moved)
    if dev.get("measured") is False:
        _not_measured(run)
    elif dev.get("per_type"):
        _how_good(run, dev)
    else:
        st.caption("The run's folder does not say how good it was in training.")
    with st.expander("Settings, slices and versions"):
        _details(run)


def _brought(run: StoredRun) -> None:
    """What is known of predictions that somebody brought."""
    titled("run", run.name)
    with st.container(horizontal=True):
        page_link("errors", "Its errors", dataset=str(run.data.get("name")))
        page_link("overview", "Compare it", dataset=str(run.data.get("name")))
    spans, posts = int(run.data.get("spans", 0)), int(run.data.get("posts", 0))
    st.caption(
        f"Predictions that were brought: {counted(spans, 'entity', 'entities')} in {counted(posts, 'post')} of "
        f"{plain(str(run.data.get('name', '?')))}, {int(run.data.get('with_confidence', 0)):,} with a confidence · "
        f"{when(run.created)}. There are no weights: it cannot predict other posts, nor be trained on."
    )
    unknown: Mapping[str, int] = run.data.get("labels_unknown", {})
    if unknown:
        each = ", ".join(f"{number:,} {label}" for label, number in unknown.items())
        st.caption(f":material/info: Labels that the data set did not have count as wrong: {plain(each)}.")


def _fewer_now(run: StoredRun) -> str:
    """That its own figures rest on posts that have left valid since; empty where none has."""
    name = str(run.data.get("name", ""))
    if name not in {each.name for each in datasets(store())}:
        return ""
    then, now = int(run.data.get("dev", 0)), labelled_counts(store(), name).get("valid", (0, 0))[0]
    if now >= then:
        return ""
    return (
        f":material/move_item: It was measured on {counted(then, 'labelled post')} of valid, of which {now:,} are left "
        "there. The overview measures all runs on the same posts."
    )


def _how_good(run: StoredRun, dev: Mapping[str, Any]) -> None:
    """The curve of its epochs, and the best one type by type."""
    curve, types = st.columns(2, gap="large")
    with curve:
        epochs = [{**each["dev"], "number": each["number"], "loss": each["loss"]} for each in run.metrics["epochs"]]
        show(epoch_curve(epochs, run.metrics["best_epoch"]), height=240, key="run curve")
    with types:
        st.dataframe(_score_rows(dev), hide_index=True, column_config=_SCORE_COLUMNS)
    st.caption(
        f"Protocol `{dev['protocol']}` · {dev['support']:,} entities in "
        f"{counted(int(run.data.get('dev', 0)), 'validation post')} · fingerprint of their labels "
        f"`{short(dev['gold_sha256'])}`, of the training labels `{short(_gold(run, 'train'))}`"
    )


def _not_measured(run: StoredRun) -> None:
    """What is known of a run that had no labelled posts to be measured on."""
    epochs = run.metrics["epochs"]
    st.info(
        f"Nothing was measured: no post of valid was labelled. The run trained for {counted(len(epochs), 'epoch')}, "
        "and the last one was kept. Label posts of valid or test, and see on the overview how good it is."
    )
    show(epoch_curve(epochs), height=240, key="run curve")


def _details(run: StoredRun) -> None:
    dev = run.metrics["dev"]
    settings, slices, versions = st.columns([2, 3, 2])
    system = SYSTEMS.get(run.model)
    abouts = (
        {
            each: field.metadata["about"]
            for each, field in system.settings.__dataclass_fields__.items()
            if field.metadata
        }
        if system
        else {}
    )
    settings.dataframe(
        [
            {"Setting": name, "Value": str(value), "What it is": abouts.get(name, "")}
            for name, value in run.settings.items()
        ],
        hide_index=True,
    )
    slices.dataframe(
        [{"Slice": TITLES.get(name, name), **_figures(part)} for name, part in dev.get("slices", {}).items()],
        hide_index=True,
        column_config=_SCORE_COLUMNS,
    )
    try:
        found: Mapping[str, str] = read_record(run.folder).versions
        versions.dataframe([{"Library": name, "Version": value} for name, value in found.items()], hide_index=True)
    except InputError:
        versions.caption("The run's folder is gone or damaged, so its versions are not known.")


def _score_rows(dev: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [{"Type": label, **_figures(part)} for label, part in dev["per_type"].items()]
    return [*rows, {"Type": "all", **_figures(dev)}]


def _figures(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part.get(field) for name, field in _COLUMNS.items()}


def _row(run: StoredRun) -> dict[str, Any]:
    dev = run.metrics["dev"]
    return {
        "Run": run.name,
        "Model": _model(run),
        "Learned from": "–" if run.is_brought else str(run.data.get("name", "?")),
        "Gold": short(_gold(run, "train")),
        "Started from": run.parent or ("–" if run.is_brought else "scratch"),
        "F1": dev.get("f1"),
        "Precision": dev.get("precision"),
        "Recall": dev.get("recall"),
        "Trained": when(run.created),
    }


def _model(run: StoredRun) -> str:
    if run.is_brought:
        return "brought predictions"
    system = SYSTEMS.get(run.model)
    title = system.title if system else run.model
    return f"{title}, {run.variant}" if run.variant else title


def _gold(run: StoredRun, part: str) -> str:
    found = run.data.get("gold")
    return str(found.get(part, "")) if isinstance(found, Mapping) else ""
