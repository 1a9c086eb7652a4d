"""The supervisor: takes jobs from the store and keeps the serving child. It loads no torch and does no work itself.

It writes every state of a job; children only speak to it. Killed with -9, it takes its children along, and the next
supervisor takes its jobs up again at once: a lock that the system frees tells that the old one is dead.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from db import requests, workers
from db.connection import StoreError
from db.engine import Store, open_store
from db.job_leases import LeaseLost
from db.jobs import jobs
from mner_core.home import Home
from mner_core.types import InputError
from worker import first_start, parent_death
from worker.job_executor import CHILD, JobExecutor, give_up
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
        self.waiting = [self._slot(device, command) for device in settings.devices]
        self.job_executor: list[JobExecutor] = []
        self._locks: list[IO[str]] = []
        self.serving = ServingProcess(store, f"{self.name}-serving") if settings.serving else None
        self._due: dict[Callable[[], object], float] = {}
        self._quiet_until = 0.0
        self._is_chain_due = True

    def run(self, is_alone: Callable[[], bool] = lambda: False) -> None:
        """Works until it is told to stop, or `is_alone` says that its keeper is gone; then gives everything back."""
        try:
            while not self.is_stopping and not is_alone():
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
        self._every(BEAT_EVERY, self._beat)
        self._every(CLEAN_EVERY, self._clean)
        if self.waiting:
            self._every(1.0, self._take_devices)
        if self.serving is not None:
            self.serving.step()
        for slot in self.job_executor:
            ended = slot.step()
            self._is_chain_due |= ended is not None and ended.author == first_start.AUTHOR
        if self._is_chain_due and self.settings.demo and self.job_executor:
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
        """Begins with the devices that no other worker of this home and machine uses."""
        for slot in list(self.waiting):
            lock = _locked(self.store.home.root / f".worker-{self.host}-{slot.device.replace(':', '-')}.lock")
            if lock is None:
                continue
            self._locks.append(lock)
            self._free(slot.place)
            self.waiting.remove(slot)
            self.job_executor.append(slot)
            say(f"The worker takes jobs on {slot.device}.")

    def _free(self, place: str) -> None:
        """Who holds the device's lock is the only one there: a job that runs on it is a dead worker's."""
        for each in jobs(self.store, ("running",)):
            if each.device == place:
                with contextlib.suppress(LeaseLost):
                    give_up(self.store, each)

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
        for slot in self.job_executor:
            with contextlib.suppress(StoreError):
                slot.stop()
        if self.serving is not None:
            with contextlib.suppress(StoreError):
                self.serving.stop()
        with contextlib.suppress(StoreError):
            workers.leave(self.store, self.name)
        for lock in self._locks:
            lock.close()


def become_keeper(group: int) -> None:
    """Takes the dead keeper's place in the runner's eyes: its group, its pipe, its way of being called."""
    say("The keeper is gone; the supervisor takes its place.")
    with contextlib.suppress(OSError):  # nobody is left in the group that the runner would signal
        os.setpgid(0, group)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with Path(__file__).with_name("__main__.py").open("rb") as source:
        os.dup2(source.fileno(), 0)
    os.execv(sys.executable, [sys.executable, "-", "kept"])


def main(arguments: Sequence[str]) -> int:
    """`KEEPER [GROUP]`: the process that started it; with a group, it takes that one's place when it dies."""
    keeper, group = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else None
    if group is None:
        parent_death.die_with(keeper, by=signal.SIGTERM)
    try:
        supervisor = Supervisor(open_store(Home.from_environment()), WorkerSettings.from_environment())
    except (InputError, StoreError) as error:
        say(str(error))
        return 2
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, supervisor.stop)
    supervisor.run(is_alone=lambda: os.getppid() != keeper)
    if group is not None and not supervisor.is_stopping:
        become_keeper(group)
    return 0


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
