"""One of many who save revisions of the same few posts: `python -m tests.db.saver HOME SECONDS NAME`.

Prints one JSON line for each save, after it was acknowledged or refused. Each save names in `run` the revision that it
was made from, so that the store itself shows whether a stale one passed. One save in four uses an old base on purpose.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from db.annotations import StaleRevision, newest, save
from db.engine import open_store
from mner_core.home import Home

POSTS = 3


def main(root: str, seconds: float, name: str) -> None:
    store = open_store(Home(Path(root)))
    rng = random.Random(name)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        post = 1 + rng.randrange(POSTS)
        seen = newest(store, post)
        assert seen is not None
        is_stale = rng.random() < 0.25
        base = max(0, seen.number - rng.randint(1, 3)) if is_stale else seen.number
        try:
            saved = save(store, post, "gold", base=base, marks=[], author=name, run=str(seen.id))
        except StaleRevision as error:
            newer = error.theirs is not None and error.theirs.number > base
            say({"refused": True, "rightly": newer, "on_purpose": is_stale})
        else:
            say({"refused": False, "post": post, "number": saved.number, "id": saved.id})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
