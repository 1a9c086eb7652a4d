"""HamLearning in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from mner_core.catalog.system import Needs, Settings, System, setting
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class HamLearningSettings(Settings):
    """HamLearning: two views of the picture, weighed by its relevance, and words that look at both again and again."""

    paper: ClassVar[Mapping[str, Any]] = {
        "encoder_rate": 3e-5,
        "fusion_rate": 3e-5,
        "head_rate": 3e-5,
        "batch": 32,
        "epochs": 60,
        "heads": 12,
    }

    # At the usual 1e-3 so many layers in a row often learn nothing but O from a few hundred posts.
    fusion_rate: float = setting(3e-4, "learning rate of the layers between encoder and tagger")
    pooling: Literal["first", "sum", "mean"] = setting("sum", "how a word's pieces become one vector")
    epochs: int = setting(8, "passes over the training posts")
    heads: int = setting(8, "heads of every attention")
    semantic: bool = setting(True, "the view of the objects' meanings (ViT, Eq. 4)")
    spatial: bool = setting(True, "the view of where objects lie (R-GCN, Eq. 5-7)")
    semantic_layers: int = setting(4, "layers of the semantic view")
    spatial_layers: int = setting(2, "layers of the spatial view")
    relevance: bool = setting(True, "whether the picture is weighed by its relevance to the text (Eq. 8, 9)")
    iterations: int = setting(3, "L: how often text and picture refine each other")
    view_gate: Literal["as printed", "sigmoid"] = setting(
        "as printed", "weights of the two views: any number, as Eq. 13 has it, or kept in 0..1 by a sigmoid"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("heads", "semantic_layers", "spatial_layers", "iterations"):
            if getattr(self, name) < 1:
                raise InputError(f"The setting {name} must be at least 1, got {getattr(self, name)}.")
        if not self.semantic and not self.spatial:
            raise InputError("One of the settings semantic and spatial must be true: no view of the picture is left.")

    @property
    def needs(self) -> Needs:
        """The objects; the picture as a whole stands behind them, in both views."""
        return replace(super().needs, grid=True, objects=True)


HAMLEARNING = System(
    name="hamlearning",
    title="HamLearning",
    paper="Liu et al. 2023, A Novel Framework for Multimodal Named Entity Recognition with Multi-level Alignments",
    settings=HamLearningSettings,
    variants={
        "w/o RGCN": {"spatial": False},
        "w/o ViT": {"semantic": False},
        "w/o RM": {"relevance": False},
        **{f"L={iterations}": {"iterations": iterations} for iterations in range(1, 6)},
        "Faster R-CNN": {"detector": "faster-rcnn"},
        "Mask R-CNN": {"detector": "mask-rcnn"},
        "views weighed by a sigmoid": {"view_gate": "sigmoid"},
        "paper": HamLearningSettings.paper,
    },
)
