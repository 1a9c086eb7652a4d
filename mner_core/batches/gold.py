"""Gold as a loss reads it: tags, by a model's label set."""

import json
from collections.abc import Sequence

import torch
from torch import Tensor

from mner_core.tags import Scheme, encode, of_whole_words, tag_set
from mner_core.types import Example, InputError


def gold_tags(examples: Sequence[Example], num_words: int, labels: Sequence[str], scheme: Scheme) -> Tensor:
    """The posts' spans as numbers of the tag set [posts, num_words], 0 (O) where padded.

    An entity that begins or ends inside a word is O too: no tag can say it.

    Raises:
        InputError: as `must_know`.
    """
    must_know(labels, examples)
    number = {tag: place for place, tag in enumerate(tag_set(labels, scheme))}
    tags = torch.zeros(len(examples), num_words, dtype=torch.long)
    for row, example in enumerate(examples):
        written = encode(of_whole_words(example.spans or ()), len(example.tokens), scheme)
        tags[row, : len(written)] = torch.tensor([number[tag] for tag in written])
    return tags


def must_know(labels: Sequence[str], examples: Sequence[Example]) -> None:
    """Checks that a model with these labels can learn from these posts.

    Raises:
        InputError: a post has no gold, or a label that is not among them.
    """
    for example in examples:
        where = f"the post {example.id} ({', '.join(filter(None, (example.source, f'split {example.split}')))})"
        if example.spans is None:
            raise InputError(f"There are no labels in {where} to learn from; label it or leave it out.")
        for span in example.spans:
            if span.label not in labels:
                example_of = json.dumps({"labels": {span.label: next(iter(labels), "...")}}, ensure_ascii=False)
                raise InputError(
                    f"The label {span.label} of {where} is not among those of the model ({', '.join(labels)}); say in "
                    f"dataset.json which of them it is, as in {example_of}, or train a model that knows it."
                )
