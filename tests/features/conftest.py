"""What all tests of features share."""

from pathlib import Path

import pytest

from mner_core.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")
