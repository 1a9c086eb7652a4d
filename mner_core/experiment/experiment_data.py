"""The data sets of an experiment: given as NAME=DIR, or scenes that are drawn on the fly by a seed."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mner_core.catalog.systems import SYSTEMS
from mner_core.code_version import program_said
from mner_core.data.dataset import read_dataset
from mner_core.data.fingerprint import pictures_found
from mner_core.data.images import opens
from mner_core.data.posts import map_labels
from mner_core.experiment.suite import Size, Suite
from mner_core.files import one_at_a_time
from mner_core.knowledge.graph import Graph
from mner_core.knowledge.graph_files import read_graph
from mner_core.scenes.knobs import Knobs
from mner_core.scenes.write import write_scenes
from mner_core.types import Example, InputError

SCENES_SEEDS = {"scenes": 1, "scenes-b": 2}
"""The drawn sets; a transfer needs the second one, too."""


@dataclass(frozen=True, kw_only=True)
class ExperimentData:
    """One data set as the experiment uses it: labelled posts by split, after mapping, dropping and cutting.

    `graph` is the knowledge graph that came with the posts, where a system of the suite reads one.
    """

    name: str
    splits: Mapping[str, Sequence[Example]]
    graph: Graph | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The types that occur, sorted."""
        spans = (span for posts in self.splits.values() for post in posts for span in post.spans or ())
        return tuple(sorted({span.label for span in spans}))

    @property
    def counts(self) -> str:
        """How many posts each split has, in words."""
        return ", ".join(f"{len(posts)} {split}" for split, posts in self.splits.items() if posts)

    def scored(self, split: str) -> str:
        """The split itself, or `valid` where it has no labelled posts."""
        return split if self.splits.get(split) else "valid"


def basis(data_sets: Iterable[ExperimentData]) -> str:
    """The note that says which program made a table, and how many pictures it found."""
    found = {each.name: [post for posts in each.splits.values() for post in posts] for each in data_sets}
    counts = (f"{name} {pictures_found(posts):,} of {len(posts):,} posts" for name, posts in found.items())
    return f"Made by the program's {program_said()}. Pictures found: {', '.join(counts)}."


@dataclass(frozen=True)
class Held:
    """A data set that lies in no folder: its posts, from all splits, and the knowledge graph that came with them."""

    posts: Sequence[Example]
    graph: Graph | None = None


def reads_knowledge(suite: Suite) -> bool:
    """Whether a system of the suite looks things up in a knowledge graph."""
    return any(SYSTEMS[row.model].settings().needs.knowledge for row in suite.rows if row.model in SYSTEMS)


def data_sets(
    suite: Suite,
    size: Size,
    given: Sequence[str],
    root: Path,
    quick: bool,
    held: Mapping[str, Held] | None = None,
) -> list[ExperimentData]:
    """The data sets given as NAME=DIR and those that are `held`; without any, drawn ones, written below `root`.

    Raises:
        InputError: a name is missing or given twice, a transfer has one data set, or one has no posts to train on.
    """
    folders = given_folders(given)
    if not folders and not held:
        folders = {name: _drawn(seed, size.posts, root, suite.scenes) for name, seed in _wanted(suite).items()}
    if suite.kind == "transfer" and len({**folders, **(held or {})}) < 2:
        raise InputError(
            f"The suite {suite.name} scores what one data set taught on another; give two: --data NAME=DIR."
        )
    limit = size.posts if quick and suite.kind != "counts" and (given or held) else 0
    found = [read_data_set(name, folder, suite, limit) for name, folder in folders.items()]
    found += [read_held(name, data, suite, limit) for name, data in (held or {}).items()]
    for each in found:
        for split in ("train", "valid"):
            if suite.kind != "counts" and not each.splits.get(split):
                raise InputError(f"The data set {each.name} has no labelled posts in the split {split}.")
    return found


def _wanted(suite: Suite) -> dict[str, int]:
    return SCENES_SEEDS if suite.kind == "transfer" else {"scenes": SCENES_SEEDS["scenes"]}


def given_folders(given: Sequence[str]) -> dict[str, Path]:
    """The folders given as NAME=DIR, by name; one without a name has its folder's.

    Raises:
        InputError: a name is given twice.
    """
    folders: dict[str, Path] = {}
    for each in given:
        name, equals, folder = each.partition("=")
        if not equals:
            name, folder = Path(each).resolve().name, each
        if name in folders:
            raise InputError(f"The data set {name} is given twice.")
        folders[name] = Path(folder)
    return folders


def _drawn(seed: int, posts: int, root: Path, knobs: Mapping[str, float]) -> Path:
    turned = "".join(f"-{name}{share:g}" for name, share in knobs.items())
    folder = root / "data" / f"scenes-{posts}-{seed}{turned}"
    with one_at_a_time(root / "data" / ".lock"):
        if not folder.is_dir():
            write_scenes(folder, posts, seed, replace(Knobs(), **knobs))
    return folder


def read_data_set(name: str, folder: Path, suite: Suite, limit: int = 0) -> ExperimentData:
    """The labelled posts of a folder as the suite wants them; at most `limit` to train on, 0 for all."""
    data = read_dataset(folder, suite.labels)
    graph = read_graph(data.knowledge)[0] if data.knowledge and reads_knowledge(suite) else None
    return replace(_prepared(name, data.splits, suite, limit), graph=graph)


def read_held(name: str, data: Held, suite: Suite, limit: int = 0) -> ExperimentData:
    """The labelled posts of a held data set as the suite wants them; at most `limit` to train on, 0 for all."""
    return replace(_prepared(name, _by_split(data.posts, suite), suite, limit), graph=data.graph)


def _by_split(posts: Sequence[Example], suite: Suite) -> dict[str, list[Example]]:
    splits: dict[str, list[Example]] = {split: [] for split in ("train", "valid", "test")}
    for post in posts:
        splits.setdefault(post.split, []).append(map_labels(post, suite.labels))
    return {split: found for split, found in splits.items() if found}


def _prepared(name: str, found: Mapping[str, list[Example]], suite: Suite, limit: int) -> ExperimentData:
    splits = {}
    for split, posts in found.items():
        kept = [post for post in posts if post.spans is not None and (opens(post.image) or not suite.pictured)]
        splits[split] = _cut(kept, limit if split == "train" else limit // 2)
    return ExperimentData(name=name, splits=splits)


def _cut(posts: list[Example], limit: int) -> list[Example]:
    """The posts, or as many of them drawn by a fixed seed, in their order."""
    if not limit or len(posts) <= limit:
        return posts
    chosen = set(random.Random(len(posts)).sample(range(len(posts)), limit))
    return [post for place, post in enumerate(posts) if place in chosen]
