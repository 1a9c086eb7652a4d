"""The kinds of files that pile up in a home, and which of them nothing uses. All but logs can be made again.

A cache that says when it was used last (`mner_core.caches.used`) goes when that was long ago. Where a rule follows
what uses a file, that is read from the records of runs, from the jobs, and from locks.
"""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from safetensors import SafetensorError, safe_open
from sqlalchemy import select

from db import held_out_results, label_error_results, similar_results
from db.gc_sweep import DAY, TAKEN, Sweep, is_held, kept_from_others
from db.in_use import IMPORT_LOCK
from db.job_files import JobFiles
from db.jobs import ACTIVE, jobs, log_path
from db.similar_indexes import similar_indexes, superseded_indexes
from db.tables import Datasets
from db.uploads import thrown_away
from mner_core.code_version import code_digest
from mner_core.features.merging import mergings
from mner_core.files import ABANDONED, alone_or_not, write_whole

UNUSED = 30 * DAY
"""Seconds without use after which a cache, a log or an unfinished training goes."""
_RECORDS = ("runs/*/run.json", "experiments/**/run.json", "held-out/*/run.json", "unpacked/*/run.json")


def pools(sweep: Sweep) -> int:
    """Neighbour pools that no run names, nor has as a part of its own folder.

    One of an older program stays: its run, which may lie elsewhere, has no other. While a training is being prepared
    all stay, for its run does not have its pool yet.
    """
    folder = sweep.store.home.root / "pools"
    if not folder.is_dir():
        return 0
    with alone_or_not(sweep.store.home.filling) as is_alone:
        used = _named_by_runs(sweep)
        if not is_alone or used is None:
            why = "a run's record cannot be read" if is_alone else "a training is being prepared"
            sweep.left.append(f"The pools were left as they are: {why}.")
            return 0
        unused = [each for each in _shown(folder) if each.name not in used and not _is_of_older_program(each)]
        return sweep.free(each for each in unused if not sweep.has_other_names(each))


def indexes(sweep: Sweep) -> int:
    """Indexes of pools that are not there any more, or that other code has built."""
    home = sweep.store.home
    used = _named_by_runs(sweep)
    if used is None or not home.indexes.is_dir():
        return 0
    used |= {each.name for each in (home.root / "pools").glob("*") if not sweep.is_gone(each)}
    code = code_digest("mner_core.retrieval.vector_index")
    kept = {hashlib.sha256(f"{pool} {code}".encode()).hexdigest() for pool in used}
    found = [each for each in _shown(home.indexes) if each.is_dir() and each.name.partition("-")[2] not in kept]
    return sweep.free(each for each in found if not is_held(each.with_name(f"{each.name}.lock")))


def cross_validation(sweep: Sweep) -> int:
    """Scores of held-out posts in whose place newer ones are, and what earlier jobs have found with them."""
    newest: dict[str, tuple[float, Path]] = {}
    taken: list[Path] = []
    for file in _shown(sweep.store.home.root / "held-out"):
        if file.suffix == ".lock":
            continue
        asked, when = _asked(file) if file.is_file() else None, file.stat().st_mtime
        if sweep.is_old(file, UNUSED):
            taken.append(file)
        elif asked and asked in newest:
            older, newest[asked] = sorted([newest[asked], (when, file)])
            taken.append(older[1])
        elif asked:
            newest[asked] = (when, file)
    free = [file for file in taken if not is_held(file.with_suffix(".lock"))]
    return sweep.free([*free, *_superseded_results(sweep, held_out_results.FILES, label_error_results.FILES)])


def similar(sweep: Sweep) -> int:
    """Indexes of similar posts that follow from what is not so any more, or that nobody asks, and older lists."""
    old = {each for each in similar_indexes(sweep.store.home) if sweep.is_old(each, UNUSED)}
    found = sorted({*old, *superseded_indexes(sweep.store)})
    return sweep.free([*found, *_superseded_results(sweep, similar_results.FILES)])


def sentences(sweep: Sweep) -> int:
    """Vectors of lists of texts that nobody has asked for in a long time."""
    return _unused(sweep, sweep.store.home.features / "sentences")


def evidence(sweep: Sweep) -> int:
    """Answers with full evidence that nobody has looked at in a long time."""
    return _unused(sweep, sweep.store.home.root / "evidence")


def unpacked(sweep: Sweep) -> int:
    """Exported runs that were unpacked to be used, which was long ago."""
    return _unused(sweep, sweep.store.home.root / "unpacked")


def features(sweep: Sweep) -> int:
    """Shards with few pictures, in whose place large ones come."""
    size = 0
    for folder in _shown(sweep.store.home.features):
        for each in mergings(folder):
            if sweep.is_applied and each.content:
                write_whole(folder / f"{uuid.uuid4().hex}.safetensors", each.content)
            size += sweep.free(each.shards) - len(each.content)
    return size


def uploads(sweep: Sweep) -> int:
    """Unpacked uploads that no job waits for, and what killed processes have unpacked or packed beside the store."""
    root = sweep.store.home.root
    found = thrown_away(sweep.store)
    if not is_held(root / IMPORT_LOCK):
        beside = [each for name in (".archive-*", ".demo-*", ".export-*") for each in root.glob(name)]
        found += [each for each in beside if sweep.is_old(each, DAY)]
    return sweep.free(found)


def logs(sweep: Sweep) -> int:
    """Logs of jobs that ended long ago."""
    home = sweep.store.home
    needed = {log_path(home, job.id) for job in jobs(sweep.store, ACTIVE)}
    found = (file for file in _shown(home.logs) if file.match("job-*.log") and file not in needed)
    return sweep.free(file for file in found if sweep.is_old(file, UNUSED))


def half_written(sweep: Sweep) -> int:
    """What killed processes have left: files beside their names, and trainings that nobody has gone on with."""
    root = sweep.store.home.root
    beside = [each for ending in ("partial", "tmp") for each in root.rglob(f".*.{ending}")]
    size = sweep.free([*root.rglob(f".*{TAKEN}"), *(each for each in beside if sweep.is_old(each, ABANDONED))])
    if jobs(sweep.store, ACTIVE, ("train", "suspicious", "cross-validate", "experiment")):
        return size
    for name in ("runs/.*.unfinished", "experiments/**/.*.unfinished", "held-out/.*.unfinished"):
        for folder in sorted(root.glob(name)):
            if sweep.is_old(folder, UNUSED):
                with kept_from_others(folder / "lock") as is_free:
                    size += sweep.free([folder] if is_free else [])
    return size


def before_restore(sweep: Sweep) -> int:
    """What `restore` has moved aside, long ago."""
    now = sweep.store.now()
    found = sweep.store.home.root.glob("before-restore-*")
    return sweep.free(each for each in found if each.stat().st_mtime <= now - UNUSED)


def _unused(sweep: Sweep, folder: Path) -> int:
    return sweep.free(each for each in _shown(folder) if sweep.is_old(each, UNUSED))


def _shown(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.glob("*")) if not each.name.startswith("."))


def _named_by_runs(sweep: Sweep) -> set[str] | None:
    """The fingerprints of the pools of all runs of the home, deleted ones too; None where a record cannot be read."""
    found = set()
    for pattern in _RECORDS:
        for file in sweep.store.home.root.glob(pattern):
            if TAKEN in file.parent.suffix or sweep.is_gone(file.parent):
                continue
            try:
                found.add(str(json.loads(file.read_text(encoding="utf-8"))["pool"]))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, LookupError, TypeError):
                return None
    return found


def _is_of_older_program(pool: Path) -> bool:
    """Whether its run reads it from here: pools have had splits since runs have kept their own."""
    try:
        with safe_open(pool / "pool.safetensors", framework="numpy") as file:
            return "splits" not in (file.metadata() or {})
    except (OSError, SafetensorError):
        return True


def _asked(file: Path) -> str | None:
    """What the scores answer, but for the labels and the code; None in files of older programs."""
    try:
        with safe_open(file, framework="numpy") as scores:
            return (scores.metadata() or {}).get("asked")
    except (OSError, SafetensorError):
        return None


def _superseded_results(sweep: Sweep, *kinds: JobFiles) -> Iterator[Path]:
    """The files of jobs that are neither the newest of their data set nor still at work."""
    home = sweep.store.home
    with sweep.store.read() as session:
        there = set(session.scalars(select(Datasets.name)))
    for kept in kinds:
        files = {each for each in _shown(home.root / kept.folder) if each.match("job-*.json")}
        of_set: defaultdict[str, list[Path]] = defaultdict(list)
        for job in jobs(sweep.store, kinds=(kept.kind,)):
            file, name = kept.of(home, job.id), str(job.payload.get("dataset"))
            if job.status in ACTIVE:
                files.discard(file)
            elif job.status == "done" and name in there and file in files:
                of_set[name].append(file)
        yield from sorted(files - {newest[0] for newest in of_set.values()})


FILES: dict[str, Callable[[Sweep], int]] = {
    "pools": pools,
    "indexes": indexes,
    "cross-validation": cross_validation,
    "similar-posts": similar,
    "sentences": sentences,
    "features": features,
    "uploads": uploads,
    "unpacked-runs": unpacked,
    "evidence": evidence,
    "logs": logs,
    "half-written": half_written,
    "before-restore": before_restore,
}
"""The kinds by their names, in the order in which they are collected."""
