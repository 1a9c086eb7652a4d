"""Small posts, features and neighbours that are plainly made up, for tests of everything above them."""

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mner_core.batches.batcher import Batcher
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.batches.tensors import Attributes, Batch, Links, Neighbours, Objects
from mner_core.catalog.system import Settings
from mner_core.catalog.systems import system
from mner_core.features.grounding import Grounded
from mner_core.features.image import REGIONS, ImageFeatures
from mner_core.knowledge.search import Knowledge
from mner_core.models.base import Inputs, Model
from mner_core.models.registry import MODELS
from mner_core.retrieval.pool import Neighbour
from mner_core.text.encoder import text_encoder
from mner_core.types import Example, ImageObject, PostKey, Span, Token

LABELS = ("LOC", "MISC", "ORG", "PER")
GRID, OBJECT = 12, 10
VOCABULARY = "the a game met in Paris Jordan NBA won at #wow @kim 7 ! Rio old United photo again tonight".split()  # noqa: SIM905


def post(number: int, words: Sequence[str], spans: Sequence[Span] = (), image: str | None = "x.jpg") -> Example:
    tokens, place = [], 0
    for word in words:
        tokens.append(Token(word, place, place + len(word)))
        place += len(word) + 1
    return Example(
        id=f"post-{number}", text=" ".join(words), tokens=tuple(tokens), spans=tuple(sorted(spans)), image_name=image
    )


def random_posts(count: int, seed: int = 0, longest: int = 9) -> list[Example]:
    generator = np.random.default_rng(seed)
    posts = []
    for number in range(count):
        words = [str(word) for word in generator.choice(VOCABULARY, int(generator.integers(1, longest + 1)))]
        spans, start = [], 0
        while start < len(words):
            length = int(generator.integers(1, 4))
            if generator.random() < 0.5 and start + length <= len(words):
                spans.append(Span(start, start + length, str(generator.choice(LABELS))))
            start += length
        posts.append(post(number, words, spans))
    return posts


class FakeFeatures:
    """Random but fixed by the post's id; posts without an image have none."""

    def features(self, example: Example) -> ImageFeatures:
        generator = np.random.default_rng(zlib.crc32(example.id.encode()))
        ok = example.image_name is not None
        count = int(generator.integers(0, 4)) if ok else 0
        corners = generator.uniform(0, 0.5, (count, 2))
        objects = tuple(
            ImageObject(label=f"thing {i}", box=(x, y, x + 0.4, y + 0.4), score=0.5) for i, (x, y) in enumerate(corners)
        )
        return ImageFeatures(
            image_ok=ok,
            grid=generator.normal(size=(REGIONS, GRID)).astype(np.float16) * ok,
            objects=objects,
            object_vectors=generator.normal(size=(count, OBJECT)).astype(np.float16),
            attributes=tuple((str(name), 0.2) for name in generator.choice(VOCABULARY, 5)) if ok else (),
            caption="a made up thing" if ok else "",
            aspect=float(generator.uniform(0.5, 2.0)),
        )


class FakeGrounding:
    """Half of all words are joined to half of all objects, fixed by the post's id."""

    def links(self, example: Example, picture: ImageFeatures) -> Grounded:
        generator = np.random.default_rng(zlib.crc32(b"links" + example.id.encode()))
        joined = generator.random((len(example.tokens), len(picture.objects))) < 0.5
        return Grounded(joined, (generator.random(joined.shape) * joined).astype(np.float32))


class FakeNeighbourhood:
    """Up to `count` neighbours a post, fixed by its id."""

    def __init__(self, count: int) -> None:
        self.count = count

    def of_text(self, examples: Sequence[Example]) -> list[list[Neighbour]]:
        return [self._some("text" + example.id) for example in examples]

    def of_image(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]) -> list[list[Neighbour]]:
        assert len(pictures) == len(examples)
        return [self._some("image" + example.id) for example in examples]

    def grid(self, neighbour: Neighbour) -> np.ndarray[Any, Any]:
        generator = np.random.default_rng(zlib.crc32(neighbour.key.post.encode()))
        return generator.normal(size=(REGIONS, GRID)).astype(np.float16)

    def _some(self, name: str) -> list[Neighbour]:
        generator = np.random.default_rng(zlib.crc32(name.encode()))
        count = int(generator.integers(1, self.count + 1))
        scores = sorted(generator.uniform(0, 1, count), reverse=True)
        return [Neighbour(PostKey("train", f"post-{generator.integers(99)}"), float(score)) for score in scores]


class FakePhrases:
    """Random unit vectors but fixed by the phrase, as wide as the tiny text encoder."""

    width = 32

    def vectors(self, phrases: Sequence[str]) -> np.ndarray[Any, Any]:
        rows = [np.random.default_rng(zlib.crc32(phrase.encode())).normal(size=self.width) for phrase in phrases]
        return np.reshape([row / np.linalg.norm(row) for row in rows], (-1, self.width)).astype(np.float32)


class FakeKnowledge:
    """Half of the pictured posts have knowledge, fixed by the post's id."""

    def of(self, example: Example, picture: ImageFeatures) -> Knowledge | None:
        number = zlib.crc32(example.id.encode())
        if not picture.image_ok or number % 2:
            return None
        name, tail = VOCABULARY[number % 7], VOCABULARY[number % 5]
        return Knowledge(
            head=name, relation="isA", tail=tail, entity=name, path=(name, name), score=0.95, image="x.png"
        )


def settings_of(name: str, variant: str = "", **changes: Any) -> Settings:
    """Small settings of a model under test; they may switch off a part of the loss, which no training may."""
    heads = {"heads": 4} if hasattr(system(name).settings, "heads") else {}
    return replace(system(name).resolve("tiny", variant, {"dropout": 0.0, **heads}), **changes)


def make_batcher(name: str, settings: Settings) -> Batcher:
    encoder = text_encoder("tiny-text")
    providers = FeatureProviders(
        features=FakeFeatures(),
        neighbourhood=FakeNeighbourhood(max(1, settings.needs.text_neighbours, settings.needs.image_neighbours)),
        grounding=FakeGrounding(),
        phrases=FakePhrases(),
        knowledge=FakeKnowledge(),
    )
    return Batcher(settings, LABELS, encoder.pieces, 128, providers)


def make_model(name: str, settings: Settings, seed: int = 0) -> Model:
    torch.manual_seed(seed)
    encoder = text_encoder("tiny-text")
    return MODELS[name](settings, LABELS, Inputs(encoder=encoder, grid_width=GRID, object_width=OBJECT))


def with_garbage(batch: Batch, extra: int = 3) -> Batch:
    """The same posts, padded further, every padded number being garbage."""
    generator = torch.Generator().manual_seed(1)

    def widen(part: torch.Tensor, dim: int, fill: float | None = None, high: int = 0) -> torch.Tensor:
        shape = list(part.shape)
        shape[dim] = extra
        if part.dtype == torch.bool:
            tail = torch.zeros(shape, dtype=torch.bool)
        elif part.dtype == torch.long:
            tail = (
                torch.full(shape, int(fill)) if fill is not None else torch.randint(0, high, shape, generator=generator)
            )
        else:
            tail = torch.randn(shape, generator=generator) * 9
        return torch.cat([part, tail], dim)

    length = batch.words.shape[1]
    moved = torch.where(
        batch.pieces.word < 0, -1, batch.pieces.word // length * (length + extra) + batch.pieces.word % length
    )
    pieces = replace(
        batch.pieces,
        ids=widen(batch.pieces.ids, 1, high=2000),
        real=widen(batch.pieces.real, 1),
        segment=widen(batch.pieces.segment, 1, high=2),
        word=widen(moved, 1, fill=-1),
    )

    def objects(part: Objects | None) -> Objects | None:
        return part and Objects(
            widen(part.real, 1),
            widen(part.vectors, 1),
            widen(part.boxes, 1),
            widen(part.classes, 1, high=4000),
            part.aspect,
        )

    def links(part: Links | None) -> Links | None:
        return part and Links(widen(widen(part.joined, 2), 1), widen(widen(part.likeness, 2), 1))

    def attributes(part: Attributes | None) -> Attributes | None:
        return part and Attributes(widen(part.real, 1), widen(part.vectors, 1))

    def neighbours(part: Neighbours | None) -> Neighbours | None:
        return part and replace(
            part, real=widen(part.real, 1), cosine=widen(part.cosine, 1), regions=widen(part.regions, 1)
        )

    garbage = widen(batch.shapes, 1)
    assert batch.tags is not None
    return replace(
        batch,
        words=widen(batch.words, 1),
        pieces=pieces,
        characters=widen(batch.characters, 1, high=1000),
        shapes=garbage,
        tags=widen(batch.tags, 1, high=5),
        objects=objects(batch.objects),
        links=links(batch.links),
        attributes=attributes(batch.attributes),
        text_neighbours=neighbours(batch.text_neighbours),
        image_neighbours=neighbours(batch.image_neighbours),
    )
