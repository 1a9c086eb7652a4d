"""The commands that measure runs: their scores, runs against runs, what images are worth."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mner_core.commands.inputs import load_run, must_be_others, must_be_run
from mner_core.commands.main import Answer, say_cut, say_defects, say_unknown
from mner_core.commands.places import known_places
from mner_core.commands.score import piece_counts
from mner_core.data.dataset import read_dataset
from mner_core.data.fingerprint import pictures_found
from mner_core.evaluation.gold import protocol_named, unknown_labels
from mner_core.evaluation.legacy import PieceCounts, must_fill_a_batch
from mner_core.evaluation.protocols import NEEDS_PIECES, must_be_known, score
from mner_core.evaluation.scoring import Score, post_digest
from mner_core.types import Example, InputError, Prediction, Span

if TYPE_CHECKING:
    from mner_core.commands.evaluation_details import Details
    from mner_core.training.run import Run


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A run and what it says of some posts."""

    run: "Run"
    predictions: list[Prediction]
    contexts_cut: int

    @classmethod
    def of(cls, run: "Run", examples: Sequence[Example], with_evidence: bool = False) -> "_Asked":
        predictions = run.predict_posts(examples, with_evidence)
        return cls(run=run, predictions=predictions, contexts_cut=run.contexts_cut(examples))

    @property
    def spans(self) -> list[Sequence[Span]]:
        return [prediction.spans for prediction in self.predictions]


def evaluate(options: argparse.Namespace) -> Answer:
    """Scores a run, or several seeds of one, on labelled posts; with `--against`, beside as many others.

    Each run predicts once, whatever the number of protocols; the figures of the first one stand at the top.
    """
    protocols = _protocols(options.protocol)
    _must_be_possible(options)
    examples = _labelled(options.data)
    if NEEDS_PIECES in protocols:
        must_fill_a_batch(len(examples))
    places = None if options.boxes is None else known_places(options.boxes, options.data, examples)
    asked = _ask(options.run, examples, options.images, places is not None)
    others = _ask(options.against, examples, options.images)
    details = _details(asked[0], examples, options) if options.details else None
    figures, more = {}, {}
    for name in protocols:
        pieces = piece_counts(name)
        scores = [score(examples, each.spans, name, pieces) for each in asked]
        figures[name] = _mean(scores).to_json()
        more[name] = {
            **(_seeds(options.run, scores) if len(asked) > 1 else {}),
            **(details.under(name, pieces) if details else {}),
            **({"against": _against(asked, others, examples, options, name, pieces)} if others else {}),
        }
    _say(asked, examples)
    grounded = {} if places is None else {"grounded": places.score([(each.run, each.predictions) for each in asked])}
    answer = {**figures[protocols[0]], **grounded, **_about(asked, examples, options), **more[protocols[0]]}
    if len(protocols) > 1:
        answer["protocols"] = {name: {**figures[name], **more[name]} for name in protocols}
    return answer


def _say(asked: Sequence[_Asked], examples: Sequence[Example]) -> None:
    """What a person must know of the figures: texts that were cut, and gold that the runs cannot predict."""
    say_cut(max(each.contexts_cut for each in asked))
    say_unknown(_unknown(asked, examples), _known(asked))


def _protocols(said: str) -> list[str]:
    """The names between commas, in their order.

    Raises:
        InputError: one is no protocol, or is named twice.
    """
    names = [name.strip() for name in said.split(",")]
    for name in names:
        must_be_known(name)
        if names.count(name) > 1:
            raise InputError(f"--protocol names {name} twice; name each once.")
    return names


def _about(asked: Sequence[_Asked], examples: Sequence[Example], options: argparse.Namespace) -> dict[str, Any]:
    """What the figures rest on, whatever the protocol."""
    trained = {digest for each in asked for digest in each.run.record.trained_posts}
    return {
        "posts": len(examples),
        "posts_trained_on": sum(post_digest(example) in trained for example in examples),
        "images": options.images,
        "pictures_found": pictures_found(examples),
        "labels_unknown_to_run": _unknown(asked, examples),
        "contexts_cut": max(each.contexts_cut for each in asked),
    }


def _mean(scores: Sequence[Score]) -> Score:
    if len(scores) == 1:
        return scores[0]
    from mner_core.evaluation.comparison import mean_score

    return mean_score(scores)


def _seeds(paths: Sequence[Path], scores: Sequence[Score]) -> dict[str, Any]:
    """How far the seeds are apart, and each one's figures."""
    from mner_core.evaluation.significance import spread

    runs = [{"run": str(path), **asdict(each.micro)} for path, each in zip(paths, scores, strict=True)]
    return {"f1_deviation": spread([each.f1 for each in scores]).deviation, "runs": runs}


def _against(
    asked: Sequence[_Asked],
    others: Sequence[_Asked],
    examples: Sequence[Example],
    options: argparse.Namespace,
    protocol: str,
    pieces: PieceCounts | None,
) -> dict[str, Any]:
    """The other runs beside these, on labels that neither side suggested."""
    from mner_core.commands.fair_comparison import compare_fairly

    ours, theirs = (
        [(path, each.run.record, each.spans) for path, each in zip(paths, side, strict=True)]
        for paths, side in ((options.run, asked), (options.against, others))
    )
    about = {"runs": [str(path) for path in options.against], "labels_unknown_to_run": _unknown(others, examples)}
    return about | compare_fairly(options.data, examples, ours, theirs, protocol, pieces)


def _details(asked: _Asked, examples: Sequence[Example], options: argparse.Namespace) -> "Details":
    """What is needed to look into a run's figures: `--train` and `--dev` are read, and dev is predicted, once."""
    from mner_core.commands.evaluation_details import Details

    train = _labelled(options.train) if options.train else ()
    dev = _labelled(options.dev) if options.dev else ()
    return Details.of(asked.run, examples, asked.predictions, train, dev)


def image_worth(options: argparse.Namespace) -> Answer:
    """Scores some seeds of one model with the posts' own images, with none, and with images swapped among the posts."""
    from mner_core.evaluation.image_ablation import image_ablation as judge

    protocol_named(options.protocol)
    for run in options.run:
        must_be_run(run)
    must_be_others(options.run)
    examples = _labelled(options.data)
    said: dict[str, list[Sequence[Sequence[Span]]]] = {"own": [], "none": [], "swapped": []}
    for number, run in enumerate(_load(options.run)):
        for images, runs in said.items():
            runs.append(_Asked.of(run, _shown(examples, images, number)).spans)
    found = judge(examples, said["own"], said["none"], said["swapped"], options.protocol).to_json()
    about = {"runs": [str(path) for path in options.run], "protocol": options.protocol, "posts": len(examples)}
    pictured = pictures_found(examples)
    sides = {
        images: {**found[images], **_mean_figures([score(examples, spans, options.protocol) for spans in runs])}
        for images, runs in said.items()
    }
    return {**about, "posts_with_image": pictured, "pictures_found": pictured, **found, **sides}


def _mean_figures(scores: Sequence[Score]) -> dict[str, float]:
    """Precision, recall, F1 and support of some runs: the mean of each; `mean` is their F1 under the older name."""
    from mner_core.evaluation.comparison import mean_score

    figures = asdict(mean_score(scores).micro)
    return {**figures, "mean": figures["f1"]}


def _labelled(file: Path) -> list[Example]:
    data = read_dataset(file)
    say_defects(data.defects)
    examples = [example for example in data.posts if example.spans is not None]
    if not examples:
        raise InputError(f"{file.name} has no labelled posts to score.")
    return examples


def _must_be_possible(options: argparse.Namespace) -> None:
    """Refuses, before a run is loaded, what would fail afterwards or be ignored."""
    if options.against and len(options.against) != len(options.run):
        numbers = f"{len(options.run)} and {len(options.against)}"
        raise InputError(f"--run and --against are compared in pairs, one seed each; got {numbers} runs.")
    if options.details and len(options.run) > 1:
        raise InputError("--details are of one run; name one, or leave it out.")
    for run in [*options.run, *options.against]:
        must_be_run(run)
    must_be_others(options.run, options.against)


def _load(paths: Sequence[Path]) -> Iterator["Run"]:
    return map(load_run, paths)


def _ask(paths: Sequence[Path], examples: Sequence[Example], images: str, with_evidence: bool = False) -> list[_Asked]:
    return [_Asked.of(run, _shown(examples, images, number), with_evidence) for number, run in enumerate(_load(paths))]


def _unknown(asked: Sequence[_Asked], examples: Sequence[Example]) -> dict[str, int]:
    """The gold labels that not all of the runs know, and how many entities have them."""
    return unknown_labels(examples, _known(asked))


def _known(asked: Sequence[_Asked]) -> set[str]:
    return set.intersection(*(set(each.run.record.labels) for each in asked))


def _shown(examples: Sequence[Example], images: str, number: int) -> Sequence[Example]:
    """The posts with the images that run `number` is shown; each run gets another swap, so that none decides alone."""
    from mner_core.training.run import with_swapped_images, without_images

    if images == "none":
        return without_images(examples)
    return with_swapped_images(examples, number) if images == "swapped" else examples
