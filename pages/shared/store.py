"""The store that all screens share, and who is asking."""

import os
from functools import lru_cache
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
    return _named(os.environ.get("MNER_HOME"), os.environ.get("DATABASE_URL"), Path.cwd())


def me() -> str:
    """The name of the one who asks; it is also the name of their track.

    Raises:
        InputError: nobody is signed in, or under a name that cannot be.
    """
    return who(st.context.headers, PeopleSettings.from_environment())


@lru_cache(maxsize=4)  # a screen asks some thirty times, and Streamlit's cache takes a quarter of a millisecond each
def _named(_home: str | None, url: str | None, _folder: Path) -> Store:
    return _opened(str(Home.from_environment().root), url or "")


@st.cache_resource(max_entries=4, show_spinner="Opening the store")
def _opened(root: str, url: str) -> Store:
    return open_store(Home(Path(root)), url or None)
