"""The commands that compare two files of posts: score, agreement."""

import argparse

from mner_core.catalog.profiles import profile
from mner_core.commands.main import Answer, say_defects
from mner_core.evaluation.legacy import PieceCounts
from mner_core.evaluation.prediction_files import read_both, score_files
from mner_core.evaluation.protocols import NEEDS_PIECES, must_be_known
from mner_core.types import InputError


def score_command(options: argparse.Namespace) -> Answer:
    """Scores one tag file against another."""
    must_be_known(options.protocol)
    result, defects = score_files(options.gold, options.pred, options.protocol, piece_counts(options.protocol))
    say_defects(defects)
    return result.to_json()


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
