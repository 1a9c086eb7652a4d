"""Predicting many posts over what the bare text encoder costs on the very same batches, both in CPU seconds.

    python -m benchmarks.prediction [--posts N]

Posts of 8 to 40 words, BERT-CRF under the profile `compact` with parameters as they are drawn. Slices of the posts take
turns, so that noise of the machine hits both. `predict` does everything that a run's prediction does: tokenizer,
batches, encoder, emissions, Viterbi and a confidence for each span.
"""

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mner_core.batches.batcher import Batcher
from mner_core.batches.buckets import length_buckets
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.tokenize import tokenize
from mner_core.models.base import Model
from mner_core.text.encoder import text_encoder
from mner_core.training.fit import predict
from mner_core.training.plan import Plan, build_batcher, build_model
from mner_core.types import Example

SLICE = 1_000
"""Posts that are predicted before the bare encoder has its turn."""
OUTSIDE = 0.8
"""Added to the score of the tag O, so that a post has one or two predicted spans, as those of a trained model have."""
_WORDS = ("the", "of", "new", "to", "Anna", "Smith", "meets", "in", "York", "Real", "Madrid", "at", "Unilever", "with")


def main(posts: int = SLICE) -> None:
    """Prints the ratio that the issue bounds, and what a post costs."""
    found = measured(posts)
    print(
        f"\nPredicting {posts} posts ({found.spans} spans), BERT-CRF, compact, {torch.get_num_threads()} thread\n"
        f"  {1000 * found.whole / posts:.2f} CPU ms a post,  {found.whole / found.bare:.2f} x the bare encoder on the "
        "same batches (at most 1.15)"
    )


@dataclass(frozen=True)
class Cost:
    """CPU seconds of predicting and of the bare encoder, and how many spans were predicted."""

    whole: float
    bare: float
    spans: int


def measured(posts: int) -> Cost:
    """What `predict` costs, and the bare encoder on the same batches."""
    model, batcher, size = _model()
    predict(model, batcher, [_post(number) for number in range(size)], size)  # the first call is slower
    whole = bare = 0.0
    spans = 0
    for start in range(0, posts, SLICE):
        part = [_post(number) for number in range(start, min(start + SLICE, posts))]
        begin = time.process_time()
        found = predict(model, batcher, part, size)
        whole += time.process_time() - begin
        spans += sum(len(each.spans) for each in found)
        bare += _forwards(model, batcher, part, size)
    return Cost(whole, bare, spans)


def _model() -> tuple[Model, Batcher, int]:
    plan = Plan(
        system=system("bert-crf"),
        variant="",
        settings=system("bert-crf").resolve("compact"),
        labels=("PER", "LOC", "ORG", "MISC"),
        profile=profile("compact"),
    )
    encoder = text_encoder(plan.profile.text)
    model = build_model(plan, encoder, 0).eval()
    with torch.no_grad():
        model.emissions.bias[0] += OUTSIDE
    return model, build_batcher(plan, encoder, FeatureProviders()), plan.settings.batch


def _post(number: int) -> Example:
    chosen = random.Random(number)
    text = " ".join(chosen.choices(_WORDS, k=chosen.randint(8, 40)))
    return Example(id=str(number), text=text, tokens=tokenize(text))


@torch.no_grad()
def _forwards(model: Model, batcher: Batcher, posts: Sequence[Example], size: int) -> float:
    """CPU seconds of the encoder alone; the batches are made off the clock."""
    seconds = 0.0
    for rows in length_buckets([len(post.tokens) for post in posts], size):
        pieces = batcher.batch([posts[row] for row in rows]).pieces
        begin = time.process_time()
        model.words.encoder(input_ids=pieces.ids, attention_mask=pieces.real, token_type_ids=pieces.segment)
        seconds += time.process_time() - begin
    return seconds


if __name__ == "__main__":
    torch.set_num_threads(1)
    options = argparse.ArgumentParser(prog="python -m benchmarks.prediction", description="What predicting costs.")
    options.add_argument("--posts", type=int, default=SLICE)
    main(options.parse_args().posts)
