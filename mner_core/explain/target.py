"""What is explained: how likely a run finds an entity to be, as a function of what it reads.

The inputs are the vectors of the text's pieces, of its words' spelling, of the picture's regions and of its objects,
whatever the model makes of them: they are taken from its batch and its word encoder, and no model is known by name.
Everything else that a batch carries (neighbours, attributes, knowledge, links, a caption) stays as it is.

Letters in shapes: U units, n variants, W windows, S pieces, L words, H hidden, R = 49 regions, N objects.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import torch
from torch import Tensor, nn

from mner_core.batches.tensors import Batch
from mner_core.device import device
from mner_core.layers.crf import CRF
from mner_core.training.picture_means import read_means
from mner_core.training.run import Run
from mner_core.types import Example, Span

Kind = Literal["word", "region", "object"]
ROWS = 16
"""Variants that are computed at once."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that gets a score: the n-th word, region or object."""

    kind: Kind
    number: int


class EntityTarget:
    """log p(span) of one entity, as its confidence is computed, of one post.

    Args:
        run: the model, with what it needs around it.
        example: the post; it has at least one word.
        span: the entity, in words, with a label that the run knows.
    """

    def __init__(self, run: Run, example: Example, span: Span) -> None:
        self.run, self.example, self.span = run, example, span
        self._embedding = run.model.words.encoder.embeddings.word_embeddings
        self._surface = run.model.words.surface
        self._copies = lru_cache(2)(self._batch_of)
        self.batch = self._batch_of(1)
        with torch.no_grad(), _remembered(self._embedding) as pieces, _remembered(self._surface) as spelling:
            run.model.states(self.batch, None)
        self._spelled = self._word_of_pieces()  # [W, S]
        self.parts: dict[str, Tensor] = {"pieces": pieces[0][None], "spelling": spelling[0][None]}
        self.baselines: dict[str, Tensor] = {
            "pieces": torch.where(self._spelled[None, ..., None] >= 0, self._padding, self.parts["pieces"]),
            "spelling": torch.zeros_like(self.parts["spelling"]),
        }
        self._add_picture()

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Everything that gets a score: the words, then the regions, then the objects that the model reads."""
        counts: tuple[tuple[Kind, int], ...] = (
            ("word", len(self.example.tokens)),
            ("region", self.parts["regions"].shape[1] if "regions" in self.parts else 0),
            ("object", self.parts["objects"].shape[1] if "objects" in self.parts else 0),
        )
        return tuple(Unit(kind, number) for kind, count in counts for number in range(count))

    @property
    def baseline(self) -> str:
        """What stands in the place of what is taken away, in words."""
        said = "the padding piece for a word, nothing for its spelling"
        if not {"regions", "objects"} & self.parts.keys():
            return said
        of = "the training pictures" if self._means is not None else "this picture"
        return f"{said}, the mean of {of} for a region or an object"

    def log_probability(self, *parts: Tensor) -> Tensor:
        """Returns log p(span) [n] of n variants of the post.

        Args:
            parts: as `self.parts` has them, in that order, each [n, ...].
        """
        given = dict(zip(self.parts, parts, strict=True))
        batch = self._copies(len(parts[0]))
        if "regions" in given and batch.grid is not None:
            batch = replace(batch, grid=replace(batch.grid, regions=given["regions"]))
        if "objects" in given and batch.objects is not None:
            batch = replace(batch, objects=replace(batch.objects, vectors=given["objects"]))
        model = self.run.model
        with (
            _replaced(self._embedding, given["pieces"].flatten(0, 1)),
            _replaced(self._surface, given["spelling"].flatten(0, 1)),
        ):
            emissions = model.emissions(model.states(batch, None))
        return model.crf.span_log_probabilities(emissions, batch.words, [self.span] * len(parts[0]))

    def keeping(self, kept: Tensor) -> tuple[Tensor, ...]:
        """Variants in which only some units are as they are, the others at their baseline: [n, U] -> parts [n, ...]."""
        ends = [sum(unit.kind == kind for unit in self.units) for kind in ("word", "region", "object")]
        words, regions, objects = torch.split(kept.to(device()), ends, dim=1)
        of_piece = words[:, self._spelled.clamp(min=0)] | (self._spelled < 0)  # [n, W, S]
        masks = {"pieces": of_piece, "spelling": words, "regions": regions, "objects": objects}
        return tuple(
            torch.where(masks[name].unsqueeze(-1), part, self.baselines[name]) for name, part in self.parts.items()
        )

    @torch.no_grad()
    def of_variants(self, kept: Tensor) -> Tensor:
        """Returns log p(span) [n] where only some units are kept [n, U], in batches of bounded memory."""
        found = [self.log_probability(*self.keeping(rows)) for rows in torch.split(kept, ROWS)]
        return torch.cat(found).cpu()

    def of_units(self, attributions: Sequence[Tensor]) -> Tensor:
        """The sum of each unit's numbers [U]; `attributions` are shaped as `parts` of one post."""
        given = {name: each[0].sum(dim=-1) for name, each in zip(self.parts, attributions, strict=True)}
        real = self._spelled >= 0
        words = given["spelling"].index_add(0, self._spelled[real], given["pieces"][real])
        return torch.cat([words, *(given[name] for name in ("regions", "objects") if name in given)]).detach().cpu()

    @contextmanager
    def choices_held(self) -> Iterator[None]:
        """While this lasts, taggers inside the model (GEI's of spans) decide as they do for the post as it is."""
        with ExitStack() as held:
            for module in self.run.model.modules():
                if isinstance(module, CRF):
                    held.enter_context(module.holding())
            with torch.no_grad():
                self.run.model.states(self.batch, None)
            yield

    @property
    def _padding(self) -> Tensor:
        """The vector of the padding piece [H]."""
        return self._embedding.weight[self._embedding.padding_idx or 0].detach()

    @cached_property
    def _means(self) -> tuple[Tensor, Tensor] | None:
        """The mean region and object of the run's training pictures."""
        means = read_means(self.run.folder)
        if means is None:
            return None
        return torch.from_numpy(means.region).to(device()), torch.from_numpy(means.thing).to(device())

    def _batch_of(self, number: int) -> Batch:
        return self.run.batcher.batch([self.example] * number).to(device())

    def _word_of_pieces(self) -> Tensor:
        """The word that each piece is a piece of [W, S]; -1 for marks, padding and a caption."""
        windows = self.run.batcher.windows.of(self.example.words, self.run.batcher.context(self.example))
        spelled = torch.full(self.batch.pieces.ids.shape, -1)
        for row, window in enumerate(windows):
            spelled[row, : len(window.spelled)] = torch.tensor(window.spelled)
        return spelled.to(device())

    def _add_picture(self) -> None:
        """What the model reads of the post's own picture, where there is one that opens."""
        grid, objects = self.batch.grid, self.batch.objects
        if grid is not None and bool(grid.ok[0]):
            self.parts["regions"] = grid.regions
            mean = self._means[0] if self._means else grid.regions.mean(dim=(0, 1))
            self.baselines["regions"] = mean.expand_as(grid.regions)
        if objects is not None and bool(objects.real.any()):
            self.parts["objects"] = objects.vectors
            mean = self._means[1] if self._means else objects.vectors.mean(dim=(0, 1))
            self.baselines["objects"] = mean.expand_as(objects.vectors)


@contextmanager
def _remembered(module: nn.Module) -> Iterator[list[Tensor]]:
    """What the module answers while this lasts."""
    answers: list[Tensor] = []
    hook = module.register_forward_hook(lambda module, inputs, output: answers.append(output.detach()))
    try:
        yield answers
    finally:
        hook.remove()


@contextmanager
def _replaced(module: nn.Module, answer: Tensor) -> Iterator[None]:
    """While this lasts, the module answers this."""
    hook = module.register_forward_hook(lambda module, inputs, output: answer)
    try:
        yield
    finally:
        hook.remove()
