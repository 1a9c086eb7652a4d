"""Label errors as a work list: where and when they were searched for, and the search itself."""

import streamlit as st

from db.label_error_results import newest_ranking
from db.posts import Dataset
from pages.mistakes.label_error_search import HOW_IT_IS_SEARCHED, draw_search
from pages.shared.number_format import when
from pages.shared.status import going_on
from pages.shared.store import store
from pages.shared.text import plain


def is_searched(found: Dataset, split: str | None) -> bool:
    """Whether the last search for label errors looked through the split; None is all of the data set."""
    ranking = newest_ranking(store(), found.name)
    return ranking is not None and split in (None, ranking.payload["split"])


def draw_label_errors(found: Dataset, split: str | None) -> None:
    """What was searched last, and the form that has a split searched (again)."""
    going_on(["suspicious"])
    ranking = newest_ranking(store(), found.name)
    if ranking is None:
        st.write(f"No search yet. {HOW_IT_IS_SEARCHED}")
    else:
        searched = plain(str(ranking.payload["split"]))
        st.caption(f":material/fact_check: Searched {when(ranking.finished or 0.0)} in {searched}.")
    is_here = is_searched(found, split)
    with st.expander("Search again" if is_here else "Search for label errors", expanded=not is_here):
        draw_search(found, split)
