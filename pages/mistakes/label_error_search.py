"""Having labels that look wrong searched for: the form, and what became of the last search."""

import streamlit as st

from db.connection import StoreError
from db.gold import CURRENT
from db.jobs import enqueue, jobs
from db.posts import Dataset
from mner_core.catalog.profiles import PROFILES
from mner_core.catalog.systems import SYSTEMS
from mner_core.types import InputError
from pages.shared.status import active_jobs
from pages.shared.store import me, store
from pages.shared.text import plain

HOW_IT_IS_SEARCHED = (
    "Five models are trained, each on four fifths of the posts, and judge the labels of the rest, which they have "
    "never seen."
)
_SAID = "label errors said"


def draw_search(found: Dataset, first: str | None = "train") -> None:
    """The form, which begins with the split `first`; why the last search failed stands below it."""
    columns = st.columns([2, 2, 2, 2], vertical_alignment="bottom")
    splits = sorted((split for split in found.splits if split), key=lambda split: (split != first, split != "train"))
    columns[0].selectbox("Split", splits, key="label errors split")
    columns[1].selectbox(
        "Judged by", list(SYSTEMS), format_func=lambda name: SYSTEMS[name].title, key="label errors model"
    )
    columns[2].selectbox("Profile", list(PROFILES), key="label errors profile")
    is_asked = any(job.payload.get("dataset") == found.name for job in active_jobs(store(), ["suspicious"]))
    columns[3].button(
        "Searching ..." if is_asked else "Search", on_click=_ask, args=(found.name,), disabled=is_asked,
        width="stretch",
    )  # fmt: skip
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))
    last = next(iter(jobs(store(), ("done", "failed"), ("suspicious",), dataset=found.name, limit=1)), None)
    if last and last.status == "failed":
        st.error(plain(last.error), icon=":material/error:")


def _ask(name: str) -> None:
    session = st.session_state
    asked = {part: session.get(f"label errors {part}") for part in ("split", "model", "profile")}
    payload = {"dataset": name, "gold": CURRENT, **asked}
    try:
        enqueue(store(), "suspicious", payload, author=me(), dedupe_key=f"suspicious {name}")
    except (InputError, StoreError) as error:
        session[_SAID] = str(error)
