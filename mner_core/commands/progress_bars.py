"""Progress on standard error."""

import sys
import time


class Bar:
    """Progress on standard error: a line that renews itself on a terminal, a line every ten seconds in a log."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Told how much is done."""
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if done < total and now - self._last < (0.2 if terminal else 10):
            return
        self._last = now
        sys.stderr.write(f"\r{self.what} {done}/{total}" if terminal else f"{self.what} {done}/{total}\n")
        if terminal and done >= total:
            sys.stderr.write("\n")
        sys.stderr.flush()


class Bars:
    """One bar after the other, by what is being done."""

    def __init__(self) -> None:
        self._bar = Bar("")

    def __call__(self, what: str, done: int, total: int) -> None:
        """Told what is being done and how much of it is done."""
        if what != self._bar.what:
            self._bar = Bar(what)
        self._bar(done, total)
