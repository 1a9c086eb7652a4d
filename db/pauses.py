"""Politeness between two batches of a long writer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from db.connection import LOOK
from db.engine import Store

_PAUSE = 10 * LOOK
"""Seconds for which a batch leaves the store to others: whoever waits looks every `LOOK`, and finds it free."""


@contextmanager
def then_a_pause(store: Store) -> Iterator[None]:
    """Leaves the store to others for a moment after a batch: SQLite has one writer, and gives no turns."""
    yield
    if store.is_sqlite:
        time.sleep(_PAUSE)
