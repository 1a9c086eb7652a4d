"""The runs and posts that a command names, looked for before torch is imported: a wrong one is answered at once."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mner_core.run_record import must_be_trained, read_record
from mner_core.types import Example, InputError

if TYPE_CHECKING:
    from mner_core.training.run import Run


def must_be_run(path: Path) -> None:
    """Looks whether a path is the folder of a trained run, or a file that `export-run` made.

    Raises:
        InputError: it is neither, or a run of brought predictions.
    """
    if not path.is_file():
        must_be_trained(read_record(path), path.name)
    elif not zipfile.is_zipfile(path):
        raise InputError(f"{path.name} is no exported run; `export-run` makes one.")


def must_be_others(runs: Sequence[Path], against: Sequence[Path] = ()) -> None:
    """Refuses a run that counts as two seeds: named twice on one side, or on both sides among others.

    A copy of a run, or its exported file, is the same run: its weights say so. All of a side may be compared with
    itself, which shows that nothing differs.

    Raises:
        InputError: some run counts twice, or is none.
    """
    ours, theirs = ({run: _fingerprint(run) for run in side} for side in (runs, against))
    for option, named, weights in (("--run", runs, ours), ("--against", against, theirs)):
        for place, run in enumerate(named):
            same = next((each for each in named[:place] if weights[each] == weights[run]), None)
            if same is not None:
                what = (
                    f"{run.name} twice" if same.name == run.name else f"{same.name} and {run.name}, which are one run"
                )
                raise InputError(f"{option} names {what}; name each once, so that no run counts as two seeds.")
    if set(ours.values()) != set(theirs.values()):
        for run in runs:
            if ours[run] in theirs.values():
                raise InputError(f"{run.name} stands in --run and in --against; compare other runs with each other.")


def _fingerprint(run: Path) -> str:
    """What tells a run from others: the digest of its weights, the same in a copy and in its exported file."""
    if not run.is_file():
        return read_record(run).weights
    try:
        with zipfile.ZipFile(run) as packed:
            return str(json.loads(packed.read("run.json"))["weights"])
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError):
        raise InputError(f"{run.name} is no exported run; `export-run` makes one.") from None


def load_run(path: Path) -> "Run":
    """The run, loaded.

    Raises:
        InputError: there is no whole run.
    """
    must_be_run(path)
    from mner_core.training.run import load

    return load(path)


def post_named(posts: Sequence[Example], name: str, data: str) -> Example:
    """The post with that id, or that SPLIT/ID where several splits have it.

    Raises:
        InputError: there is none, or the id stands in several splits.
    """
    found = [post for post in posts if name in (post.id, f"{post.split}/{post.id}")]
    if not found:
        raise InputError(f"There is no post {name!r} in {data}.")
    if len(found) > 1:
        splits = " or ".join(f"{post.split}/{post.id}" for post in found)
        raise InputError(f"Several splits of {data} have a post {name!r}; name {splits}.")
    return found[0]
