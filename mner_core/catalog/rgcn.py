"""R-GCN in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from mner_core.catalog.system import Needs, Settings, System, setting
from mner_core.tags import Scheme
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class RGCNSettings(Settings):
    """R-GCN: two graphs over the whole data set, one from texts to other posts' images, one between images."""

    paper: ClassVar[Mapping[str, Any]] = {"fusion_rate": 5e-5, "head_rate": 5e-5, "epochs": 25}

    scheme: Scheme = setting("BIOES", "how spans are written as tags")
    epochs: int = setting(8, "passes over the training posts")
    heads: int = setting(8, "heads of every attention")
    neighbours: int = setting(5, "K: how many images a sentence, and how many an image, is joined to")
    pool: Literal["train", "all"] = setting("train", "whose images may be neighbours; `all` is transductive")
    edges: Literal["plain", "cosine"] = setting("plain", "whether a neighbour counts fully or by its cosine")
    inter_graph: bool = setting(True, "texts look at other posts' images (Eq. 4-8)")
    intra_graph: bool = setting(True, "images look at images with like objects (Eq. 9-13)")
    gate: bool = setting(True, "gates weaken what neighbours bring (Eq. 7, 8, 12, 13)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.neighbours < 1 or self.heads < 1:
            raise InputError("The settings neighbours and heads must be at least 1.")

    @property
    def needs(self) -> Needs:
        """The picture's regions, and the neighbours in the graphs that are switched on."""
        return replace(
            super().needs,
            grid=True,
            text_neighbours=self.neighbours if self.inter_graph else 0,
            image_neighbours=self.neighbours if self.intra_graph else 0,
            pool=self.pool,
        )


RGCN = System(
    name="rgcn",
    title="R-GCN",
    paper="Zhao et al. 2022, Learning from Different text-image Pairs: A Relation-enhanced GCN for MNER, ACM MM",
    settings=RGCNSettings,
    variants={
        "w/o Gate": {"gate": False},
        "w/o InterRG": {"inter_graph": False},
        "w/o IntraRG": {"intra_graph": False},
        "w/o InterRG, IntraRG": {"inter_graph": False, "intra_graph": False},
        "K=1": {"neighbours": 1},
        "K=3": {"neighbours": 3},
        "K=5": {"neighbours": 5},
        "K=7": {"neighbours": 7},
        "pool of all splits": {"pool": "all"},
        "Faster R-CNN": {"image_encoder": "faster-rcnn"},
        "Mask R-CNN": {"image_encoder": "mask-rcnn"},
        "edges weighted by cosine": {"edges": "cosine"},
        "paper": RGCNSettings.paper,
    },
)
