"""What cross-validated models predict of posts that they have not seen: the likeliest tags of each post."""

from collections.abc import Sequence

import numpy as np
import torch
from torchcrf import CRF as LinearChain

from mner_core.label_errors.crf_marginals import CrfMarginals, Floats
from mner_core.label_errors.cross_validation import HeldOutScores
from mner_core.tags import decode, tag_set
from mner_core.types import Example, Prediction, Span


def held_out_predictions(posts: Sequence[Example], held_out: Sequence[HeldOutScores]) -> list[Prediction]:
    """The prediction for each post by the model that has not seen it; a post without words has no entity."""
    of_post = {key: (scores.marginals, emissions) for scores in held_out for key, emissions in scores.emissions.items()}
    return [_predicted(*of_post[post.key]) if post.key in of_post else _predicted_nothing() for post in posts]


def _predicted(marginals: CrfMarginals, emissions: Floats) -> Prediction:
    spans = _best(marginals, emissions)
    table = marginals.table(emissions, max((span.end - span.start for span in spans), default=1))
    confidences = tuple(table.probability(span) for span in spans)
    return Prediction(spans=spans, confidences=confidences, confidence_source="crf")


def _predicted_nothing() -> Prediction:
    return Prediction(spans=(), confidences=(), confidence_source="crf")


def _best(marginals: CrfMarginals, emissions: Floats) -> tuple[Span, ...]:
    """The spans of the likeliest tag sequence (Viterbi); emissions [n, C]."""
    tags = tag_set(marginals.labels, marginals.scheme)
    chain = LinearChain(len(tags), batch_first=True)
    parts = {"transitions": marginals.steps, "start_transitions": marginals.starts, "end_transitions": marginals.ends}
    chain.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()})
    words = torch.ones(1, len(emissions), dtype=torch.bool)
    [best] = chain.decode(torch.from_numpy(np.ascontiguousarray(emissions)).float()[None], words)
    return tuple(decode([tags[tag] for tag in best]))
