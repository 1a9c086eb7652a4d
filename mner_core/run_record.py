"""A run on disk: the folder that training leaves behind. Light: screens and the store read the record, not the weights.

    run.json                the record below
    weights.safetensors     all parameters
    encoder/                the text encoder's configuration and tokenizer
    predictions.jsonl       what the run says about dev: spans with confidences
    pool/                   the neighbour pool; in an exported run with its images' grids
    knowledge/              the knowledge graph with its pictures

Runs that were trained before runs kept pool and graph read them from the home, by fingerprint. A run of kind
`brought` has its record and `predictions.jsonl`, the rows that were brought, and no more.

The folder is written beside its final name and renamed when whole: a folder with a run.json is a whole run.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from mner_core.types import InputError

FORMAT = 1
BROUGHT = "brought"
"""The `model` of a run that nobody trained here: predictions that somebody brought, without weights."""
LONGEST_NAME = 80
_LONGEST_BYTES = 200  # a file system takes 255, and the names beside it are longer: ".NAME.unfinished"


def checked_run_name(name: str) -> str:
    """The name, where it can be that of a run and so of a folder on any system.

    Raises:
        InputError: it cannot.
    """
    is_fitting = 0 < len(name) <= LONGEST_NAME and len(name.encode(errors="replace")) <= _LONGEST_BYTES
    is_bare = name == name.strip(" ") and not name.startswith(".") and not name.endswith(".")
    if not (is_fitting and is_bare and name.isprintable()) or re.search(r"[/\\:*?\"<>|]", name):
        raise InputError(
            f"A run cannot be called {name[:LONGEST_NAME]!r}: take at most {LONGEST_NAME} letters, digits and signs, "
            'none of / \\ : * ? " < > |, and neither a point nor a space at its ends.'
        )
    return name


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is known of a run without its weights.

    Args:
        model, variant, profile, settings, seed: how it was trained; `settings` are the resolved ones. The model BROUGHT
            was not trained: its `settings` and `weights` name the predictions, its `dev` is not measured.
        labels: the label set, in the order of the tag set.
        data: {"name", "fingerprint", "gold", "train", "dev", "left_out"}: what it was trained on: fingerprints, numbers
            of posts; those of train that nobody has labelled were left out; "pictures_found" (not in older runs): how
            many of these posts have a picture that opens.
        trained_posts: the digest of every post whose gold it has seen, so that nobody scores it on those unawares.
        pool: fingerprint of its neighbour pool, empty where it has none.
        started_from: fingerprint of the run whose parameters it began with, empty for none.
        versions: of Python and the libraries that decide numbers.
        dev: the score on dev (`Score.to_json`) with "slices", at the best epoch, and, where dev says places,
            "box_threshold", the share of its look from which an entity has a box; every figure is None and "measured"
            False where there were no labelled posts to measure on, and the last epoch is the one that was kept.
        epochs: one record an epoch.
        weights: sha256 of the weights file: the run's own fingerprint.
        seconds: training time; created: seconds since 1970.
        knowledge: fingerprint of its knowledge graph, empty where it has none.
        program: {"version", "commit", "code"}: which program trained it, and the digest of the code that decides what
            its system answers; empty for runs of older programs.
    """

    model: str
    variant: str
    profile: str
    settings: Mapping[str, Any]
    seed: int
    labels: tuple[str, ...]
    data: Mapping[str, Any]
    trained_posts: tuple[str, ...]
    pool: str
    started_from: str
    versions: Mapping[str, str]
    dev: Mapping[str, Any]
    best_epoch: int
    epochs: tuple[Mapping[str, Any], ...]
    weights: str
    seconds: float
    created: float
    knowledge: str = ""
    program: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def is_brought(self) -> bool:
        """Whether it consists of brought predictions, without weights."""
        return self.model == BROUGHT

    def to_json(self) -> dict[str, Any]:
        """A form that `json.dumps` takes."""
        return dataclasses.asdict(self)


def must_be_trained(record: RunRecord, name: str) -> None:
    """Refuses a run without weights where a model is needed.

    Raises:
        InputError: the run `name` consists of brought predictions.
    """
    if record.is_brought:
        raise InputError(
            f"{name} consists of predictions that were brought: it has no weights, so that it cannot predict, be "
            "trained on or be asked; choose a run that was trained here."
        )


def read_record(folder: Path) -> RunRecord:
    """The record of the run in `folder`.

    Raises:
        InputError: there is no whole run, its record is damaged, or it was written by a newer program.
    """
    file = folder / "run.json"
    if not file.is_file():
        raise InputError(f"{folder.name} holds no finished run: there is no run.json in it.")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        version = record["format"]
    except OSError as error:
        raise InputError(f"run.json of the run {folder.name} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"run.json of the run {folder.name} is damaged: it is not the JSON record of a run. Train or export the "
            "run again."
        ) from None
    if version != FORMAT:
        raise InputError(
            f"run.json of the run {folder.name} has format {version}, this program reads {FORMAT}; use the program "
            "that wrote it."
        )
    return RunRecord(**_checked(record, folder.name))


def _checked(record: Mapping[str, Any], run: str) -> dict[str, Any]:
    """The record's fields as RunRecord takes them."""
    hints, checked = get_type_hints(RunRecord), {}
    if unknown := sorted(record.keys() - {item.name for item in dataclasses.fields(RunRecord)}):
        raise InputError(
            f"run.json of the run {run} has the field {unknown[0]}, which this program does not know; use the program "
            "that wrote it."
        )
    for item in dataclasses.fields(RunRecord):
        if item.name not in record:
            if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
                raise InputError(f"run.json of the run {run} lacks the field {item.name}; train or export it again.")
            continue
        value, kind = record[item.name], get_origin(hints[item.name]) or hints[item.name]
        stored = {tuple: list, Mapping: dict, float: int | float}.get(kind, kind)
        if not isinstance(value, stored) or isinstance(value, bool):
            raise InputError(
                f"run.json of the run {run} is damaged: its field {item.name} is {str(value)[:40]!r}. Train or export "
                "the run again."
            )
        checked[item.name] = tuple(value) if kind is tuple else value
    return checked
