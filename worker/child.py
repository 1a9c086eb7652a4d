"""Does one job and ends: `python -m worker.child JOB ATTEMPT PARENT CHANNEL`, started by a supervisor.

What it prints goes to the job's log, a traceback too; a person is told one sentence. It may be killed at any moment:
all it writes is whole or absent, and the next attempt goes on from there. It yields to everybody (nice 10), so that
the serving child answers while it trains.
"""

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence

from db.connection import StoreError
from db.engine import open_store
from db.jobs import Kind, job
from mner_core.home import Home
from mner_core.types import InputError
from worker import parent_death
from worker.child_protocol import Reporter

NICE = 10
MODULES: Mapping[Kind, str] = {
    "import": "worker.jobs.imports",
    "features": "worker.jobs.features",
    "train": "worker.jobs.train",
    "predict": "worker.jobs.predict",
    "experiment": "worker.jobs.experiments",
    "suspicious": "worker.jobs.label_errors",
    "cross-validate": "worker.jobs.cross_validation",
    "count": "worker.jobs.count",
    "figure": "worker.jobs.figures",
    "similar": "worker.jobs.similar",
    "similar-mistakes": "worker.jobs.similar_mistakes",
}
"""Each has `run(store, job, report) -> result`; only the one that is needed is loaded."""


def main(arguments: Sequence[str]) -> int:
    """Does the job and returns the exit status: 0 done, 2 a person has to do something, 1 anything else."""
    job_id, attempt, parent, channel = (int(argument) for argument in arguments)
    parent_death.die_with(parent)
    os.nice(NICE)
    with Reporter(channel) as report:
        return _do(job_id, attempt, report)


def _do(job_id: int, attempt: int, report: Reporter) -> int:
    try:
        store = open_store(Home.from_environment())
        mine = job(store, job_id)
        if (mine.attempt, mine.status) != (attempt, "running"):
            return 1  # somebody else's by now
        report.result(importlib.import_module(MODULES[mine.kind]).run(store, mine, report))
    except (InputError, StoreError) as error:
        report.error(str(error))
        return 2
    except Exception as error:  # noqa: BLE001 - whatever it is, the job ends with a sentence and the log has the rest
        traceback.print_exc()
        report.error(sentence(error))
        return 1
    return 0


def sentence(error: Exception) -> str:
    """What a person is told about an error that nobody foresaw; the traceback is for the log."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full: make room and start the job again."
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "There is not enough memory: a smaller batch, or a smaller model, may fit."
    return f"The program made a mistake ({type(error).__name__}): its log says where."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
