"""`python -m worker` keeps the worker alive: it starts the supervisor, and starts it again whenever it is gone.

Started by hand or by a service manager, its own death ends the whole worker. A Procfile's runner, however, stops
everything when one of its lines ends, and then the worker's death would be the web's. For it the line reads

    worker: exec .venv/bin/python - kept < worker/__main__.py

This file needs nothing but Python, so it can be read from standard input, and its command line then does not bear the
worker's name: who kills all that is called worker leaves the keeper. Who kills the keeper finds the supervisor in its
place: it notices, and becomes the keeper (`supervisor.become_keeper`) in the group that the runner signals. The runner
sees the line end only when nobody holds its pipe any more: when keeper and supervisor are killed in the same moment.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time

GRACE = 4.0
"""Seconds that the supervisor has to stop; a runner waits five before it kills."""
LONGEST_PAUSE = 30.0
"""Seconds between two starts of a supervisor that dies at once."""
BAD_SETTINGS = 2
"""The supervisor's exit status when a person has to do something first; a kept worker goes on trying."""


class Keeper:
    """Starts the supervisor again and again until it is told to stop, or the runner is gone."""

    def __init__(self, kept: bool) -> None:
        self.kept = kept
        self._told = threading.Event()
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken by it
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

    def run(self) -> int:
        """Keeps the supervisor alive; returns the exit status when it was told to stop."""
        pause = 0.0
        while not self._told.is_set():
            supervisor, started = self._start(), time.monotonic()
            while supervisor.poll() is None and not self._told.is_set():
                self._sleep(1.0)
            if self._told.is_set():
                _stop(supervisor)
                break
            if supervisor.returncode == BAD_SETTINGS and not self.kept:
                return BAD_SETTINGS
            pause = 0.0 if time.monotonic() - started > 5 else min(max(2 * pause, 0.5), LONGEST_PAUSE)
            _say(f"The supervisor ended ({_how(supervisor.returncode)}); it starts again in {pause:g} s.")
            until = time.monotonic() + pause
            while time.monotonic() < until and not self._told.is_set():
                self._sleep(until - time.monotonic())
        return 0

    def _start(self) -> "subprocess.Popen[bytes]":
        """The supervisor has a group of its own, so that nobody kills both by killing one group."""
        place = [str(os.getpid()), str(os.getpgid(0))] if self.kept else [str(os.getpid())]
        command = [sys.executable, "-m", "worker.supervisor", *place]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)

    def _sleep(self, seconds: float) -> None:
        """Sleeps until a signal comes, at most so long."""
        if select.select([self._woken], [], [], max(seconds, 0))[0]:
            os.read(self._woken, 512)
        if self.kept and not _is_heard():
            self._told.set()

    def _stop(self, *_: object) -> None:
        self._told.set()


def _stop(supervisor: "subprocess.Popen[bytes]") -> None:
    """Its children die with it, however it ends."""
    supervisor.terminate()
    try:
        supervisor.wait(GRACE)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def _is_heard() -> bool:
    """Whether somebody still reads what the worker says: a runner that was killed leaves a pipe without a reader."""
    poll = select.poll()
    poll.register(1, 0)
    return not any(event & select.POLLERR for _, event in poll.poll(0))


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(sentence, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(Keeper(kept=sys.argv[1:] == ["kept"]).run())
