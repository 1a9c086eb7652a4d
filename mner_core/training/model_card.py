"""The model card of an exported run: what a colleague has to know before using it, from its record alone."""

import json
from typing import Any

from mner_core.catalog.systems import SYSTEMS
from mner_core.run_record import RunRecord

CARD = "README.md"
"""The file's name among those of an exported run."""


def model_card(record: RunRecord, name: str) -> str:
    """The card as Markdown.

    Args:
        record: of the run.
        name: what it is called here.
    """
    parts = [f"# {name}", _origin(record), "## Data", _data(record), "## Scores", _scores(record)]
    if not record.is_brought:
        settings = json.dumps(dict(record.settings), indent=1, ensure_ascii=False)
        parts += ["## Settings", f"```json\n{settings}\n```", "## Use", _use(name)]
    return "\n\n".join(parts) + "\n"


def _origin(record: RunRecord) -> str:
    if record.is_brought:
        return "Predictions that were made elsewhere: there are no weights."
    entry = SYSTEMS.get(record.model)
    paper = f" {entry.title}. {entry.paper}." if entry else ""
    variant = f", variant “{record.variant}”" if record.variant else ""
    versions = ", ".join(f"{library} {version}" for library, version in record.versions.items())
    program = " ".join(record.program.get(part, "") for part in ("version", "commit")).strip() or "not recorded"
    return (
        f"`{record.model}`{variant}, profile {record.profile}, seed {record.seed}.{paper}\n\n"
        f"Program: {program}. Libraries: {versions}. Weights: sha256 {record.weights}."
    )


def _data(record: RunRecord) -> str:
    said = record.data
    posts = f"{said.get('train', 0)} posts to learn from, {said.get('dev', 0)} to choose the epoch by"
    return (
        f"{said.get('name', '')}: {posts}. Fingerprint {said.get('fingerprint') or 'not recorded'}. "
        f"Types: {', '.join(record.labels)}."
    )


def _scores(record: RunRecord) -> str:
    dev = record.dev
    if record.is_brought or dev.get("f1") is None:
        return "Nothing was measured."
    rows = [("all", dev), *dev.get("per_type", {}).items()]
    lines = [f"On valid, protocol `{dev.get('protocol', 'entity')}`, epoch {record.best_epoch}, one seed.", ""]
    lines += ["| type | precision | recall | F1 | support |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *(_row(label, figures) for label, figures in rows)])


def _row(label: str, figures: dict[str, Any]) -> str:
    shown = " | ".join(f"{figures[name]:.2f}" for name in ("precision", "recall", "f1"))
    return f"| {label} | {shown} | {figures['support']} |"


def _use(name: str) -> str:
    predict = 'mner predict --run FILE --text "Kim Lee lands in Rio" --image picture.jpg'
    return f'```\nmner import-run FILE --name "{name}"\n{predict}\n```'
