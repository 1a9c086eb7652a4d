"""Protocols: what the batcher needs of each feature provider (image features, neighbours, grounding, knowledge)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mner_core.features.grounding import Grounded
from mner_core.features.image import Features, ImageFeatures
from mner_core.knowledge.search import Knowledge
from mner_core.retrieval.pool import Neighbour
from mner_core.types import Example


class NeighbourProvider(Protocol):
    """Where the neighbours of posts come from."""

    def of_text(self, examples: Sequence[Example]) -> Sequence[Sequence[Neighbour]]:
        """For each post those whose images' captions are most like its text, best first."""
        ...

    def of_image(self, examples: Sequence[Example], pictures: Sequence[ImageFeatures]) -> Sequence[Sequence[Neighbour]]:
        """For each post those whose images show objects most like those of its picture, best first."""
        ...

    def grid(self, neighbour: Neighbour) -> np.ndarray[Any, Any]:
        """The neighbour's image grid [49, grid_width]."""
        ...


class GroundingProvider(Protocol):
    """Where the edges between words and objects come from."""

    def links(self, example: Example, picture: ImageFeatures) -> Grounded:
        """Which words of the post are joined to which objects of the picture."""
        ...


class PhraseProvider(Protocol):
    """Where the vectors of short phrases come from: a class of a picture, what an entity is."""

    @property
    def width(self) -> int:
        """The length of a vector."""
        ...

    def vectors(self, phrases: Sequence[str]) -> np.ndarray[Any, Any]:
        """Unit vectors [phrases, width]; zero for a phrase that says nothing."""
        ...


class KnowledgeProvider(Protocol):
    """Where knowledge about a post's picture comes from."""

    def of(self, example: Example, picture: ImageFeatures) -> Knowledge | None:
        """What is known about the picture that these features describe, given the post's words; None for nothing."""
        ...


@dataclass(frozen=True, kw_only=True)
class FeatureProviders:
    """Where the parts of a batch come from; None where the system at hand needs none of that kind."""

    features: Features | None = None
    neighbourhood: NeighbourProvider | None = None
    grounding: GroundingProvider | None = None
    phrases: PhraseProvider | None = None
    knowledge: KnowledgeProvider | None = None
