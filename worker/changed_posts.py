"""What a counterfactual changes: the post's words, its picture, one object, the text beside it, or one neighbour.

"change" of a question says which:

    "no image"                          the post without its picture
    "image of", "other": number         with the picture (and caption) of another post of the store
    "no object", "object": place        without one of the objects detected in it
    "word", "word": place, "said": T    with T in the place of a word; an empty T takes the word away
    "context", "said": T                with T as what the run reads behind the post, be it a caption or a context
    "no neighbour", "neighbour": key    without the pictures of one retrieved post (`evidence.neighbour_key`)
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from db.engine import Store
from db.posts import post
from mner_core.batches.batcher import Batcher
from mner_core.batches.feature_providers import NeighbourProvider
from mner_core.data.tokenize import tokenize
from mner_core.evidence import neighbour_key
from mner_core.features.image import Features, ImageFeatures
from mner_core.retrieval.pool import Neighbour
from mner_core.training.run import Run, without_images
from mner_core.types import Example, InputError, Token

Changed = tuple[Example, Batcher]
"""A post, and what makes a batch of it."""


def changed_post(store: Store, payload: Mapping[str, Any], run: Run, example: Example) -> Changed:
    """The post as the question would have it.

    Raises:
        InputError: the change is unknown, changes nothing that the run reads, or speaks of what is not there.
    """
    change = payload.get("change")
    if change not in _CHANGES:
        raise InputError(f"There is no change {change!r}; ask for one of {', '.join(map(repr, _CHANGES))}.")
    return _CHANGES[str(change)](_Asked(store, payload, run, example))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question about a post, and its answers by what is to be changed."""

    store: Store
    payload: Mapping[str, Any]
    run: Run
    example: Example

    def without_picture(self) -> Changed:
        return without_images([self.example])[0], self.run.batcher

    def with_picture_of(self) -> Changed:
        other = post(self.store, int(self.payload.get("other", 0))).example
        pictured = replace(self.example, image=other.image, image_name=other.image_name)
        return replace(pictured, caption=other.caption, objects=other.objects), self.run.batcher

    def without_object(self) -> Changed:
        number, features = int(self.payload.get("object", -1)), self.run.features
        seen = features.features(self.example).objects if features is not None else ()
        if features is None or not 0 <= number < len(seen):
            raise InputError(f"There is no object number {number + 1} in the picture; it has {len(seen)}.")
        less = _OtherFeatures(features, lambda known: _without(known, number))
        return self.example, self._with_providers(features=less)

    def with_word(self) -> Changed:
        number, count = int(self.payload.get("word", -1)), len(self.example.tokens)
        if not 0 <= number < count:
            raise InputError(f"There is no word number {number + 1} in the text; it has {count}.")
        return with_word(self.example, number, str(self.payload.get("said", ""))), self.run.batcher

    def with_context(self) -> Changed:
        if self.run.plan.settings.context == "none":
            raise InputError("The run reads no text beside the post: another caption changes nothing.")
        return replace(self.example, context=str(self.payload.get("said", ""))), self.run.batcher

    def without_neighbour(self) -> Changed:
        source, left_out = self.run.batcher.providers.neighbourhood, str(self.payload.get("neighbour", ""))
        if source is None:
            raise InputError("The run retrieves no posts: there is no neighbour to leave out.")
        return self.example, self._with_providers(neighbourhood=_FewerNeighbours(source, left_out))

    def _with_providers(self, **changed: Any) -> Batcher:
        batcher = copy.copy(self.run.batcher)
        batcher.providers = replace(batcher.providers, **changed)
        return batcher


_CHANGES: Mapping[str, Callable[[_Asked], Changed]] = {
    "no image": _Asked.without_picture,
    "image of": _Asked.with_picture_of,
    "no object": _Asked.without_object,
    "word": _Asked.with_word,
    "context": _Asked.with_context,
    "no neighbour": _Asked.without_neighbour,
}


def with_word(example: Example, number: int, said: str) -> Example:
    """The post with another text in the place of one word; what follows moves along.

    Raises:
        InputError: no word is left.
    """
    old = example.tokens[number]
    shift = len(said) - (old.end - old.start)
    new = [Token(each.text, each.start + old.start, each.end + old.start) for each in tokenize(said)]
    after = [Token(each.text, each.start + shift, each.end + shift) for each in example.tokens[number + 1 :]]
    tokens = (*example.tokens[:number], *new, *after)
    if not tokens:
        raise InputError("No word would be left in the text: write something in its place.")
    text = example.text[: old.start] + said + example.text[old.end :]
    return replace(example.with_spans(None), text=text, tokens=tokens)


class _OtherFeatures:
    """Features in which the picture in question is another than it is."""

    def __init__(self, features: Features, change: Callable[[ImageFeatures], ImageFeatures]) -> None:
        self._features, self._change = features, change

    def features(self, example: Example) -> ImageFeatures:
        return self._change(self._features.features(example))


class _FewerNeighbours:
    """Neighbours among which one post is missing; no other takes its place."""

    def __init__(self, source: NeighbourProvider, left_out: str) -> None:
        self._source, self._left_out = source, left_out

    def of_text(self, examples: Sequence[Example]) -> list[list[Neighbour]]:
        return self._without(self._source.of_text(examples))

    def of_image(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]) -> list[list[Neighbour]]:
        return self._without(self._source.of_image(examples, pictures))

    def grid(self, neighbour: Neighbour) -> np.ndarray[Any, Any]:
        return self._source.grid(neighbour)

    def _without(self, found: Sequence[Sequence[Neighbour]]) -> list[list[Neighbour]]:
        return [[each for each in of_post if neighbour_key(each.item) != self._left_out] for of_post in found]


def _without(features: ImageFeatures, number: int) -> ImageFeatures:
    return replace(
        features,
        objects=features.objects[:number] + features.objects[number + 1 :],
        object_vectors=np.delete(features.object_vectors, number, axis=0),
    )
