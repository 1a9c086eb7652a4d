"""The commands that compare two files of posts: score, agreement."""

import argparse
from dataclasses import asdict
from pathlib import Path

from mner_core.catalog.profiles import profile
from mner_core.commands.main import Answer, say_defects
from mner_core.data.brought import JSON_ENDINGS
from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.prediction_files import read_both, score_files
from mner_core.evaluation.protocols import NEEDS_PIECES, must_be_known
from mner_core.types import InputError


def score_command(options: argparse.Namespace) -> Answer:
    """Scores one file of posts against another; with `--boxes` by the places of their entities as well."""
    must_be_known(options.protocol)
    result, defects = score_files(options.gold, options.pred, options.protocol, piece_counts(options.protocol))
    say_defects(defects)
    return result.to_json() | (_grounded(options.gold, options.pred) if options.boxes else {})


def _grounded(gold_file: Path, pred_file: Path) -> Answer:
    """The grounded score of two files that have been scored by their words and types already."""
    from mner_core.evaluation.grounded import first_boxes, grounded_score

    for file in (gold_file, pred_file):
        if file.suffix.lower() not in JSON_ENDINGS:
            raise InputError(f"{file.name} is a tag file, whose entities have no boxes; leave --boxes out.")
    gold, predicted, _ = read_both(gold_file, pred_file)
    if not any(post.boxes for post in gold):
        raise InputError(
            f'No entity in {gold_file.name} has "boxes"; give its spans theirs ([] for not in the picture), or leave '
            "--boxes out."
        )
    return {"grounded": asdict(grounded_score(gold, [first_boxes(post) for post in predicted]))}


def agreement(options: argparse.Namespace) -> Answer:
    """How far two files of labels for the same posts agree; posts that only one has labelled are left out."""
    from mner_core.evaluation.agreement import agreement as agree

    first, second, defects = read_both(options.gold, options.pred, for_scores=False)
    say_defects(defects)
    both = [pair for pair in zip(first, second, strict=True) if None not in (pair[0].spans, pair[1].spans)]
    if not both:
        raise InputError(f"No post is labelled in both {options.gold.name} and {options.pred.name}.")
    found = agree([one for one, _ in both], [other for _, other in both])
    return {**found.to_json(), "posts_left_out": len(first) - len(both)}


def piece_counts(protocol: str) -> PieceCounts | None:
    """What counts a word's pieces, for the protocol that asks: the compact profile's uncased WordPiece tokenizer."""
    if protocol != NEEDS_PIECES:
        return None
    from mner_core.text.encoder import BertPieces
    from mner_core.weights.packages import weight_file

    stored = weight_file(profile("compact").text) / "tokenizer.json"
    tokenizer = BertPieces(stored.read_text(encoding="utf-8"))
    return lambda words: [len(pieces) for pieces in tokenizer.pieces(words)]
