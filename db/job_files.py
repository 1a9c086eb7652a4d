"""Files with what jobs have found, where that is too much for the store: one for each job that ended well."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.connection import disk_error
from db.engine import Store
from db.jobs import Job, Kind, jobs
from mner_core.files import whole_file
from mner_core.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFiles:
    """The files of one kind of job, which lie in a folder of the home; `what` they hold is named where one fails."""

    kind: Kind
    folder: str
    what: str

    def of(self, home: Home, job: int) -> Path:
        """Where that job's file is or will be."""
        return home.root / self.folder / f"job-{job}.json"

    def keep(self, store: Store, job: Job, found: Any) -> Path:
        """Writes what a job found, as JSON.

        Raises:
            StoreError: it cannot be written.
        """
        file = self.of(store.home, job.id)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(file) as beside:
                beside.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8", errors="replace")
        except OSError as error:
            raise disk_error(error, self.what) from error
        return file

    def ended(self, store: Store, dataset: str) -> list[tuple[Job, Path]]:
        """The data set's jobs whose files are there, newest first."""
        found = ((job, self.of(store.home, job.id)) for job in jobs(store, ("done",), (self.kind,), dataset=dataset))
        return [(job, file) for job, file in found if file.is_file()]
