"""One device and the job that runs on it: claimed under a lease, done by one child, every write fenced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from db import job_leases
from db.engine import Store
from db.jobs import Job, Kind, job, log_path
from worker.child_protocol import Inbox
from worker.leftovers import remove_leftovers
from worker.settings import child_environment

LIGHT: tuple[Kind, ...] = ("import", "count", "figure")
"""Jobs that load no model: they have a lane of their own, so that none of them waits for a training."""
HEAVY: tuple[Kind, ...] = (
    "features", "train", "predict", "experiment", "suspicious", "cross-validate", "similar", "similar-mistakes",
)  # fmt: skip
"""Jobs that need a device. What `worker.child` knows is light or heavy; jobs of other kinds wait."""
LIGHT_LANE = "light"
"""What the lane of the light jobs is called where devices have their names; it computes on the CPU."""
CLAIM_EVERY = 0.5
"""Seconds between two looks for a job, or for the wish to cancel one."""
WRITE_EVERY = 1.0
"""Progress is stored at most so often."""
GRACE = 5.0
"""Seconds between the request to stop and the end by force."""
CHILD = (sys.executable, "-m", "worker.child")


@dataclass
class _Running:
    """A job and its child. `kill_at` is set once the child was told to stop."""

    job: Job
    child: "subprocess.Popen[bytes]"
    inbox: Inbox
    beat: float
    looked: float
    stored: tuple[float, str] | None = None
    kill_at: float | None = None


class JobExecutor:
    """Runs jobs on one device, or the light ones, one after the other; `step` never waits for a child.

    Args:
        store: where the jobs are.
        owner: the worker's name in the job_leases.
        device: "cpu", "cuda:0" or `LIGHT_LANE`; `place` is how the store knows it, unlike those of other machines.
        lease: seconds.
        command: what does a job; gets job, attempt, this process's id and the pipe's number as arguments.
    """

    def __init__(
        self, store: Store, owner: str, device: str, place: str, lease: float, command: Sequence[str] = CHILD
    ) -> None:
        self.store, self.owner, self.device, self.place, self.lease = store, owner, device, place, lease
        self.command = tuple(command)
        self.kinds = LIGHT if device == LIGHT_LANE else HEAVY
        self.running: _Running | None = None
        self._claim_at = 0.0

    def step(self) -> Job | None:
        """Does what is to be done now. Returns the job that has just ended, if one has.

        Raises:
            StoreError: the store cannot be written now; the next step tries again.
        """
        if self.running is None:
            self._claim()
            return None
        self.running.inbox.read()
        if self.running.child.poll() is not None:
            self.running.inbox.read()
        try:
            return self._follow(self.running)
        except job_leases.LeaseLost:
            self._drop()
            return None

    def stop(self) -> None:
        """Ends the child and gives the job back at once, so that another worker, or the next one, goes on with it."""
        if self.running is None:
            return
        held = self.running.job
        self._drop()
        try:
            job_leases.release(self.store, held)
        except job_leases.LeaseLost:
            return

    def _claim(self) -> None:
        if time.monotonic() < self._claim_at:
            return
        self._claim_at = time.monotonic() + CLAIM_EVERY
        found = job_leases.claim(self.store, self.owner, self.place, self.kinds, self.lease)
        if found is None:
            return
        try:
            self.running = self._start(found)
        except OSError as error:
            job_leases.fail(self.store, found, f"The job could not be started: {error.strerror or error}.")

    def _start(self, found: Job) -> _Running:
        log = log_path(self.store.home, found.id)
        log.parent.mkdir(parents=True, exist_ok=True)
        reading, writing = os.pipe()
        arguments = [str(found.id), str(found.attempt), str(os.getpid()), str(writing)]
        with log.open("ab") as output:
            output.write(f"-- {time.strftime('%F %T')}, attempt {found.attempt} on {self.device}\n".encode())
            output.flush()
            child = subprocess.Popen(
                [*self.command, *arguments],
                stdin=subprocess.PIPE,  # never written to: its end is our end
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                process_group=0,  # who stops the worker's group stops us, and we give the job back
                env=child_environment(self.device),
            )
        os.close(writing)
        now = time.monotonic()
        return _Running(job=found, child=child, inbox=Inbox(reading), beat=now, looked=now)

    def _follow(self, running: _Running) -> Job | None:
        while running.inbox.events:
            job_leases.note(self.store, running.job, *running.inbox.events[0])
            running.inbox.events.pop(0)
        if running.child.poll() is not None:
            ended = self._settle(running)
            remove_leftovers(self.store, ended)
            self._forget(running)
            return ended
        now = time.monotonic()
        if self._is_to_cancel(running, now) and running.kill_at is None:
            running.child.terminate()
            running.kill_at = now + GRACE
        if running.kill_at is not None and now > running.kill_at:
            running.child.kill()
        return None

    def _is_to_cancel(self, running: _Running, now: float) -> bool:
        """Renews the lease where it is time, with what is new; says whether somebody wants to cancel."""
        fresh = running.inbox.progress if running.inbox.progress != running.stored else None
        if (fresh and now - running.beat >= WRITE_EVERY) or now - running.beat >= self.lease / 3:
            share, message = fresh or (None, None)
            wish = job_leases.heartbeat(self.store, running.job, share, message, self.lease)
            running.beat = running.looked = now
            running.stored = fresh or running.stored
            return wish
        if now - running.looked >= CLAIM_EVERY:
            running.looked = now
            return job(self.store, running.job.id).cancel_requested
        return False

    def _settle(self, running: _Running) -> Job:
        """Says in the store how the job ended; a child that died without a word is tried again."""
        held, inbox = running.job, running.inbox
        if inbox.result is not None:
            return job_leases.finish(self.store, held, inbox.result)
        if running.kill_at is not None:
            return job_leases.cancelled(self.store, held)
        if inbox.error is not None:
            return job_leases.fail(self.store, held, inbox.error)
        how = _how(running.child.returncode)
        with log_path(self.store.home, held.id).open("a", encoding="utf-8") as log:
            log.write(f"-- the child ended without a result: {how}\n")
        return job_leases.child_died(self.store, held, how)

    def _drop(self) -> None:
        """Ends the child, gently first, and forgets the job."""
        assert self.running is not None
        child = self.running.child
        child.terminate()
        try:
            child.wait(1.0)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._forget(self.running)

    def _forget(self, running: _Running) -> None:
        running.inbox.close()
        assert running.child.stdin is not None
        running.child.stdin.close()
        self.running = None
        self._claim_at = 0.0


def _how(status: int) -> str:
    return f"with status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
