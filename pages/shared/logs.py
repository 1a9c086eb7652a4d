"""A job's log as a screen may show it: its last lines, without paths of this machine and without stack traces."""

from collections.abc import Iterator
from pathlib import Path

from mner_core.files import names_only
from mner_core.home import Home

READ = 64_000
"""Bytes from the end of the log that are looked at."""


def log_tail(file: Path, home: Home, lines: int = 30) -> str:
    """The last lines of a log file, empty where there is none yet."""
    try:
        with file.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - READ))
            text = log.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(list(_clean(text, home))[-lines:])


def _clean(text: str, home: Home) -> Iterator[str]:
    is_trace = False
    for line in text.replace(str(home.root), "").split("\n"):
        shown = line.rsplit("\r", 1)[-1].rstrip()
        if shown.startswith("Traceback (most recent call last)"):
            is_trace = True
        elif is_trace and (shown.startswith(" ") or not shown):
            continue
        elif shown:
            is_trace = False
            yield names_only(shown)
