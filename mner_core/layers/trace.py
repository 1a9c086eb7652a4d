"""The evidence of a forward pass: attention, gates and scores of a batch, cut into one list a post."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from mner_core.batches.tensors import Batch
from mner_core.features.image import region_boxes
from mner_core.types import Axis, Evidence, EvidenceKind, Example, Item


class Trace:
    """Layers add to it; `of_posts` crops the padding and says what stands at each place of each axis."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._of_posts: list[list[Evidence]] = [[] for _ in batch.examples]

    def add(
        self,
        name: str,
        kind: EvidenceKind,
        axes: Sequence[Axis],
        values: Tensor,
        *,
        reduced: str = "",
        items: Mapping[Axis, Sequence[Sequence[Item]]] | None = None,
        only: Tensor | None = None,
    ) -> None:
        """Records one array of the whole batch.

        Args:
            name, kind, axes, reduced: as in Evidence.
            values: [batch, *axes], padded as the batch is.
            items: for axes that the batch cannot name, the items of each post.
            only: [batch] the posts that have it; None for all. A missing picture has no attention to show.
        """
        array = values.detach().float().cpu().numpy()
        for row, example in enumerate(self.batch.examples):
            if only is not None and not bool(only[row]):
                continue
            named = tuple(
                tuple(items[axis][row]) if items and axis in items else self._items(axis, example, row, size)
                for axis, size in zip(axes, array.shape[1:], strict=True)
            )
            if any(not axis_items for axis_items in named):
                continue
            cropped = array[row][tuple(slice(len(axis_items)) for axis_items in named)]
            evidence = Evidence(
                name=name,
                kind=kind,
                axes=tuple(axes),
                items=named,
                values=np.array(cropped, np.float32, order="C"),  # of no axis too: a single number
                reduced=reduced,
            )
            self._of_posts[row].append(evidence)

    def of_posts(self) -> list[tuple[Evidence, ...]]:
        """What was recorded, a tuple for each post of the batch."""
        return [tuple(of_post) for of_post in self._of_posts]

    def _items(self, axis: Axis, example: Example, row: int, size: int) -> tuple[Item, ...]:
        if axis == "word":
            return tuple({"text": token.text, "start": token.start, "end": token.end} for token in example.tokens)
        if axis == "region":
            return tuple({"box": list(box)} for box in region_boxes())
        if axis == "object":
            objects = self.batch.pictures[row].objects
            return tuple({"label": seen.label, "box": list(seen.box), "score": seen.score} for seen in objects)
        if axis == "attribute":
            return tuple({"label": name, "p": p} for name, p in self.batch.pictures[row].attributes)
        if axis == "knowledge" and self.batch.knowledge is not None:
            found = self.batch.knowledge.found[row]
            return (found.item,) if found else ()
        return tuple({"index": place} for place in range(size))
