"""The commands that measure runs: their scores, runs against runs, what images are worth."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mner_core.commands.inputs import load_run, must_be_run
from mner_core.commands.main import Answer, say_cut, say_defects
from mner_core.commands.score import piece_counts
from mner_core.data.dataset import read_dataset
from mner_core.data.fingerprint import pictures_found
from mner_core.evaluation.errors import align, confusion, tally
from mner_core.evaluation.gold import gold_entities, protocol_named, unknown_labels
from mner_core.evaluation.protocols import must_be_known, score
from mner_core.evaluation.scoring import Score, post_digest
from mner_core.evaluation.slices import score_slices
from mner_core.types import Example, InputError, Prediction, Span

if TYPE_CHECKING:
    from mner_core.training.run import Run


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A run and what it says of some posts."""

    run: "Run"
    predictions: list[Prediction]
    contexts_cut: int

    @classmethod
    def of(cls, run: "Run", examples: Sequence[Example]) -> "_Asked":
        return cls(run=run, predictions=run.predict_posts(examples), contexts_cut=run.contexts_cut(examples))

    @property
    def spans(self) -> list[Sequence[Span]]:
        return [prediction.spans for prediction in self.predictions]


def evaluate(options: argparse.Namespace) -> Answer:
    """Scores a run, or several seeds of one, on labelled posts; with `--against`, beside as many others."""
    must_be_known(options.protocol)
    _must_be_possible(options)
    examples = _labelled(options.data)
    asked = _ask(options.run, examples, options.images)
    pieces = piece_counts(options.protocol)
    scores = [score(examples, each.spans, options.protocol, pieces) for each in asked]
    trained = {digest for each in asked for digest in each.run.record.trained_posts}
    answer = {
        **scores[0].to_json(),
        "posts": len(examples),
        "posts_trained_on": sum(post_digest(example) in trained for example in examples),
        "images": options.images,
        "pictures_found": pictures_found(examples),
        "labels_unknown_to_run": _unknown(asked, examples),
        "contexts_cut": max(each.contexts_cut for each in asked),
    }
    say_cut(answer["contexts_cut"])
    if len(asked) > 1:
        from mner_core.evaluation.comparison import mean_score
        from mner_core.evaluation.significance import spread

        answer |= mean_score(scores).to_json()
        answer["f1_deviation"] = spread([each.f1 for each in scores]).deviation
        pairs = zip(options.run, scores, strict=True)
        answer["runs"] = [{"run": str(path), **asdict(each.micro)} for path, each in pairs]
    if options.details:
        answer |= _details(asked[0], examples, options)
    if options.against:
        answer["against"] = _against(asked, examples, options)
    return answer


def _against(asked: Sequence[_Asked], examples: Sequence[Example], options: argparse.Namespace) -> dict[str, Any]:
    """The other runs beside these, on labels that neither side suggested."""
    from mner_core.commands.fair_comparison import compare_fairly

    others = _ask(options.against, examples, options.images)
    ours, theirs = (
        [(path, each.run.record, each.spans) for path, each in zip(paths, side, strict=True)]
        for paths, side in ((options.run, asked), (options.against, others))
    )
    about = {"runs": [str(path) for path in options.against], "labels_unknown_to_run": _unknown(others, examples)}
    return about | compare_fairly(options.data, examples, ours, theirs, options.protocol)


def image_worth(options: argparse.Namespace) -> Answer:
    """Scores some seeds of one model with the posts' own images, with none, and with images swapped among the posts."""
    from mner_core.evaluation.image_ablation import image_ablation as judge

    protocol_named(options.protocol)
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
    if options.against:
        protocol_named(options.protocol)
        if len(options.against) != len(options.run):
            numbers = f"{len(options.run)} and {len(options.against)}"
            raise InputError(f"--run and --against are compared in pairs, one seed each; got {numbers} runs.")
    if options.details and len(options.run) > 1:
        raise InputError("--details are of one run; name one, or leave it out.")
    if options.details:
        protocol_named(options.protocol)
    for run in [*options.run, *options.against]:
        must_be_run(run)


def _load(paths: Sequence[Path]) -> Iterator["Run"]:
    return map(load_run, paths)


def _ask(paths: Sequence[Path], examples: Sequence[Example], images: str) -> list[_Asked]:
    return [_Asked.of(run, _shown(examples, images, number)) for number, run in enumerate(_load(paths))]


def _unknown(asked: Sequence[_Asked], examples: Sequence[Example]) -> dict[str, int]:
    """The gold labels that not all of the runs know, and how many entities have them."""
    return unknown_labels(examples, set.intersection(*(set(each.run.record.labels) for each in asked)))


def _shown(examples: Sequence[Example], images: str, number: int) -> Sequence[Example]:
    """The posts with the images that run `number` is shown; each run gets another swap, so that none decides alone."""
    from mner_core.training.run import with_swapped_images, without_images

    if images == "none":
        return without_images(examples)
    return with_swapped_images(examples, number) if images == "swapped" else examples


def _details(asked: _Asked, examples: Sequence[Example], options: argparse.Namespace) -> dict[str, Any]:
    """Slices, kinds of error, the confusion matrix and calibration of one run."""
    known, relevance = _what_images_show(asked.run, examples)
    train = _labelled(options.train) if options.train else ()
    slices = score_slices(known, asked.spans, train=train, relevance=relevance, protocol=options.protocol)
    outcomes = [
        outcome
        for true, spans in zip(gold_entities(examples, options.protocol), asked.spans, strict=True)
        for outcome in align(sorted(true), spans)
    ]
    matrix = confusion(outcomes, asked.run.record.labels)
    return {
        "slices": {name: asdict(part.micro) for name, part in slices.items()},
        "errors": tally(outcomes),
        "confusion": {"names": list(matrix.names), "matrix": matrix.matrix.tolist()},
        "calibration": _calibration(asked, examples, options),
    }


def _calibration(asked: _Asked, examples: Sequence[Example], options: argparse.Namespace) -> dict[str, Any]:
    from mner_core.evaluation.calibration import calibration, confidences, fit_temperature, with_temperature

    sure, right = confidences(examples, asked.predictions, options.protocol)
    answer = calibration(sure, right).to_json()
    if options.dev:
        dev = _labelled(options.dev)
        temperature = fit_temperature(*confidences(dev, asked.run.predict_posts(dev), options.protocol))
        mended = calibration(with_temperature(sure, temperature), right)
        answer |= {"temperature": temperature, "with_temperature": mended.to_json()}
    return answer


def _what_images_show(run: "Run", examples: Sequence[Example]) -> tuple[list[Example], list[float | None]]:
    """The posts with the objects that are known of their images, and how much each image has to do with the text.

    Relevance is the cosine of the text's and the caption's sentence vectors: how far what is seen is what is said.
    """
    from mner_core.text.sentences import sentence_vectors

    known, captions = [], []
    for example in examples:
        objects, caption = example.objects, example.caption
        if run.features is not None and example.image is not None:
            seen = run.features.features(example)
            objects, caption = (seen.objects, seen.caption) if seen.image_ok else (objects, caption)
        known.append(replace(example, objects=objects))
        captions.append(caption or "")
    rows = [row for row, caption in enumerate(captions) if caption]
    relevance: list[float | None] = [None] * len(examples)
    if rows:
        slot = run.plan.profile.text
        texts = sentence_vectors([examples[row].text for row in rows], slot)
        seen_as = sentence_vectors([captions[row] for row in rows], slot)
        for row, cosine in zip(rows, (texts * seen_as).sum(axis=1), strict=True):
            relevance[row] = float(cosine)
    return known, relevance
