"""The supervisor: takes jobs from the store and keeps the serving child. It loads no torch and does no work itself.

It writes every state of a job; children only speak to it. Killed with -9, it takes its children along, and the next
supervisor takes its jobs up again at once: a lock that the system frees tells that the old one is dead.
"""

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from db import requests, workers
from db.connection import StoreError
from db.engine import Store
from db.job_leases import LeaseLost, lost
from db.jobs import jobs
from db.uncounted import count_in_background
from worker import first_start, parent_death
from worker.job_executor import CHILD, LIGHT_LANE, JobExecutor
from worker.serving_process import ServingProcess
from worker.settings import WorkerSettings

TICK = 0.05
BEAT_EVERY = 5.0
CLEAN_EVERY = 60.0


class Supervisor:
    """All that a worker does, in one loop.

    Args:
        store: where jobs and questions are.
        settings: devices, lease, limits.
        command: what does a job (`JobExecutor`).
    """

    def __init__(self, store: Store, settings: WorkerSettings, command: Sequence[str] = CHILD) -> None:
        self.store, self.settings = store, settings
        self.host = socket.gethostname()
        self.name = f"{self.host}-{os.getpid()}-{time.time_ns() % 10**9}"
        self.is_stopping = False
        self.waiting = [self._slot(device, command) for device in (*settings.devices, LIGHT_LANE)]
        self.executors: list[JobExecutor] = []
        self._locks: list[IO[str]] = []
        self._unfreed: list[str] = []
        served = ServingProcess(store, f"{self.name}-serving", settings.devices[0])
        self.serving = served if settings.serving else None
        self._due: dict[Callable[[], object], float] = {}
        self._quiet_until = 0.0
        self._is_chain_due = True
        self._is_counting_due = True  # a store of an older version

    def run(self) -> None:
        """Works until it is told to stop, or its runner is gone; then gives everything back."""
        try:
            while not self.is_stopping and not parent_death.is_output_unread():
                if time.monotonic() >= self._quiet_until:
                    self._try()
                time.sleep(TICK)
        finally:
            self._leave()

    def stop(self, *_: object) -> None:
        """Lets `run` end soon; a signal handler."""
        self.is_stopping = True

    def step(self) -> None:
        """One turn of the loop.

        Raises:
            StoreError: the store cannot be used now.
        """
        if self.waiting:
            self._every(1.0, self._take_devices)
        if self._unfreed:
            self._free_devices()
        self._every(BEAT_EVERY, self._beat)
        self._every(CLEAN_EVERY, self._clean)
        if self.serving is not None:
            self.serving.step()
        for executor in self.executors:
            ended = executor.step()
            self._is_chain_due |= ended is not None and ended.author == first_start.AUTHOR
            self._is_counting_due |= ended is not None and (ended.kind, ended.status) == ("count", "done")
        if self._is_counting_due and self.executors:
            count_in_background(self.store)
            self._is_counting_due = False
        if self._is_chain_due and self.settings.demo and self.executors:
            first_start.go_on(self.store)
            self._is_chain_due = False

    def _try(self) -> None:
        try:
            self.step()
        except StoreError as error:
            say(str(error))
            self._quiet_until = time.monotonic() + 1.0

    def _slot(self, device: str, command: Sequence[str]) -> JobExecutor:
        return JobExecutor(self.store, self.name, device, f"{self.host}:{device}", self.settings.lease, command)

    def _take_devices(self) -> None:
        """Begins with the devices that no other worker of this home and machine uses.

        The lock alone tells the screens that a worker runs: it needs no write, for which the store may be too busy.
        """
        for executor in list(self.waiting):
            lock = _locked(workers.lock_of(self.store.home, f"{self.host}-{executor.device}"))
            if lock is None:
                continue
            self._locks.append(lock)
            self.waiting.remove(executor)
            self.executors.append(executor)
            self._unfreed.append(executor.place)
            say(f"The worker takes {', '.join(executor.kinds)} ({executor.device}).")

    def _free_devices(self) -> None:
        """Who holds the device's lock is the only one there: a job that runs on it is a dead worker's."""
        for each in jobs(self.store, ("running",)):
            if each.device in self._unfreed and each.owner != self.name:
                with contextlib.suppress(LeaseLost):
                    lost(self.store, each)
        self._unfreed.clear()

    def _beat(self) -> None:
        places = ", ".join(self.settings.devices)
        is_serving = self.serving is not None and self.serving.is_alive
        workers.beat(self.store, self.name, places, {"host": self.host, "pid": os.getpid(), "serving": is_serving})

    def _clean(self) -> None:
        requests.clean_up(self.store)

    def _every(self, seconds: float, do: Callable[[], object]) -> None:
        if time.monotonic() >= self._due.get(do, 0.0):
            self._due[do] = time.monotonic() + seconds
            do()

    def _leave(self) -> None:
        """Whatever fails here heals by itself later: leases run out, silent workers are forgotten."""
        for executor in self.executors:
            with contextlib.suppress(StoreError):
                executor.stop()
        if self.serving is not None:
            with contextlib.suppress(StoreError):
                self.serving.stop()
        with contextlib.suppress(StoreError):
            workers.leave(self.store, self.name)
        for lock in self._locks:
            lock.close()


def say(sentence: str) -> None:
    """A line for whoever reads the worker's output, where somebody still does."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)  # noqa: T201


def _locked(file: Path) -> IO[str] | None:
    """The file, locked until it is closed or this process ends; None where another process has it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle
