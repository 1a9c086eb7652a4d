"""Politeness between two batches of a long writer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from db.engine import Store

_LONGEST_PAUSE = 1.0
"""After a batch the store is left to others for as long as the batch took, but for so many seconds at most.

SQLite has no queue: who waits looks again every tenth of a second, and finds the store locked again where one batch
follows the other.
"""


@contextmanager
def then_a_pause(store: Store) -> Iterator[None]:
    """Leaves the store to others for as long as a batch has taken: SQLite has one writer, and gives no turns."""
    begun = time.monotonic()
    yield
    if store.is_sqlite:
        time.sleep(min(time.monotonic() - begun, _LONGEST_PAUSE))
