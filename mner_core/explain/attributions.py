"""How much each word, region and object of a post has to do with an entity that a run finds there.

Integrated gradients (Sundararajan et al. 2017, Axiomatic attribution for deep networks) go from a baseline to the post
in many small steps; what they give sums up to the difference in log p(span), and how nearly it does is told. Ablation
takes away one thing at a time. Captum computes the former; both work on every model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from mner_core.explain.target import ROWS, EntityTarget
from mner_core.training.run import Run
from mner_core.types import Example, InputError, Prediction, Span

STEPS = 32
MOST_STEPS = 512
"""Where the scores do not sum up, the steps are doubled until they do, or are this many."""
NEARLY = 0.05
"""The completeness error from which on the scores sum up."""
SMALLEST_DIFFERENCE = 0.1
"""A difference in log p below this counts as this where an error is told as its share."""


@dataclass(frozen=True, kw_only=True)
class Attributions:
    """The scores [U] of a target's units, in its order, with what they explain.

    `log_probability` is that of the entity in the post, `baseline_log_probability` where nothing is left of it.
    """

    method: str
    steps: int
    target: EntityTarget
    scores: Tensor
    log_probability: float
    baseline_log_probability: float

    @property
    def completeness_error(self) -> float:
        """How far the scores' sum is from the difference that they explain, as a share of that difference."""
        difference = self.log_probability - self.baseline_log_probability
        return abs(float(self.scores.sum()) - difference) / max(abs(difference), SMALLEST_DIFFERENCE)

    def to_json(self) -> dict[str, Any]:
        """As `mner explain` prints it; offsets are code points."""
        target, example, span = self.target, self.target.example, self.target.span
        scored = [*zip(target.units, self.scores.tolist(), strict=True)]
        of_kind = {
            kind: [score for unit, score in scored if unit.kind == kind] for kind in ("word", "region", "object")
        }
        words = [
            {"start": token.start, "end": token.end, "text": token.text, "score": score}
            for token, score in zip(example.tokens, of_kind["word"], strict=True)
        ]
        things = target.batch.pictures[0].objects if of_kind["object"] else ()
        return {
            "method": self.method,
            "baseline": target.baseline,
            "steps": self.steps,
            "entity": {
                "start": example.tokens[span.start].start,
                "end": example.tokens[span.end - 1].end,
                "text": example.span_text(span),
                "label": span.label,
                "log_probability": self.log_probability,
            },
            "words": words,
            "regions": of_kind["region"] or None,
            "objects": [
                {"label": thing.label, "box": list(thing.box), "score": score}
                for thing, score in zip(things, of_kind["object"], strict=True)
            ],
            "baseline_log_probability": self.baseline_log_probability,
            "completeness_error": self.completeness_error,
        }


def integrated_gradients(target: EntityTarget) -> Attributions:
    """By integrated gradients over all parts at once, in as many steps as they need to sum up."""
    steps, best = STEPS, _integrated(target, STEPS)
    while best.completeness_error > NEARLY and steps < MOST_STEPS:
        steps *= 2
        found = _integrated(target, steps)
        best = min(found, best, key=lambda each: each.completeness_error)
    return best


def ablation(target: EntityTarget) -> Attributions:
    """What log p(span) loses when one unit is taken away, each alone."""
    number = len(target.units)
    with target.choices_held():
        # The post as it is, without anything, and without each unit.
        kept = torch.cat([torch.ones(1, number), torch.zeros(1, number), 1 - torch.eye(number)]).bool()
        whole, nothing, *without = target.of_variants(kept).tolist()
    return Attributions(
        method="ablation",
        steps=number,
        target=target,
        scores=whole - torch.tensor(without, dtype=torch.float64),
        log_probability=whole,
        baseline_log_probability=nothing,
    )


METHODS: Mapping[str, Callable[[EntityTarget], Attributions]] = {
    "integrated-gradients": integrated_gradients,
    "ablation": ablation,
}


def explain(run: Run, example: Example, span: Span | None = None, method: str = "integrated-gradients") -> Attributions:
    """Explains one entity of a post: the given one, be it predicted or not, else the surest that the run predicts.

    Raises:
        InputError: the post has no word, the run predicts nothing in it, does not know the label, or there is no such
            method.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}; choose one of {', '.join(METHODS)}.")
    if not example.tokens:
        raise InputError("The text has no words: there is nothing to explain.")
    chosen = surest(run, example) if span is None else span
    if chosen.label not in run.plan.labels:
        known = ", ".join(run.plan.labels)
        raise InputError(f"The run {run.folder.name} does not know the label {chosen.label!r}; it knows {known}.")
    return METHODS[method](EntityTarget(run, example, chosen))


def surest(run: Run, example: Example) -> Span:
    """The most confident entity that the run predicts.

    Raises:
        InputError: it predicts none.
    """
    [said] = run.predict_posts([example])
    if not said.spans:
        raise InputError(
            f"The run {run.folder.name} finds no entity in this text; name one to be explained, as START:END:LABEL."
        )
    return surest_of(said)


def surest_of(said: Prediction) -> Span:
    """The most confident of the predicted spans, of which there is one at least."""
    return max(zip(said.confidences, said.spans, strict=True), key=lambda each: each[0])[1]


def _integrated(target: EntityTarget, steps: int) -> Attributions:
    inputs, baselines = tuple(target.parts.values()), tuple(target.baselines.values())
    with target.choices_held():
        found = IntegratedGradients(target.log_probability).attribute(
            inputs, baselines, n_steps=steps, method="gausslegendre", internal_batch_size=ROWS
        )
        with torch.no_grad():
            whole, nothing = (float(target.log_probability(*parts)) for parts in (inputs, baselines))
    return Attributions(
        method="integrated-gradients",
        steps=steps,
        target=target,
        scores=target.of_units(found).double(),
        log_probability=whole,
        baseline_log_probability=nothing,
    )
