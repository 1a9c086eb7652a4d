"""Posts into batches: the words, pieces and parts that one system needs, from its feature providers."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mner_core.batches.buckets import length_buckets
from mner_core.batches.feature_providers import FeatureProviders, NeighbourProvider, PhraseProvider
from mner_core.batches.tensors import (
    MAX_CHARACTERS,
    NUM_CLASSES,
    NUM_SHAPES,
    Attributes,
    Batch,
    Grid,
    Known,
    Links,
    Neighbours,
    Objects,
    Pieces,
)
from mner_core.batches.words import character_ids, word_shape
from mner_core.catalog.system import Settings, System
from mner_core.features.image import REGIONS, ImageFeatures
from mner_core.retrieval.pool import Neighbour
from mner_core.tags import encode, tag_set
from mner_core.text.encoder import WordPieces
from mner_core.types import Example

MAX_CONTEXT = 64
"""Pieces of a caption that the encoder reads behind the post."""


def class_row(label: str) -> int:
    """The row of the class table for an object's class name.

    Names are hashed, since they are an open set (80 of COCO, 1,600 of Visual Genome, those of a data set's own boxes):
    one rule for all of them, the same in every process, and no list beside the weights. COCO's names have a row each;
    a name that training never saw gets one that says nothing, as it should.
    """
    return zlib.crc32(label.strip().casefold().encode()) % NUM_CLASSES


@dataclass(frozen=True, slots=True)
class _Window:
    ids: list[int]
    words: list[int]
    text_length: int


class Batcher:
    """Turns posts into batches for one model: its tokenizer, tag set, features and neighbours.

    Args:
        system, settings: which parts a batch carries, and how words are pooled and spans written.
        labels: the label set.
        pieces, max_pieces: the text encoder's tokenizer and longest input.
        providers: where everything comes from that is not in the posts themselves.
    """

    def __init__(
        self,
        system: System,
        settings: Settings,
        labels: Sequence[str],
        pieces: WordPieces,
        max_pieces: int,
        providers: FeatureProviders,
    ) -> None:
        self.needs = system.needs - settings.unread
        self.settings = settings
        self.tag_ids = {tag: index for index, tag in enumerate(tag_set(labels, settings.scheme))}
        self.pieces = pieces
        self.max_pieces = max_pieces
        self.providers = providers

    def batch(self, examples: Sequence[Example]) -> Batch:
        """Every post must have at least one word."""
        num_words = max(len(example.tokens) for example in examples)
        words = torch.zeros(len(examples), num_words, dtype=torch.bool)
        for row, example in enumerate(examples):
            words[row, : len(example.tokens)] = True
        pictures = self._pictures(examples)
        neighbours = self.providers.neighbourhood if "neighbours" in self.needs else None
        return Batch(
            examples=tuple(examples),
            pictures=pictures,
            words=words,
            pieces=self._pieces(examples, num_words),
            characters=self._characters(examples, num_words),
            shapes=self._shapes(examples, num_words),
            tags=self._tags(examples, num_words),
            grid=_grid(pictures) if "grid" in self.needs else None,
            objects=_objects(pictures) if "objects" in self.needs else None,
            links=self._links(examples, pictures, num_words) if "links" in self.needs else None,
            text_neighbours=_neighbours(neighbours, [neighbours.of_text(e) for e in examples], pictures)
            if neighbours
            else None,
            image_neighbours=_neighbours(neighbours, [neighbours.of_image(e) for e in examples], pictures)
            if neighbours
            else None,
            attributes=_attributes(self.providers.phrases, pictures)
            if self.providers.phrases and "attributes" in self.needs
            else None,
            knowledge=self._knowledge(examples, pictures),
        )

    def batches(self, examples: Sequence[Example], size: int, seed: int | None = None) -> Iterator[Batch]:
        """All posts that have words, in batches of like length; shuffled by `seed`, in order of length without one."""
        for rows in length_buckets([len(example.tokens) for example in examples], size, seed):
            yield self.batch([examples[row] for row in rows])

    def _pictures(self, examples: Sequence[Example]) -> tuple[ImageFeatures, ...]:
        if self.providers.features is None or not self.needs:
            return ()
        return tuple(self.providers.features.features(example) for example in examples)

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
        if phrases is None or "knowledge" not in self.needs:
            return None
        pairs = zip(examples, pictures, strict=True)
        found = tuple(base.of(example, picture) if base else None for example, picture in pairs)
        vectors = np.zeros((len(found), phrases.width), np.float32)
        rows = [row for row, each in enumerate(found) if each]
        vectors[rows] = phrases.vectors([each.tail for each in found if each])
        return Known(torch.tensor([each is not None for each in found]), torch.from_numpy(vectors), found)

    def _tags(self, examples: Sequence[Example], num_words: int) -> Tensor | None:
        tags = torch.zeros(len(examples), num_words, dtype=torch.long)
        for row, example in enumerate(examples):
            if example.spans is None:
                return None
            written = encode(example.spans, len(example.tokens), self.settings.scheme)
            known = [self.tag_ids.get(tag, 0) for tag in written]
            tags[row, : len(known)] = torch.tensor(known)
        return tags

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
        windows = [(row, window) for row, example in enumerate(examples) for window in self._windows(example)]
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

    def _windows(self, example: Example) -> list[_Window]:
        """The post as inputs that fit the encoder: one, or several that overlap by half.

        A piece stands for its word in the window where it has most context on its nearer side, and nowhere else; under
        the pooling `first` only a word's first piece does.
        """
        flat = [(piece, word) for word, of_word in enumerate(self.pieces.pieces(example.words)) for piece in of_word]
        first = {word: place for place, (_, word) in reversed(list(enumerate(flat)))}
        context = self._context(example)
        room = self.max_pieces - 2 - len(context)
        starts = list(range(0, max(len(flat) - room, 0) + room // 2, room // 2)) if len(flat) > room else [0]
        windows = []
        for start in starts:
            inside = flat[start : start + room]
            words = [
                word
                if _owner(start + place, starts, room, len(flat)) == start
                and (self.settings.pooling != "first" or first[word] == start + place)
                else -1
                for place, (_, word) in enumerate(inside)
            ]
            ids = [self.pieces.cls, *(piece for piece, _ in inside), self.pieces.sep, *context]
            windows.append(_Window(ids, [-1, *words, -1, *[-1] * len(context)], len(inside) + 2))
        return windows

    def _context(self, example: Example) -> list[int]:
        if self.settings.context == "none":
            return []
        caption = example.caption
        if caption is None and self.providers.features is not None:
            caption = self.providers.features.features(example).caption
        flat = [piece for of_word in self.pieces.pieces((caption or "").split()) for piece in of_word]
        return [*flat[: min(MAX_CONTEXT, self.max_pieces // 4)], self.pieces.sep] if flat else []


def _owner(place: int, starts: Sequence[int], room: int, total: int) -> int:
    """The start of the window in which a piece lies furthest from an edge that cuts the text."""

    def context(start: int) -> int:
        left = place - start if start > 0 else total
        right = start + room - 1 - place if start + room < total else total
        return min(left, right)

    return max((start for start in starts if start <= place < start + room), key=context)


def _grid(pictures: Sequence[ImageFeatures]) -> Grid:
    regions = np.stack([picture.grid for picture in pictures]).astype(np.float32)
    return Grid(torch.tensor([picture.image_ok for picture in pictures]), torch.from_numpy(regions))


def _objects(pictures: Sequence[ImageFeatures]) -> Objects:
    num_objects = max(1, *(len(picture.objects) for picture in pictures))
    width = pictures[0].object_vectors.shape[1]
    real = torch.zeros(len(pictures), num_objects, dtype=torch.bool)
    vectors = torch.zeros(len(pictures), num_objects, width)
    boxes = torch.zeros(len(pictures), num_objects, 4)
    classes = torch.zeros(len(pictures), num_objects, dtype=torch.long)
    for row, picture in enumerate(pictures):
        count = len(picture.objects)
        if count:
            real[row, :count] = True
            vectors[row, :count] = torch.from_numpy(picture.object_vectors.astype(np.float32))
            boxes[row, :count] = torch.tensor([seen.box for seen in picture.objects])
            classes[row, :count] = torch.tensor([class_row(seen.label) for seen in picture.objects])
    aspect = torch.tensor([picture.aspect for picture in pictures])
    return Objects(real, vectors, boxes, classes, aspect)


def _attributes(phrases: PhraseProvider, pictures: Sequence[ImageFeatures]) -> Attributes:
    most = max(1, *(len(picture.attributes) for picture in pictures))
    real = torch.zeros(len(pictures), most, dtype=torch.bool)
    vectors = np.zeros((len(pictures), most, phrases.width), np.float32)
    for row, picture in enumerate(pictures):
        count = len(picture.attributes)
        real[row, :count] = True
        vectors[row, :count] = phrases.vectors([name for name, _ in picture.attributes])
    return Attributes(real, torch.from_numpy(vectors))


def _neighbours(
    source: NeighbourProvider, of_posts: Sequence[Sequence[Neighbour]], pictures: Sequence[ImageFeatures]
) -> Neighbours:
    most = max(1, *(len(of_post) for of_post in of_posts))
    real = torch.zeros(len(of_posts), most, dtype=torch.bool)
    cosine = torch.zeros(len(of_posts), most)
    regions = np.zeros((len(of_posts), most, REGIONS, pictures[0].grid.shape[1]), np.float32)
    for row, of_post in enumerate(of_posts):
        for place, neighbour in enumerate(of_post):
            real[row, place], cosine[row, place] = True, neighbour.score
            regions[row, place] = source.grid(neighbour)
    return Neighbours(real, cosine, torch.from_numpy(regions), tuple(tuple(of_post) for of_post in of_posts))
