"""Posts into batches: the words, pieces and parts that one system needs, from its feature providers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mner_core.batches.buckets import length_buckets
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.batches.gold import gold_tags
from mner_core.batches.picture_parts import attribute_part, grid_part, neighbour_part, object_part
from mner_core.batches.tensors import MAX_CHARACTERS, NUM_SHAPES, Batch, Known, Links, Neighbours, Pieces
from mner_core.batches.tokenizer_windows import Windows
from mner_core.batches.words import character_ids, word_shape
from mner_core.catalog.system import Settings
from mner_core.features.image import ImageFeatures
from mner_core.text.encoder import WordPieces
from mner_core.types import Example


class Batcher:
    """Turns posts into batches for one model: its tokenizer, tag set, features and neighbours.

    Args:
        settings: which parts a batch carries, and how words are pooled and spans written.
        labels: the label set.
        pieces, max_pieces: the text encoder's tokenizer and longest input.
        providers: where everything comes from that is not in the posts themselves.
    """

    def __init__(
        self,
        settings: Settings,
        labels: Sequence[str],
        pieces: WordPieces,
        max_pieces: int,
        providers: FeatureProviders,
    ) -> None:
        self.needs = settings.needs
        self.settings = settings
        self.labels = tuple(labels)
        self.pieces = pieces
        self.windows = Windows(pieces, max_pieces, settings.pooling)
        self.providers = providers

    def batch(self, examples: Sequence[Example]) -> Batch:
        """What a model predicts from, without gold. Every post must have at least one word."""
        num_words = max(len(example.tokens) for example in examples)
        words = torch.zeros(len(examples), num_words, dtype=torch.bool)
        for row, example in enumerate(examples):
            words[row, : len(example.tokens)] = True
        pictures = self._pictures(examples)
        of_text, of_image = self._neighbours(examples, pictures)
        return Batch(
            examples=tuple(examples),
            pictures=pictures,
            words=words,
            pieces=self._pieces(examples, num_words),
            characters=self._characters(examples, num_words),
            shapes=self._shapes(examples, num_words),
            tags=None,
            grid=grid_part(pictures) if self.needs.grid else None,
            objects=object_part(pictures) if self.needs.objects else None,
            links=self._links(examples, pictures, num_words) if self.needs.links != "none" else None,
            text_neighbours=of_text,
            image_neighbours=of_image,
            attributes=attribute_part(self.providers.phrases, pictures)
            if self.providers.phrases and self.needs.attributes
            else None,
            knowledge=self._knowledge(examples, pictures),
        )

    def labelled(self, examples: Sequence[Example]) -> Batch:
        """The same with the gold tags, which a loss needs.

        Raises:
            InputError: a post has no gold, or a label that is not among those of the model.
        """
        batch = self.batch(examples)
        return replace(batch, tags=gold_tags(examples, batch.words.shape[1], self.labels, self.settings.scheme))

    def batches(self, examples: Sequence[Example], size: int, seed: int | None = None) -> Iterator[Batch]:
        """All posts that have words, labelled, in batches of like length; shuffled by `seed`, else in that order."""
        for rows in length_buckets([len(example.tokens) for example in examples], size, seed):
            yield self.labelled([examples[row] for row in rows])

    def context(self, example: Example) -> str:
        """What the encoder reads behind the post: the context or caption given with it, else the extractor's caption.

        Empty where these settings read nothing there, or nothing is known of the picture.
        """
        if self.settings.context == "none":
            return ""
        if example.context is not None:
            return example.context
        if example.caption is None and self.providers.features is not None:
            return self.providers.features.features(example).caption
        return example.caption or ""

    def contexts_cut(self, examples: Sequence[Example]) -> int:
        """Of how many posts the encoder does not read the whole context."""
        return sum(self.windows.left_out(self.context(example)) > 0 for example in examples)

    def _pictures(self, examples: Sequence[Example]) -> tuple[ImageFeatures, ...]:
        if self.providers.features is None or not self.needs.pictures:
            return ()
        return tuple(self.providers.features.features(example) for example in examples)

    def _neighbours(
        self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]
    ) -> tuple[Neighbours | None, Neighbours | None]:
        """Those found by the text and by the picture; None for what is not needed."""
        source, needs = self.providers.neighbourhood, self.needs
        if source is None:
            return None, None
        return (
            neighbour_part(source, source.of_text(examples), pictures) if needs.text_neighbours else None,
            neighbour_part(source, source.of_image(examples, pictures), pictures) if needs.image_neighbours else None,
        )

    def _links(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures], num_words: int) -> Links:
        assert self.providers.grounding is not None
        num_objects = max(1, *(len(picture.objects) for picture in pictures))
        joined = torch.zeros(len(examples), num_words, num_objects, dtype=torch.bool)
        likeness = torch.zeros(joined.shape)
        for row, (example, picture) in enumerate(zip(examples, pictures, strict=True)):
            found = self.providers.grounding.links(example, picture)
            words, objects = found.joined.shape
            joined[row, :words, :objects] = torch.from_numpy(found.joined)
            likeness[row, :words, :objects] = torch.from_numpy(found.likeness)
        return Links(joined, likeness)

    def _knowledge(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]) -> Known | None:
        phrases, base = self.providers.phrases, self.providers.knowledge
        if phrases is None or not self.needs.knowledge:
            return None
        pairs = zip(examples, pictures, strict=True)
        found = tuple(base.of(example, picture) if base else None for example, picture in pairs)
        vectors = np.zeros((len(found), phrases.width), np.float32)
        rows = [row for row, each in enumerate(found) if each]
        vectors[rows] = phrases.vectors([each.tail for each in found if each])
        return Known(torch.tensor([each is not None for each in found]), torch.from_numpy(vectors), found)

    def _characters(self, examples: Sequence[Example], num_words: int) -> Tensor:
        ids = np.zeros((len(examples), num_words, MAX_CHARACTERS), np.int64)
        for row, example in enumerate(examples):
            for column, word in enumerate(example.words):
                codes = character_ids(word)
                ids[row, column, : len(codes)] = codes
        return torch.from_numpy(ids)

    def _shapes(self, examples: Sequence[Example], num_words: int) -> Tensor:
        shapes = np.zeros((len(examples), num_words, NUM_SHAPES), np.float32)
        for row, example in enumerate(examples):
            shapes[row, : len(example.tokens)] = [word_shape(word) for word in example.words]
        return torch.from_numpy(shapes)

    def _pieces(self, examples: Sequence[Example], num_words: int) -> Pieces:
        windows = [
            (row, window)
            for row, example in enumerate(examples)
            for window in self.windows.of(example.words, self.context(example))
        ]
        shape = (len(windows), max(len(window.ids) for _, window in windows))
        ids, segment = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        word, real = np.full(shape, -1, np.int64), np.zeros(shape, bool)
        for line, (row, window) in enumerate(windows):
            length = len(window.ids)
            ids[line, :length], real[line, :length] = window.ids, True
            segment[line, window.text_length : length] = 1
            word[line, :length] = [-1 if index < 0 else row * num_words + index for index in window.words]
        post = np.array([row for row, _ in windows])
        return Pieces(*(torch.from_numpy(part) for part in (ids, real, segment, word, post)))
