"""Processes seen from outside: who is whose child, and who is still there."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], object], seconds: float = 240) -> None:
    """Waits until the condition holds; fails when it does not within the time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def command_line(pid: int) -> str:
    """What a process was started with; empty where there is none, or only a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def below(pid: int) -> list[int]:
    """All processes that come from a process, the nearest first, itself left out."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(pid, []))
    for each in found:
        found += children.get(each, [])
    return found


def of_home(home: Path) -> list[int]:
    """All processes that were told to use this home, whoever their parent is by now."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"MNER_HOME={home}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def named(text: str, among: Iterable[int]) -> list[int]:
    """Those whose command line has the text in it."""
    return [pid for pid in among if text in command_line(pid)]


def one(text: str, among: Callable[[], Iterable[int]], seconds: float = 120) -> int:
    """The first of some processes whose command line has the text in it, once there is one."""
    found: list[int] = []
    wait_for(lambda: found.extend(named(text, among())) or found, seconds)
    return found[0]


def kill(*pids: int) -> None:
    """kill -9, at once."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    return not command_line(pid)


def ends(pids: Iterable[int], seconds: float = 10) -> None:
    """Waits until all of these are gone."""
    wanted = list(pids)
    wait_for(lambda: all(map(is_gone, wanted)), seconds)
