"""IAIK in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from mner_core.catalog.system import Needs, Settings, System, setting
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class IAIKSettings(Settings):
    """IAIK: what a picture's classes are called, and what a knowledge graph says of it, read together with the words.

    The paper has no text encoder to train, so `encoder_rate` is not its own.
    """

    paper: ClassVar[Mapping[str, Any]] = {
        "fusion_rate": 1e-3,
        "head_rate": 1e-3,
        "batch": 20,
        "dropout": 0.5,
        "epochs": 25,
        "width": 0,
    }
    paper_parts: ClassVar[Mapping[str, Any]] = {"image_encoder": "vgg16", "detector": "none", "captioner": "composed"}

    epochs: int = setting(8, "passes over the training posts")
    width: int = setting(64, "width of Eq. 2-12, where every pair meets every region; 0 takes the text encoder's")
    image: bool = setting(True, "pairs of words look at the picture's regions (Eq. 7-11)")
    attributes: bool = setting(True, "words look at what the picture's classes are called (Eq. 1)")
    knowledge: bool = setting(True, "words look at what a knowledge graph says of the picture")
    similarity: float = setting(0.9, "theta: cosine from which a picture of the graph shows what the post's does")
    masks: Literal["none", "forward and backward"] = setting(
        "none", "whether words see all words, or once those before and once those behind them"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 0:
            raise InputError(f"The setting width must be 0 or more, got {self.width}.")
        if not 0 < self.similarity <= 1:
            raise InputError(f"The setting similarity must lie in 0..1 (0 excluded), got {self.similarity}.")

    @property
    def needs(self) -> Needs:
        """What is switched on; knowledge and attributes come from the picture, but not from its regions."""
        return replace(
            super().needs,
            grid=self.image,
            attributes=self.attributes,
            knowledge=self.knowledge,
            similarity=self.similarity,
        )


IAIK = System(
    name="iaik",
    title="IAIK",
    paper="Chen et al. 2021, Multimodal Named Entity Recognition with Image Attributes and Image Knowledge, DASFAA",
    settings=IAIKSettings,
    variants={
        "Without image": {"image": False},
        "w/o attributes": {"attributes": False},
        "w/o knowledge": {"knowledge": False},
        "w/o attributes, knowledge": {"attributes": False, "knowledge": False},
        "forward and backward masks": {"masks": "forward and backward"},
        "paper": IAIKSettings.paper,
    },
)
