"""The store that all screens share, and who is asking."""

import os

import streamlit as st

from db.engine import Store, open_store
from mner_core.home import Home
from pages.shared.sign_in import PeopleSettings, who


def store() -> Store:
    """The store of this process: opened, and brought up to date, by the first who asks.

    Raises:
        StoreError: it cannot be opened; the sentence says why and what to do.
    """
    return _opened(Home.from_environment(), os.environ.get("DATABASE_URL", ""))


def me() -> str:
    """The name of the one who asks; it is also the name of their track.

    Raises:
        InputError: nobody is signed in, or under a name that cannot be.
    """
    return who(st.context.headers, PeopleSettings.from_environment())


@st.cache_resource(max_entries=4, show_spinner="Opening the store")
def _opened(home: Home, url: str) -> Store:
    return open_store(home, url or None)
