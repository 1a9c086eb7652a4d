"""The runs that a command names are looked for before torch is imported: a wrong path is answered at once."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mner_core.run_record import must_be_trained, read_record
from mner_core.types import InputError

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


def load_run(path: Path) -> "Run":
    """The run, loaded.

    Raises:
        InputError: there is no whole run.
    """
    must_be_run(path)
    from mner_core.training.run import load

    return load(path)
