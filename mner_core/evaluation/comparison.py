"""Two sets of runs on the same gold: how far apart they are, and whether any test supports that they differ."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mner_core.evaluation.legacy import BATCH, PieceCounts, rgcn_batch_f1
from mner_core.evaluation.protocols import NEEDS_PIECES, batches_of, must_be_tags
from mner_core.evaluation.scoring import Figures, Score, must_match
from mner_core.evaluation.significance import (
    DRAWS,
    MIN_SEEDS,
    Finding,
    McNemar,
    Spread,
    bootstrap,
    mcnemar,
    mean_f1,
    paired_t,
    post_counts,
    randomisation,
    spread,
)
from mner_core.evaluation.units import units_of
from mner_core.evaluation.verdict import Verdict, alone, in_family, p_said, together
from mner_core.tags import encode
from mner_core.types import Example, InputError, Span

Predicted = Sequence[Sequence[Span]]
"""One run's spans, a sequence a post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against theirs under one protocol; F1 and its differences (ours - theirs) are 0..100.

    `t_test` is over seeds and there with two runs a side or more, `mcnemar` over posts wholly right and there with one.

    `verdict` rests on every test of F1 that can be made: over posts (another sample of posts would show the difference,
    too) and, with several seeds, over seeds (training again would, too). McNemar's test is of posts right, not of F1,
    and has no vote.
    """

    protocol: str
    posts: int
    ours: Spread
    theirs: Spread
    bootstrap: Finding
    randomisation: Finding
    t_test: Finding | None
    mcnemar: McNemar | None
    verdict: Verdict

    @property
    def difference(self) -> float:
        """Mean F1 of ours minus that of theirs."""
        return self.ours.mean - self.theirs.mean

    @property
    def supported(self) -> bool:
        """Whether a table may mark the difference."""
        return self.verdict.supported

    @property
    def better(self) -> bool:
        """Whether ours is better, as far as the tests support it."""
        return self.supported and self.difference > 0

    @property
    def sentence(self) -> str:
        """The difference in words, with what supports it."""
        low, high = self.bootstrap.low, self.bootstrap.high
        rests_on = f"95 % interval over posts {low:+.2f} to {high:+.2f}, randomisation {p_said(self.randomisation.p)}"
        if self.t_test:
            rests_on += f", t-test over {self.ours.number} seeds {p_said(self.t_test.p)}"
        return f"{self.difference:+.2f} F1 ({rests_on}): {self.verdict.words(low, high)}."

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the verdict."""
        judged = {"difference": self.difference, "supported": self.supported, "sentence": self.sentence}
        return {**judged, "p": self.verdict.p, **asdict(self)}


def mean_score(scores: Sequence[Score]) -> Score:
    """The mean of each figure over some seeds' scores on one gold; a type that a seed never saw counts as 0 there."""
    nothing = Figures(precision=0.0, recall=0.0, f1=0.0, support=0)
    labels = sorted({label for each in scores for label in each.per_type})
    per_type = {label: _mean([each.per_type.get(label, nothing) for each in scores]) for label in labels}
    return Score(
        micro=_mean([each.micro for each in scores]),
        macro=_mean([each.macro for each in scores]),
        per_type=per_type,
        protocol=scores[0].protocol,
        gold_sha256=scores[0].gold_sha256,
    )


def compare(
    gold: Sequence[Example],
    ours: Sequence[Predicted],
    theirs: Sequence[Predicted],
    protocol: str = "entity",
    pieces: PieceCounts | None = None,
) -> Comparison:
    """Compares runs pair by pair: the n-th of ours with the n-th of theirs, all on the same posts.

    What is resampled is posts, with the units that the protocol counts in them (`units_of`). `rgcn`, whose score is a
    mean over batches, resamples its batches, with the F1 of each; `pieces` is asked by it alone.

    Raises:
        InputError: the numbers of runs differ, there are fewer than two posts (batches), or as `units_of`.
    """
    if protocol == NEEDS_PIECES:
        return _compare_batches(gold, ours, theirs, pieces)
    sides = [[units_of(gold, said, protocol, pieces) for said in side] for side in (ours, theirs)]
    entities = sides[0][0].gold if sides[0] else ()
    said = [[found.said for found in side] for side in sides]
    return compare_spans(entities, said[0], said[1], protocol)


def compare_spans(
    gold: Sequence[AbstractSet[Span]],
    ours: Sequence[Predicted],
    theirs: Sequence[Predicted],
    protocol: str = "entity",
    draws: int = DRAWS,
) -> Comparison:
    """The same for gold that is given as each post's entities; `protocol` is the name under which they were read.

    Raises:
        InputError: the numbers of runs differ, or there are fewer than two posts.
    """
    _must_be_pairs(ours, theirs)
    if len(gold) < 2:
        raise InputError(f"Two runs cannot be compared on {len(gold)} posts; bring more.")
    counts = post_counts(gold, ours), post_counts(gold, theirs)
    right = [[true == set(said) for true, said in zip(gold, side[0], strict=True)] for side in (ours, theirs)]
    return _of_counts(counts, protocol, len(gold), mcnemar(*right) if len(ours) == 1 else None, draws)


def _compare_batches(
    gold: Sequence[Example], ours: Sequence[Predicted], theirs: Sequence[Predicted], pieces: PieceCounts | None
) -> Comparison:
    """By the F1 of batches, which stand in for posts: their mean is the score."""
    _must_be_pairs(ours, theirs)
    sides = [[_batch_f1(gold, said, pieces) for said in side] for side in (ours, theirs)]
    number = len(sides[0][0])
    if number < 2:
        raise InputError(
            f"The protocol {NEEDS_PIECES} compares batches of {BATCH} posts, and {len(gold)} posts make one; bring "
            "more, or choose another protocol."
        )
    counts = [np.stack([np.stack([f1, np.full(number, 10_000)], axis=-1) for f1 in side], axis=1) for side in sides]
    return _of_counts((counts[0], counts[1]), NEEDS_PIECES, number * BATCH, None, DRAWS)


def _batch_f1(gold: Sequence[Example], said: Predicted, pieces: PieceCounts | None) -> NDArray[np.int64]:
    """The F1 of each batch in ten-thousandths, to which the protocol rounds it: [batches]."""
    must_match(gold, said)
    must_be_tags(gold, NEEDS_PIECES)
    tags = [encode(list(set(spans)), len(post.tokens)) for post, spans in zip(gold, said, strict=True)]
    return np.rint(10_000 * np.array(rgcn_batch_f1(batches_of(gold, tags, pieces)))).astype(np.int64)


def _must_be_pairs(ours: Sequence[Predicted], theirs: Sequence[Predicted]) -> None:
    if len(ours) != len(theirs) or not ours:
        raise InputError(f"Runs are compared in pairs, one seed each: got {len(ours)} against {len(theirs)}.")


def _of_counts(
    counts: tuple[NDArray[np.int64], NDArray[np.int64]],
    protocol: str,
    posts: int,
    right: McNemar | None,
    draws: int,
) -> Comparison:
    """The comparison of two sides, from what F1 is made of in each post or batch: [posts, runs, 2] a side."""
    scores = [[float(mean_f1(side[:, [run]])) for run in range(side.shape[1])] for side in counts]
    over_posts = bootstrap(*counts, draws), randomisation(*counts, draws)
    over_seeds = paired_t(*scores) if len(scores[0]) >= MIN_SEEDS else None
    tests = [*over_posts, *([over_seeds] if over_seeds else [])]
    return Comparison(
        protocol=protocol,
        posts=posts,
        ours=spread(scores[0]),
        theirs=spread(scores[1]),
        bootstrap=over_posts[0],
        randomisation=over_posts[1],
        t_test=over_seeds,
        mcnemar=right,
        verdict=alone(together([test.p for test in tests])),
    )


def corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The same comparisons, judged as those of one table."""
    verdicts = in_family([each.verdict.p for each in comparisons])
    return [replace(each, verdict=verdict) for each, verdict in zip(comparisons, verdicts, strict=True)]


def _mean(figures: Sequence[Figures]) -> Figures:
    number = len(figures)
    return Figures(
        precision=sum(each.precision for each in figures) / number,
        recall=sum(each.recall for each in figures) / number,
        f1=sum(each.f1 for each in figures) / number,
        support=max(each.support for each in figures),
    )
