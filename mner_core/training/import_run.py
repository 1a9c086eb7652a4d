"""A colleague's exported run, back among the runs of this home."""

import hashlib
import zipfile
from pathlib import Path

from mner_core.files import whole_folder
from mner_core.home import Home
from mner_core.run_record import RunRecord, checked_run_name, read_record
from mner_core.types import InputError

WEIGHTS = "weights.safetensors"


def import_run(file: Path, home: Home, name: str = "") -> Path:
    """Unpacks an exported run into the home's runs and returns its folder; nothing is written where it is damaged.

    Args:
        file: what `export` made of a run.
        home: whose runs it joins.
        name: what it is called here; the file's own name without it.

    Raises:
        InputError: the file is no exported run or is damaged, or there is a run of that name.
    """
    folder = home.runs / checked_run_name(name or file.stem)
    if folder.exists():
        raise InputError(f"There is a run {folder.name} already; choose another name with --name.")
    try:
        with zipfile.ZipFile(file) as packed, whole_folder(folder) as work:
            packed.getinfo("run.json")
            packed.extractall(work)  # zipfile keeps every member below the folder
            _must_be_whole(work, _record(work, file.name), file.name)
    except FileNotFoundError:
        raise InputError(f"There is no file {file.name}.") from None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        raise InputError(f"{file.name} is no exported run; `export-run` makes one.") from None
    except OSError as error:
        raise InputError(f"Cannot bring the run in {file.name} here: {error.strerror or error}.") from error
    return folder


def _record(folder: Path, called: str) -> RunRecord:
    """The record of what was unpacked; messages name the file, not the folder in which it lies for the moment."""
    try:
        return read_record(folder)
    except InputError as error:
        raise InputError(str(error).replace(folder.name, called)) from None


def _must_be_whole(folder: Path, record: RunRecord, called: str) -> None:
    """Refuses weights that are not those of the record."""
    if record.is_brought:
        return
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise InputError(f"{called} holds no weights; export the run again.")
    with weights.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != record.weights:
            raise InputError(f"The weights in {called} are not those of its record: it is damaged; export it again.")
