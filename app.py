"""The web process: page set-up, who is asking, navigation. `streamlit run app.py`, or `make run`."""

import streamlit as st

from db.engine import StoreError
from mner_core.types import InputError
from pages.shared.selection import enter
from pages.shared.status import status_line
from pages.shared.store import me, store

SCREENS = {
    "overview": ("Overview", ":material/home:", "What there is, and how good the runs are."),
    "errors": ("Errors", ":material/rule:", "Where a run is wrong, by kind and type."),
    "post": ("Post", ":material/image_search:", "One post: what a run predicted and what it looked at."),
    "annotate": ("Annotate", ":material/edit:", "Correct the labels of posts, one after another."),
    "runs": ("Runs", ":material/model_training:", "Train, watch, and look at finished runs."),
    "data": ("Data", ":material/database:", "Import posts, and take corrected ones out."),
}


def navigation() -> list[st.Page]:
    """All screens at their own addresses; the address without a name opens the overview."""
    return [
        st.Page(f"pages/{name}/view.py", title=title, icon=icon, help=about, url_path=name, default=name == "overview")
        for name, (title, icon, about) in SCREENS.items()
    ]


st.set_page_config(page_title="MNER workbench", page_icon="🔎", layout="wide")
try:
    store()
    person = me()
except (StoreError, InputError) as error:
    st.error(str(error))
    st.stop()

page = st.navigation(navigation())
enter(page.url_path or "overview")
with st.sidebar:
    status_line()
    st.caption(f":material/person: {person}")
page.run()
