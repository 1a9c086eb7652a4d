"""After a batch the store is left to others for as long as the batch took, and for a second at most."""

from types import SimpleNamespace
from typing import Any

import pytest

from db import pauses
from db.pauses import then_a_pause


@pytest.mark.parametrize(
    ("took", "pause"), [(0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0), (1.5, 1.0), (60.0, 1.0), (1e4, 1.0)]
)
@pytest.mark.parametrize("is_sqlite", [True, False])
def test_a_batch_is_followed_by_a_pause(
    monkeypatch: pytest.MonkeyPatch, took: float, pause: float, is_sqlite: bool
) -> None:
    """Only SQLite gives no turns: elsewhere nobody waits."""
    now, slept = [1000.0], []
    monkeypatch.setattr(pauses, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=slept.append))
    store: Any = SimpleNamespace(is_sqlite=is_sqlite)
    with then_a_pause(store):
        now[0] += took
        assert slept == []
    assert slept == ([pause] if is_sqlite else [])


def test_a_batch_that_fails_is_followed_by_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = SimpleNamespace(is_sqlite=True)
    with pytest.raises(KeyError), then_a_pause(store):
        raise KeyError
