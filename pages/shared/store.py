"""The store that all screens share, and who is asking."""

import os
from pathlib import Path

import streamlit as st

from db.engine import Store, open_store
from mner_core.home import Home
from pages.shared.sign_in import PeopleSettings, who


def store() -> Store:
    """The store of this process: opened, and brought up to date, by the first who asks.

    Raises:
        StoreError: it cannot be opened; the sentence says why and what to do.
    """
    return _opened(str(Home.from_environment().root), os.environ.get("DATABASE_URL", ""))


def me() -> str:
    """The name of the one who asks; it is also the name of their track.

    Raises:
        InputError: nobody is signed in, or under a name that cannot be.
    """
    return who(st.context.headers, PeopleSettings.from_environment())


@st.cache_resource(max_entries=4, show_spinner="Opening the store")
def _opened(root: str, url: str) -> Store:  # by words: Streamlit hashes a dataclass for 1 ms, and this is asked often
    return open_store(Home(Path(root)), url or None)
