"""HamLearning: hierarchical aligned multimodal learning (Liu et al. 2023).

A picture is seen in two views: what its objects mean to each other, and where they lie. In each view the whole picture
is compared with the whole sentence, and that relevance decides what every object brings. Then words and objects refine
each other, iteration by iteration, and a CRF tags the words.

Letters: B posts, L words, N objects, d width of the text encoder. Node 0 of every view is the picture itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mner_core.batches.tensors import NUM_CLASSES, Batch, Objects
from mner_core.catalog.hamlearning import HamLearningSettings
from mner_core.layers.graph import RelationalGraphLayer
from mner_core.layers.relations import COVER, INSIDE, NOTHING, RELATIONS, distances, spatial_relations
from mner_core.layers.trace import Trace
from mner_core.layers.transformer import TransformerLayer
from mner_core.models.base import Inputs, Model
from mner_core.types import Axis, Item

CLASS_WIDTH = 32
"""Length of a class embedding e_i (ours)."""


class ObjectEncoder(nn.Module):
    """v_IMG = linear(ResNet map), after the mean over regions (ours, Eq. 2); v_i = linear(f_i) + W_e e_i (Eq. 3)."""

    def __init__(self, width: int, inputs: Inputs) -> None:
        super().__init__()
        self.of_grid = nn.Linear(inputs.grid_width, width)
        self.of_object = nn.Linear(inputs.object_width, width)
        self.classes = nn.Embedding(NUM_CLASSES, CLASS_WIDTH)  # E^v, rows by hashed name
        self.of_class = nn.Linear(CLASS_WIDTH, width, bias=False)  # W_e

    def forward(self, regions: Tensor, objects: Objects) -> Tensor:
        """[v_IMG, v_1 .. v_N]: [B, 1 + N, d]."""
        picture = self.of_grid(regions.mean(dim=1, keepdim=True))
        things = self.of_object(objects.vectors) + self.of_class(self.classes(objects.classes))
        return torch.cat([picture, things], dim=1)


class SemanticView(nn.Module):
    """ViT: Transformer layers over the picture and its objects (Eq. 4), without positions: a set has none (ours)."""

    def __init__(self, width: int, settings: HamLearningSettings) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TransformerLayer(width, settings.heads, width, settings.dropout) for _ in range(settings.semantic_layers)
        )

    def forward(self, nodes: Tensor, objects: Objects) -> Tensor:
        """[B, 1 + N, d] -> [B, 1 + N, d]."""
        real = nn.functional.pad(objects.real, (1, 0), value=True)
        for layer in self.layers:
            nodes, _ = layer(nodes, nodes, real)
        return nodes


class SpatialView(nn.Module):
    """R-GCN: nodes that know where they are, and edges labelled by where the other one lies (Eq. 5-7)."""

    def __init__(self, width: int, settings: HamLearningSettings) -> None:
        super().__init__()
        self.placed = nn.Linear(4 + width, width)  # [x_c, y_c, h, w ; v] back to d (ours)
        self.layers = nn.ModuleList(RelationalGraphLayer(width, len(RELATIONS)) for _ in range(settings.spatial_layers))

    def forward(self, nodes: Tensor, objects: Objects) -> Tensor:
        """[B, 1 + N, d] -> [B, 1 + N, d]."""
        whole = objects.boxes.new_tensor([0.0, 0.0, 1.0, 1.0]).expand(len(nodes), 1, 4)
        left, top, right, bottom = torch.cat([whole, objects.boxes], dim=1).unbind(-1)
        place = torch.stack([(left + right) / 2, (top + bottom) / 2, bottom - top, right - left], dim=-1)
        state = self.placed(torch.cat([place, nodes], dim=-1))
        edges = labelled_edges(objects)
        for layer in self.layers:
            state = layer(state, edges)
        return state


class Relevance(nn.Module):
    """How much the whole picture has to do with the whole sentence (Eq. 8, 9)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.of_both = nn.Linear(width, width, bias=False)  # W_TI
        self.of_text = nn.Linear(width, width, bias=False)  # W_T
        self.of_picture = nn.Linear(width, width, bias=False)  # W_I
        nn.init.normal_(self.of_both.weight, std=1 / width)  # a product over d x d numbers: the tanh begins unsaturated

    def forward(self, sentence: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """h_CLS and v_IMG, both [B, d] -> C [B] in -1..1 and M [B, d]."""
        score = (sentence * self.of_both(picture)).sum(dim=-1).tanh()  # Eq. 8
        return score, (self.of_text(sentence) + self.of_picture(picture) * score[:, None]).tanh()  # Eq. 9


class ViewGate(nn.Module):
    """V = a * V1 + (1 - a) * V2, a = W_V sigmoid(W_V1 V1 + W_V2 V2): any numbers, as printed (Eq. 13, 14)."""

    def __init__(self, width: int, bounded: bool) -> None:
        super().__init__()
        self.of_first = nn.Linear(width, width, bias=False)
        self.of_second = nn.Linear(width, width, bias=False)
        self.of_both = nn.Linear(width, width, bias=False)
        self.bounded = bounded

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Both views and the result [B, N, d]."""
        weight = self.of_both(torch.sigmoid(self.of_first(first) + self.of_second(second)))  # Eq. 13
        if self.bounded:
            weight = torch.sigmoid(weight)  # ours
        return weight * first + (1 - weight) * second  # Eq. 14


@dataclass(frozen=True)
class View:
    """V^r: the objects of one view [B, N, d], and which of them are real [B, N]; every post has at least one."""

    states: Tensor
    real: Tensor


class HamLearning(Model):
    """HamLearning as the paper's equations say; the views' names are those of its parameters."""

    settings: HamLearningSettings

    def __init__(self, settings: HamLearningSettings, labels: Sequence[str], inputs: Inputs) -> None:
        super().__init__(settings, labels, inputs)
        self.settings = settings
        d = self.width

        def transformer() -> TransformerLayer:
            return TransformerLayer(d, settings.heads, d, settings.dropout)

        self.sentence = transformer()
        self.objects = ObjectEncoder(d, inputs)
        views: dict[str, nn.Module] = {}
        if settings.semantic:
            views["semantic"] = SemanticView(d, settings)
        if settings.spatial:
            views["spatial"] = SpatialView(d, settings)
        self.views = nn.ModuleDict(views)
        self.relevance = nn.ModuleDict({name: Relevance(d) for name in views} if settings.relevance else {})
        self.joined = nn.Linear(2 * d, d)  # of Eq. 10, one for both views
        self.transformed = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, d))  # FFNN of Eq. 12
        self.view_gate = ViewGate(d, settings.view_gate == "sigmoid") if len(views) == 2 else None
        self.words_refined = transformer()  # of Eq. 15
        # Nobody reads the objects of the last iteration, so that with one iteration they are never refined.
        self.objects_refined = nn.ModuleDict({name: transformer() for name in views} if settings.iterations > 1 else {})

    def states(self, batch: Batch, trace: Trace | None) -> Tensor:
        """The words after L iterations [B, L, d]."""
        words, sentence = self._text(batch)
        views = self._views(batch, sentence, trace)
        state = self.transformed(words)  # Eq. 12
        looked = []
        for step in range(1, self.settings.iterations + 1):
            seen = self._seen(views)
            refined, attention = self.words_refined(state, seen.states, seen.real, weights=trace is not None)  # Eq. 15
            looked.extend([] if attention is None else [attention])
            if step < self.settings.iterations:
                views = {name: self._refined(name, view, state, batch.words) for name, view in views.items()}
            state = refined  # all three have read the previous iteration
        if trace is not None:
            assert batch.objects is not None
            shown = batch.objects.real.any(dim=1)
            axes: tuple[Axis, ...] = ("iteration", "head", "word", "object")
            trace.add("word x object attention", "attention", axes, torch.stack(looked, dim=1), only=shown)
        return state

    def _text(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """h^T of the words [B, L, d] and of [CLS] [B, d]: one Transformer layer over both (Eq. 1)."""
        words, sentence = self.words.with_sentence(batch)
        both = torch.cat([sentence[:, None], words], dim=1)
        real = nn.functional.pad(batch.words, (1, 0), value=True)
        state, _ = self.sentence(both, both, real)
        return state[:, 1:], state[:, 0]

    def _views(self, batch: Batch, sentence: Tensor, trace: Trace | None) -> dict[str, View]:
        """V^r of each view (Eq. 2-11)."""
        assert batch.grid is not None
        assert batch.objects is not None
        nodes = self.objects(batch.grid.regions, batch.objects)
        found = {}
        for name, view in self.views.items():
            state = view(nodes, batch.objects)
            picture = state[:, 0]
            aligned = picture  # w/o RM: M = 1
            if name in self.relevance:
                score, weight = self.relevance[name](sentence, picture)
                aligned = weight * picture
                if trace is not None:
                    limits = "from -1 to 1"
                    trace.add(f"relevance, {name} view", "score", (), score, reduced=limits, only=batch.grid.ok)
            found[name] = self._joined(aligned, picture, state[:, 1:], batch.objects.real)
        if trace is not None and "spatial" in self.views:
            _show_relations(trace, batch)
        return found

    def _joined(self, aligned: Tensor, picture: Tensor, objects: Tensor, real: Tensor) -> View:
        """v_i = linear([M * v_IMG ; v_i]) (Eq. 10, 11); without objects there is one row, made of v_IMG (ours)."""
        alone = torch.zeros_like(real)
        alone[:, 0] = ~real.any(dim=1)
        objects = torch.where(alone.unsqueeze(-1), picture[:, None], objects)
        states = self.joined(torch.cat([aligned[:, None].expand_as(objects), objects], dim=-1))
        return View(states, real | alone)

    def _seen(self, views: dict[str, View]) -> View:
        """V, mixed of both views, or the one there is (Eq. 13, 14)."""
        first, *others = views.values()
        if self.view_gate is None:
            return first
        return View(self.view_gate(first.states, others[0].states), first.real)

    def _refined(self, name: str, view: View, words: Tensor, real_words: Tensor) -> View:
        """The objects of a view look at the words."""
        states, _ = self.objects_refined[name](view.states, words, real_words)
        return View(states, view.real)


def labelled_edges(objects: Objects) -> Tensor:
    """[B, labels, 1 + N, 1 + N]: whether node i has an edge to j of that label. The picture contains every object."""
    relation = spatial_relations(objects.boxes, objects.aspect)
    relation = nn.functional.pad(relation, (1, 0, 1, 0), value=NOTHING)
    relation[:, 0, 1:], relation[:, 1:, 0] = INSIDE, COVER
    real = nn.functional.pad(objects.real, (1, 0), value=True)
    relation = relation.masked_fill(~(real[:, :, None] & real[:, None, :]), NOTHING)
    labels = torch.arange(len(RELATIONS), device=relation.device)
    return relation[:, None] == labels[:, None, None]


def _show_relations(trace: Trace, batch: Batch) -> None:
    """Each pair of related objects once, with how near they are: the other direction says the same in reverse."""
    assert batch.objects is not None
    boxes, aspect = batch.objects.boxes, batch.objects.aspect
    relation, nearness = spatial_relations(boxes, aspect).tolist(), (1 - distances(boxes, aspect)).tolist()
    items: list[list[Item]] = []
    scores: list[list[float]] = []
    for row, picture in enumerate(batch.pictures):
        names = [f"{number} {seen.label}" for number, seen in enumerate(picture.objects, 1)]
        pairs = [(i, j) for j in range(len(names)) for i in range(j) if relation[row][i][j] != NOTHING]
        kinds = [RELATIONS[relation[row][i][j]] for i, j in pairs]
        items.append([
            {"text": f"{names[i]} \N{RIGHTWARDS ARROW} {names[j]}: {kind}", "from": i, "to": j, "relation": kind}
            for (i, j), kind in zip(pairs, kinds, strict=True)
        ])  # fmt: skip
        scores.append([nearness[row][i][j] for i, j in pairs])
    values = torch.zeros(len(scores), max(1, *map(len, scores)))
    for row, of_post in enumerate(scores):
        values[row, : len(of_post)] = torch.tensor(of_post)
    reduced = "where the second lies, seen from the first; 1 - distance of the centres over the picture's diagonal"
    trace.add("spatial relations", "score", ("knowledge",), values, items={"knowledge": items}, reduced=reduced)
