"""Answers that hold as long as nobody writes: what a screen asks many times while it is drawn is asked once.

A connection that never writes tells whether anybody has: SQLite's `data_version` of it differs once another connection,
of this process or of another, has committed. Elsewhere, and within `Store.frozen`, every question is asked anew.
"""

import sqlite3
import threading
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy.engine import URL

MOST = 256
"""Answers that are kept; a screen asks for some dozen."""
_Answer = TypeVar("_Answer")
_Rest = ParamSpec("_Rest")
_Store = TypeVar("_Store", bound="_Asked")


class Unchanged:
    """What was answered since the last write to an SQLite file, by question."""

    def __init__(self, url: URL) -> None:
        self._file = url.database or ""
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._answers: dict[object, tuple[int, Any]] = {}

    def once(self, question: object, ask: Callable[[], _Answer]) -> _Answer:
        """The answer to a question, asked again only where somebody has written since; nobody may change it."""
        # Looked at first: an answer may be newer than the number it is kept under, and is never older.
        now = self._version()
        if now is None:
            return ask()
        then, answer = self._answers.get(question, (None, None))
        if then != now:
            answer = ask()
            if len(self._answers) >= MOST:
                self._answers.clear()
            self._answers[question] = (now, answer)
        return answer  # type: ignore[return-value]

    def close(self) -> None:
        """Gives the connection back; the next question opens another."""
        with self._lock:
            self._answers.clear()
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _version(self) -> int | None:
        """None where the file cannot be read: the question itself then says so, in a sentence."""
        with self._lock:
            try:
                if self._connection is None:
                    self._answers.clear()  # each connection counts for itself
                    self._connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None


class _Asked(Protocol):
    @property
    def unchanged(self) -> Unchanged | None: ...


def while_unchanged(
    ask: Callable[Concatenate[_Store, _Rest], _Answer],
) -> Callable[Concatenate[_Store, _Rest], _Answer]:
    """Lets a question to a store be asked once as long as nobody writes; who is given a list or dict has their own."""

    @wraps(ask)
    def asked(store: _Store, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Answer:
        if store.unchanged is None:
            return ask(store, *rest, **named)
        question = (ask, rest, tuple(named.items()))
        return copy(store.unchanged.once(question, lambda: ask(store, *rest, **named)))

    return asked
