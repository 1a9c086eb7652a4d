"""The rooms of the house and what stands in them: the one table that the layout test and the documents follow."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Room:
    """A folder (or a file of the ground floor), the floor it stands on, and what it holds.

    A file imports only from rooms on floors strictly below its own room's, and from its own room. `light` rooms load
    neither torch nor transformers nor faiss.
    """

    name: str
    floor: int
    about: str
    light: bool = False


ROOMS = (
    Room("mner_core.types", 0, "Span, Example, Prediction, Evidence: the types that all rooms share", light=True),
    Room("mner_core.home", 0, "the folder under which everything is written", light=True),
    Room(
        "mner_core.code_version",
        0,
        "digests of the source, version and commit: a part of every cache's key",
        light=True,
    ),
    Room("mner_core.device", 0, "the GPU that a process is given, else the processor"),
    Room("mner_core.tags", 1, "BIO2 and BIOES", light=True),
    Room("mner_core.files", 1, "files and folders written whole or not at all", light=True),
    Room("mner_core.csv_text", 1, "the CSV writer; formulas are escaped", light=True),
    Room("mner_core.run_record", 1, "the JSON record of a finished run", light=True),
    Room("mner_core.evidence", 1, "evidence made smaller: tokens to entities, heads to their mean", light=True),
    Room("mner_core.caches", 2, "reading caches: a damaged file counts as missing", light=True),
    Room("mner_core.data", 2, "readers and writers of posts, pictures, fingerprints", light=True),
    Room("mner_core.catalog", 2, "systems, settings, variants and profiles, as data", light=True),
    Room("mner_core.knowledge", 3, "the knowledge graph: files, names, search", light=True),
    Room("mner_core.evaluation", 3, "scores, slices, kinds of error, significance, calibration", light=True),
    Room("mner_core.scenes", 3, "the drawn data set; drawings/ has its pictures", light=True),
    Room("mner_core.weights", 3, "pretrained weights: from packages, from the hub, verified"),
    Room("mner_core.check", 4, "what is wrong with a data set", light=True),
    Room("mner_core.text", 4, "text encoder, sentence vectors, noun phrases"),
    Room("mner_core.features", 5, "image features: extraction and cache; nets/ has what computes them"),
    Room("mner_core.retrieval", 6, "vector index, pool, neighbour cache, entity linking"),
    Room("mner_core.batches", 7, "posts as tensors, from their feature providers"),
    Room("mner_core.layers", 8, "what several models share: attention, gates, graphs, the CRF"),
    Room("mner_core.models", 9, "one file a system, the paper's mathematics; registry has their names"),
    Room("mner_core.training", 10, "the loop, checkpoints, runs on disk, the pointing game"),
    Room("mner_core.explain", 11, "attributions: what words, regions and objects have to do with an entity"),
    Room("mner_core.label_errors", 11, "gold labels worth a second look, by cross-validation"),
    Room("mner_core.experiment", 12, "the papers' tables as small files, run, compared and rendered"),
    Room("mner_core.commands", 13, "the command line"),
    Room("mner_core.__main__", 14, "`python -m mner_core`"),
    Room("db", 20, "the store: tables, migrations, jobs, annotations; `python -m db`"),
    Room("worker", 30, "runs jobs (jobs/ has one file a kind), answers the screens' requests, is restarted"),
    Room("pages.components", 30, "browser components: annotator (its keys, too), evidence, confusion matrix"),
    Room("pages.shared", 31, "theme, selection, sign-in, status, numbers and texts of all screens"),
    Room("pages.mistakes", 32, "mistakes, their filters and work lists: what several screens read"),
    *(
        Room(f"pages.{name}", 33, about)
        for name, about in {
            "overview": "screen: what there is, and how good the runs are",
            "errors": "screen: where a run is wrong, by kind and type",
            "post": "screen: one post, what a run predicted and what it looked at",
            "annotate": "screen: correct the labels of posts, one after another",
            "runs": "screen: train, watch, and look at finished runs",
            "experiments": "screen: the papers' tables",
            "data": "screen: import and export",
        }.items()
    ),
    Room("app", 40, "page set-up and navigation"),
)
LIGHT_FILES = (
    "mner_core.features.image",
    "mner_core.features.merging",
    "mner_core.features.shards",
    "mner_core.retrieval.likeness",
    "mner_core.experiment.result_table",
    "mner_core.experiment.saved_tables",
    "mner_core.experiment.published_numbers",
    "mner_core.experiment.suite",
    "mner_core.commands.cli",
    "mner_core.commands.sentence_parser",
    "mner_core.commands.text_output",
)
"""Files of heavy rooms that the web process reads, and that are light like the light rooms."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name; `__init__` files are empty and left out."""
    files = [path for room in ("mner_core", "db", "worker", "pages") for path in (ROOT / room).rglob("*.py")]
    kept = [path for path in files if path.stem != "__init__" and "migrations" not in path.parts]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in [*kept, ROOT / "app.py"]}


def room_of(module: str) -> Room:
    """The room in which a module stands."""
    found = [room for room in ROOMS if module == room.name or module.startswith(f"{room.name}.")]
    assert found, f"{module} stands in no room: add its folder to tests/rooms.py"
    return max(found, key=lambda room: len(room.name))


def imported(path: Path) -> set[str]:
    """Every module that the file names in an import, be it inside a function or under TYPE_CHECKING."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def arrows() -> Iterator[tuple[str, str]]:
    """All imports between the program's own modules: who imports whom."""
    known = modules()
    for module, path in known.items():
        yield from ((module, other) for other in sorted(imported(path)) if other in known and other != module)


def tree() -> str:
    """The rooms as README and CONTRIBUTING show them, from the ground up."""
    width = max(len(_shown(room)) for room in ROOMS) + 2
    lines = [
        f"{_shown(room):<{width}}{room.floor:>2}  {'light  ' if room.light else '       '}{room.about}"
        for room in ROOMS
    ]
    return "\n".join(lines) + "\n"


def _shown(room: Room) -> str:
    path = room.name.replace(".", "/")
    return f"{path}/" if (ROOT / path).is_dir() else f"{path}.py"
