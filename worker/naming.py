"""What a training job's run is called, and where it lies until it is whole."""

import re
from pathlib import Path

from db.jobs import Job
from mner_core.home import Home
from mner_core.run_record import checked_run_name
from mner_core.types import InputError


def run_name(job: Job) -> str:
    """The name that was asked for, or one a person can read: model, variant, data set and the job's number.

    Every attempt of a job gets the same.

    Raises:
        InputError: the name cannot be that of a folder.
    """
    payload = job.payload
    given = payload.get("name")
    if given:
        return checked_run_name(str(given))
    parts = [str(payload.get("model", "run")), _slug(payload.get("variant") or ""), _slug(payload.get("dataset") or "")]
    return "-".join([*(part for part in parts if part), str(job.id)])


def unfinished_run(home: Home, job: Job) -> Path:
    """Where a training's run grows. Only a job of the kind `train` owns that folder, whatever others are called."""
    try:
        name = run_name(job)
    except InputError:
        name = f"job-{job.id}"
    return home.runs / f".{name}.unfinished"


def _slug(text: str) -> str:
    """Lower-case letters and digits with hyphens, short."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:24].strip("-")
