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


class Pauses:
    """The pauses of a long writer that prepares its batches: while it prepares one, the store is free as well."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._free_since = float("-inf")

    @contextmanager
    def before_a_batch(self) -> Iterator[None]:
        """Lets the batch wait until the store has been left to others for as long as after any batch."""
        left = self._free_since + _PAUSE - time.monotonic()
        if self._store.is_sqlite and left > 0:
            time.sleep(left)
        yield
        self._free_since = time.monotonic()
