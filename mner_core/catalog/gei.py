"""GEI in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from mner_core.catalog.system import PICTURES_ALONE, Needs, Settings, System, setting
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class GEISettings(Settings):
    """GEI: entities, found first, ask the objects of the picture and tell only their own words."""

    paper: ClassVar[Mapping[str, Any]] = {
        "encoder_rate": 3e-5,
        "fusion_rate": 3e-5,
        "head_rate": 3e-5,
        "dropout": 0.4,
        "epochs": 30,
        "width": 512,
    }
    paper_parts: ClassVar[Mapping[str, Any]] = {**PICTURES_ALONE, "detector": "detr-resnet-50"}

    # At the usual 1e-3 so many layers in a row often learn nothing but O from a few hundred posts.
    fusion_rate: float = setting(3e-4, "learning rate of the layers between encoder and tagger")
    epochs: int = setting(10, "passes over the training posts")
    heads: int = setting(8, "heads of every attention")
    layers: int = setting(6, "layers of the graph")
    width: int = setting(0, "d_m: width of the graph; 0 takes the text encoder's")
    interaction: Literal["entities", "words of entities", "all words"] = setting(
        "entities", "who asks the objects; `all words` needs no entities, so none are looked for"
    )
    vision: Literal["objects", "regions"] = setting(
        "objects", "what is asked: the objects and the whole picture, or its 49 regions"
    )
    span_weight: float = setting(0.5, "lambda 1: how much finding the entities counts in the loss")
    tag_weight: float = setting(0.5, "lambda 2: how much tagging counts in the loss, above 0")
    sampling_begin: int = setting(2, "last epoch, from 1, that trains on gold entities alone")
    sampling_end: int = setting(6, "first epoch with the full share of predicted entities")
    sampling_share: float = setting(0.9, "full share of posts that are trained on predicted entities")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers < 1 or self.heads < 1:
            raise InputError("The settings layers and heads must be at least 1.")
        if self.width < 0:
            raise InputError(f"The setting width must be 0 or more, got {self.width}.")
        if not 1 <= self.sampling_begin < self.sampling_end:
            raise InputError("The setting sampling_begin must be at least 1 and less than sampling_end.")
        for name in ("span_weight", "tag_weight", "sampling_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"The setting {name} must lie in 0..1, got {getattr(self, name)}.")

    @property
    def needs(self) -> Needs:
        """The picture as a whole and its objects, or its regions alone."""
        return replace(super().needs, grid=True, objects=self.vision == "objects")

    def must_train(self) -> None:
        """As every system's, and tagging must count in the loss."""
        super().must_train()
        if self.tag_weight == 0:
            raise InputError("The setting tag_weight must be above 0; else no tag is learnt.")

    def predicted_share(self, epoch: int) -> float:
        """Scheduled sampling: which share of the posts trains on predicted entities in this epoch, counted from 1."""
        risen = (epoch - self.sampling_begin) / (self.sampling_end - self.sampling_begin)
        return self.sampling_share * min(1.0, max(0.0, risen))


GEI = System(
    name="gei",
    title="GEI",
    paper="Zhao et al. 2023, Entity-level Interaction via Heterogeneous Graph for Multimodal NER",
    settings=GEISettings,
    variants={
        "-Entity-level interaction": {"interaction": "words of entities"},
        "-Span detection": {"interaction": "all words"},
        "+Image region": {"vision": "regions"},
        "paper": GEISettings.paper,
    },
)
