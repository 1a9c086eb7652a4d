"""One run more closely: its score on slices of the posts, and whether its confidence can be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from db.change_token import ChangeToken, change_token
from db.engine import Store
from db.evaluations import Judged, judged
from db.gold import CURRENT, examples
from db.posts import datasets
from db.runs import runs
from mner_core.data.tokenize import entity_at
from mner_core.evaluation.scoring import Score
from mner_core.evaluation.slices import TITLES, score_slices
from mner_core.types import Example, Span
from pages.shared.charts import reliability, show
from pages.shared.number_format import counted
from pages.shared.run_words import has_confidences
from pages.shared.selection import Selection, gold_name
from pages.shared.store import store
from pages.shared.text import plain

if TYPE_CHECKING:
    from mner_core.evaluation.calibration import Calibration  # loads scipy, which takes a second

_PERCENT = st.column_config.NumberColumn(format="%.1f", width="small")
_COUNT = st.column_config.NumberColumn(format="%d", width="small")
_DEV = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What is to be seen inside a run's score.

    `slices` are scores by name, `believed` is the calibration of the confidences. `temperature` is what
    their log-odds have to be divided by, fitted on valid, and `mended` the calibration after that; both are None where
    the run found no entity on valid.
    """

    slices: Mapping[str, Score]
    believed: "Calibration"
    temperature: float | None
    mended: "Calibration | None"


@st.cache_data(max_entries=16, show_spinner="Looking into the run")
def inside(
    _store: Store,
    now: ChangeToken,  # noqa: ARG001  it is part of the cache's key
    run: str,
    dataset: str,
    split: str | None,
    gold: str,
) -> Inside:
    """Slices and calibration of a run on the labelled posts that it has read; `now` is the store's change token."""
    from mner_core.evaluation.calibration import calibration, fit_temperature, with_temperature

    read = judged(_store, run, dataset, split, gold)
    posts = [each.gold_post.example for each in read]
    sure, right = _confidences(read)
    tuned = _confidences(judged(_store, run, dataset, _DEV, gold))
    temperature = fit_temperature(*tuned) if len(tuned[0]) else None
    return Inside(
        slices=score_slices(posts, [_in_words(each) for each in read], train=_learned_from(_store, run)),
        believed=calibration(sure, right),
        temperature=temperature,
        mended=None if temperature is None else calibration(with_temperature(sure, temperature), right),
    )


def look_inside(chosen: Selection) -> None:
    """Draws both, when asked to: they are read anew after every correction."""
    if chosen.run is None or chosen.dataset is None:
        return
    asked = st.toggle(
        f"Slices and confidence of {plain(chosen.run)}",
        key="inside",
        help="Where the run is good and where not, and whether what it is sure of is right.",
    )
    if not asked:
        return
    now = change_token(store(), chosen.dataset, None, [chosen.gold, CURRENT], [chosen.run])
    found = inside(store(), now, chosen.run, chosen.dataset, chosen.split, chosen.gold)
    if not found.slices:
        st.caption("The run has read none of the labelled posts.")
        return
    slices, believed = st.columns([5, 3], gap="medium")
    with slices:
        columns = dict.fromkeys(("F1", "P", "R"), _PERCENT) | {"Entities": _COUNT}
        st.dataframe(_rows(found.slices), hide_index=True, height=330, column_config=columns)
        st.caption(
            f"Measured on the {plain(gold_name(chosen.gold))}. Slices of entities count the predictions that touch "
            "one of them, and overlap: they do not add up."
        )
    with believed:
        if not has_confidences(chosen.run):
            st.caption("These predictions were brought without confidences, so there is none to look at.")
        elif found.believed.spans:
            show(reliability(found.believed.bins), height=280, key="reliability")
            st.caption(_believed_sentence(found, chosen.split))
        else:
            st.caption("The run finds no entity in these posts, so there is no confidence to look at.")


def _believed_sentence(found: Inside, split: str | None) -> str:
    said = (
        f"{counted(found.believed.spans, 'predicted entity', 'predicted entities')}. On the dotted line a run is right "
        f"as often as it is sure. Mean distance (ECE): {100 * found.believed.ece:.1f} points."
    )
    if found.temperature is None or found.mended is None:
        return said
    where = "these very posts" if split == _DEV else _DEV
    return (
        f"{said} With a temperature of {found.temperature:.2f}, fitted on {where}, it would be "
        f"{100 * found.mended.ece:.1f}."
    )


def _rows(slices: Mapping[str, Score]) -> list[dict[str, str | float | int]]:
    return [
        {
            "Slice": TITLES.get(name, name),
            "F1": part.f1,
            "P": part.precision,
            "R": part.recall,
            "Entities": part.support,
        }
        for name, part in slices.items()
    ]


def _in_words(each: Judged) -> list[Span]:
    """What the run said, counted in the words of the post as its gold cuts them."""
    tokens = each.gold_post.example.tokens
    return [entity_at(tokens, mark.start, mark.end, mark.label) for mark in each.prediction.marks]


def _confidences(read: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of every predicted entity: how sure the run was, and whether the gold has exactly it."""
    pairs = [(mark.confidence, mark.span in each.gold) for each in read for mark in each.prediction.marks]
    return np.array([sure for sure, _ in pairs], float), np.array([right for _, right in pairs], bool)


def _learned_from(known: Store, name: str) -> list[Example]:
    """The training posts of the data set that the run learned from, where it is still there."""
    data = next(str(run.data.get("name")) for run in runs(known) if run.name == name)
    return examples(known, data, split="train") if data in {each.name for each in datasets(known)} else []
