"""Two sets of runs on the same gold: how far apart they are, and whether any test supports that they differ."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any

from mner_core.evaluation.gold import gold_entities
from mner_core.evaluation.scoring import Figures, Score
from mner_core.evaluation.significance import (
    DRAWS,
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
from mner_core.types import Example, InputError, Span

Predicted = Sequence[Sequence[Span]]
"""One run's spans, a sequence a post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against theirs under one protocol; F1 and its differences (ours - theirs) are 0..100.

    `t_test` is over seeds and there with two runs a side or more, `mcnemar` over posts wholly right and there with one.
    """

    protocol: str
    posts: int
    ours: Spread
    theirs: Spread
    bootstrap: Finding
    randomisation: Finding
    t_test: Finding | None
    mcnemar: McNemar | None

    @property
    def difference(self) -> float:
        """Mean F1 of ours minus that of theirs."""
        return self.ours.mean - self.theirs.mean

    @property
    def supported(self) -> bool:
        """Whether a table may mark the difference: every test of F1 that can be made supports it.

        Over posts (another sample of posts would show it, too) and, with several seeds, over seeds (training again
        would, too). McNemar's test is of posts right, not of F1, and has no vote.
        """
        tests = [self.bootstrap, self.randomisation, *([self.t_test] if self.t_test else [])]
        return all(test.supports for test in tests)

    @property
    def better(self) -> bool:
        """Whether ours is better, as far as the tests support it."""
        return self.supported and self.difference > 0

    @property
    def sentence(self) -> str:
        """The difference in words, with what supports it."""
        low, high = self.bootstrap.low, self.bootstrap.high
        rests_on = f"95 % interval over posts {low:+.2f} to {high:+.2f}, randomisation {_p(self.randomisation)}"
        if self.t_test:
            rests_on += f", t-test over {self.ours.number} seeds {_p(self.t_test)}"
        verdict = "supported" if self.supported else "not supported: no difference to speak of"
        return f"{self.difference:+.2f} F1 ({rests_on}): {verdict}."

    def to_json(self) -> dict[str, Any]:
        """Plain JSON with the verdict."""
        tests = {"difference": self.difference, "supported": self.supported, "sentence": self.sentence}
        return {**tests, **asdict(self)}


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
    gold: Sequence[Example], ours: Sequence[Predicted], theirs: Sequence[Predicted], protocol: str = "entity"
) -> Comparison:
    """Compares runs pair by pair: the n-th of ours with the n-th of theirs, all on the same posts.

    Raises:
        InputError: the numbers of runs differ, there are fewer than two posts, a post is not labelled, or the protocol
            does not count post by post.
    """
    return compare_spans(gold_entities(gold, protocol), ours, theirs, protocol)


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
    if len(ours) != len(theirs) or not ours:
        raise InputError(f"Runs are compared in pairs, one seed each: got {len(ours)} against {len(theirs)}.")
    if len(gold) < 2:
        raise InputError(f"Two runs cannot be compared on {len(gold)} posts; bring more.")
    counts = post_counts(gold, ours), post_counts(gold, theirs)
    scores = [[float(mean_f1(side[:, [run]])) for run in range(len(ours))] for side in counts]
    right = [[true == set(said) for true, said in zip(gold, side[0], strict=True)] for side in (ours, theirs)]
    return Comparison(
        protocol=protocol,
        posts=len(gold),
        ours=spread(scores[0]),
        theirs=spread(scores[1]),
        bootstrap=bootstrap(*counts, draws),
        randomisation=randomisation(*counts, draws),
        t_test=paired_t(*scores) if len(ours) > 1 else None,
        mcnemar=mcnemar(*right) if len(ours) == 1 else None,
    )


def _p(found: Finding) -> str:
    return f"p = {found.p:.3f}" if found.p >= 0.001 else "p < 0.001"


def _mean(figures: Sequence[Figures]) -> Figures:
    number = len(figures)
    return Figures(
        precision=sum(each.precision for each in figures) / number,
        recall=sum(each.recall for each in figures) / number,
        f1=sum(each.f1 for each in figures) / number,
        support=max(each.support for each in figures),
    )
