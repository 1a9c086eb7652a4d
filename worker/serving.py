"""The serving child: `python -m worker.serving OWNER PARENT`, started by a supervisor and gone with it.

It looks for a question every 50 ms and answers while jobs run: those are nicer than it is.
"""

import sys
import time
import traceback
from collections.abc import Sequence

from db import requests
from db.connection import StoreError
from db.engine import Store, open_store
from db.runs import runs
from mner_core.home import Home
from mner_core.types import InputError
from worker import parent_death
from worker.evidence_cache import EvidenceCache
from worker.model_cache import ModelCache
from worker.request_handlers import RequestHandlers
from worker.settings import WorkerSettings

TICK = 0.05


class Serving:
    """Takes questions and answers them, one at a time."""

    def __init__(self, store: Store, owner: str, settings: WorkerSettings) -> None:
        self.store, self.owner = store, owner
        self.model_cache = ModelCache(store, settings.serving_bytes)
        self.answers = RequestHandlers(
            store, self.model_cache, EvidenceCache(store.home.root / "evidence", settings.evidence_bytes)
        )

    def step(self) -> bool:
        """Answers the oldest question; False where there was none.

        Raises:
            StoreError: the store cannot be used now.
        """
        found = requests.take(self.store, self.owner, tuple(self.answers.kinds))
        if found is None:
            return False
        try:
            response = self.answers.kinds[found.kind](found.payload)
        except (InputError, StoreError) as error:
            requests.refuse(self.store, found.id, self.owner, str(error))
        except Exception as error:  # noqa: BLE001 - one bad question must not cost the answers to all others
            traceback.print_exc()
            sentence = f"The program made a mistake ({type(error).__name__}): the worker's log says where."
            requests.refuse(self.store, found.id, self.owner, sentence)
        else:
            requests.answer(self.store, found.id, self.owner, response)
        return True

    def warm_up(self) -> None:
        """Loads the newest run, which is the likeliest to be asked for."""
        try:
            newest = runs(self.store)[-1:]
            for run in newest:
                self.model_cache.get(run.name).predict("Warming up")
        except (InputError, StoreError) as error:
            print(f"Not warmed up: {error}")  # noqa: T201


def main(arguments: Sequence[str]) -> int:
    """RequestHandlers until the parent ends."""
    owner, parent = arguments[0], int(arguments[1])
    parent_death.die_with(parent)
    serving = Serving(open_store(Home.from_environment()), owner, WorkerSettings.from_environment())
    serving.warm_up()
    while True:
        try:
            is_idle = not serving.step()
        except StoreError as error:
            print(error)  # noqa: T201
            time.sleep(1.0)
        else:
            if is_idle:
                time.sleep(TICK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
