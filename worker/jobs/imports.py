"""Import: a data set's folder into the store.

Payload: {"folder", "name" (else the folder's own), "labels" ({"OTHER": "MISC"}), "remove" (the folder is an upload
below the home, which `worker.leftovers` removes once the job is done)}, or {"demo": "scenes" | "photos", "size",
"seed", "name"}.
Result: {"dataset", "added", "updated", "unchanged", "defects": {kind: number}, "left_out": [files]}; the store has the
defects themselves.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from db.engine import Store
from db.exchange import import_folder
from db.jobs import Job
from mner_core.data.photos import write_photos
from mner_core.scenes.write import write_scenes
from mner_core.types import InputError
from worker.child_protocol import Reporter


def run(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """Imports one folder.

    Raises:
        InputError: there is no such folder, or there are no posts in it.
    """
    if "demo" in job.payload:
        return _demo(store, job, report)
    if not job.payload.get("folder"):
        raise InputError("The import names no folder.")
    return _imported(store, job, Path(job.payload["folder"]), report)


def _demo(store: Store, job: Job, report: Reporter) -> dict[str, Any]:
    """The demonstration set is written beside the store, read, and thrown away: the store has its own pictures."""
    with tempfile.TemporaryDirectory(dir=store.home.root, prefix=".demo-") as beside:
        folder = Path(beside) / "set"
        report.progress(0.05, "drawing pictures" if job.payload["demo"] == "scenes" else "copying photographs")
        if job.payload["demo"] == "scenes":
            write_scenes(folder, job.payload["size"], job.payload["seed"])
        else:
            write_photos(folder)
        return _imported(store, job, folder, report)


def _imported(store: Store, job: Job, folder: Path, report: Reporter) -> dict[str, Any]:
    report.progress(0.1, "reading posts and pictures")

    def say(done: int, total: int) -> None:
        report.progress(0.4 + 0.6 * done / max(total, 1), f"{done:,} of {total:,} posts")

    done = import_folder(store, folder, job.payload.get("name"), job.payload.get("labels"), progress=say)
    return {
        "dataset": done.dataset,
        "added": done.added,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "defects": dict(Counter(defect.kind for defect in done.defects)),
        "left_out": list(done.left_out),
    }
