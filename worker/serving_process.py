"""The serving child as its supervisor sees it: kept alive, its questions given to the next one when it dies."""

import os
import subprocess
import sys
import time

from db import requests
from db.engine import Store
from worker.settings import child_environment

LONGEST_PAUSE = 30.0


class ServingProcess:
    """Starts `worker.serving` and starts it again when it is gone.

    Args:
        store: where the questions are.
        owner: its name in the questions' rows.
        device: on which it computes, beside a training that may run there.
    """

    def __init__(self, store: Store, owner: str, device: str = "cpu") -> None:
        self.store, self.owner, self.device = store, owner, device
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def step(self) -> None:
        """Brings it back where it is gone; the longer it keeps dying at once, the later."""
        if self.is_alive:
            return
        if self._child is not None:
            self._end()
            lived = time.monotonic() - self._started
            self._pause = 0.0 if lived > 10 else min(max(2 * self._pause, 0.5), LONGEST_PAUSE)
            self._started = time.monotonic()
            requests.give_back(self.store, self.owner)
        if time.monotonic() - self._started >= self._pause:
            self._start()

    def stop(self) -> None:
        """Ends it; what it has not answered goes to others."""
        if self._child is not None:
            self._end()
        requests.give_back(self.store, self.owner)

    def _start(self) -> None:
        log = self.store.home.logs / "serving.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        mode = "ab" if log.exists() and log.stat().st_size < 1 << 20 else "wb"
        with log.open(mode) as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "worker.serving", self.owner, str(os.getpid())],
                stdin=subprocess.PIPE,  # never written to: its end is our end
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                env=child_environment(self.device),
            )
        self._started = time.monotonic()

    def _end(self) -> None:
        assert self._child is not None
        self._child.kill()  # it holds nothing that a kill could harm
        self._child.wait()
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child = None
