"""The web process: page set-up, who is asking, navigation. `streamlit run app.py`, or `make run`.

Streamlit runs this file twice over: the server imports it once for `app`, and every session runs it as its script.
"""

import streamlit as st
from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager

from db.connection import StoreError
from mner_core.types import InputError
from pages.shared.selection import enter, go
from pages.shared.stale_parts import leave_out_stale_parts
from pages.shared.status import status_line
from pages.shared.store import me, store
from pages.shared.text import plain
from pages.shared.theme import refine

SCREENS = {
    "overview": ("Overview", "home", "What there is, and how good the runs are."),
    "errors": ("Errors", "rule", "Where a run is wrong, by kind and type."),
    "post": ("Post", "image_search", "One post: what a run predicted and what it looked at."),
    "annotate": ("Annotate", "edit", "Correct the labels of posts, one after another."),
    "runs": ("Runs", "model_training", "Train, watch, and look at finished runs."),
    "experiments": ("Experiments", "science", "The papers' tables: our numbers beside theirs."),
    "data": ("Data", "database", "Import and export posts, divide splits, find label errors."),
}


def start() -> None:
    """What the address without a name opens. A default page has no other address, and the overview shall have one."""
    go("overview")


def session() -> None:
    """Draws the screen that the address names, below the navigation."""
    named = [  # no icons: Streamlit would fetch the open page's from another host, as the tab's picture
        st.Page(f"pages/{name}/view.py", title=title, help=about, url_path=name)
        for name, (title, _, about) in SCREENS.items()
    ]
    unnamed = st.Page(start, title="Overview", url_path="start", default=True, visibility="hidden")
    page = st.navigation([unnamed, *named])
    st.set_page_config(page_title=f"{page.title} · MNER workbench", page_icon="🔎", layout="wide")
    refine({name: icon for name, (_, icon, _) in SCREENS.items()})
    enter(page.url_path)
    try:
        store()
        with st.sidebar:
            status_line()
            st.caption(f":material/person: {plain(me())}")
        page.run()
    except (StoreError, InputError) as error:
        st.error(plain(str(error)))


if runtime.exists():
    session()
else:
    # Without this, a folder `pages` makes Streamlit answer the first deep link to a fresh server with "Page not found".
    PagesManager.uses_pages_directory = False
    leave_out_stale_parts()
    app = st.App(__file__)
