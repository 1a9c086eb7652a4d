"""An empty home, and one that holds a few posts and two runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from db.engine import Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home that the app is opened on; nothing is in it yet."""
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MNER_USER", "ann")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    st.cache_data.clear()  # kept by change token, and two homes may have the same one
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The same home with posts and runs (see `filled`)."""
    from tests.app.filled import fill

    filled = fill(home)
    yield filled
    filled.close()
