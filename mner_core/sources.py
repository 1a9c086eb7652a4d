"""What a batch is made from besides its posts: image features, neighbours, each known by what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mner_core.features.grounding import Grounded
from mner_core.features.image import ImageFeatures
from mner_core.retrieval import Neighbour
from mner_core.types import Example


class Features(Protocol):
    """Where the features of a post's picture come from."""

    def features(self, example: Example) -> ImageFeatures:
        """Those of the post's picture; zeros where it has none that opens."""
        ...


class Neighbourhood(Protocol):
    """Where the neighbours of a post come from."""

    def of_text(self, example: Example) -> Sequence[Neighbour]:
        """Posts whose images' captions are most like the text, best first."""
        ...

    def of_image(self, example: Example) -> Sequence[Neighbour]:
        """Posts whose images show objects most like those of this one, best first."""
        ...

    def grid(self, neighbour: Neighbour) -> np.ndarray[Any, Any]:
        """The neighbour's image grid [49, grid_width]."""
        ...


class Grounding(Protocol):
    """Where the edges between words and objects come from."""

    def links(self, example: Example, picture: ImageFeatures) -> Grounded:
        """Which words of the post are joined to which objects of the picture."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the parts of a batch come from; None where the system at hand needs none of that kind."""

    features: Features | None = None
    neighbourhood: Neighbourhood | None = None
    grounding: Grounding | None = None
