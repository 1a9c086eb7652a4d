"""UMGF in the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from mner_core.catalog.system import PICTURES_ALONE, Links, Needs, Settings, System, setting
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class UMGFSettings(Settings):
    """UMGF: one graph of words and objects, joined by what noun phrases and general words find in the picture."""

    paper: ClassVar[Mapping[str, Any]] = {
        "encoder_rate": 1e-4,
        "fusion_rate": 1e-4,
        "head_rate": 1e-4,
        "weight_decay": 0.0,
        "dropout": 0.5,
        "epochs": 30,
        "width": 512,
        "positions": True,
    }
    paper_parts: ClassVar[Mapping[str, Any]] = {**PICTURES_ALONE, "detector": "owlvit-base-patch32"}

    released: ClassVar[Mapping[str, Any]] = {
        **paper,
        "dropout": 0.4,
        "layers": 6,
        "inner": 256,
        "edges": "all",
        "positions": False,
        "object_mixing": False,
        "tagger_reads": "text and graph",
        "decay": "steps",
        "warmup": 0.0,
    }
    """What the authors' code does otherwise (4 crops of a grounding model, a cased BERT and a tuned ResNet aside)."""

    heads: int = setting(8, "heads of every attention")
    layers: int = setting(2, "L: layers of the graph")
    width: int = setting(0, "d: width of the graph's nodes; 0 takes the text encoder's")
    inner: int = setting(0, "width inside the feed-forward parts; 0 takes the nodes'")
    edges: Literal["phrase", "phrase alone", "all"] = setting(
        "phrase", "which words are joined to which objects: those found for phrases and general words, or all to all"
    )
    vision: Literal["objects", "regions"] = setting(
        "objects", "the picture's nodes; its 49 `regions` are all joined to all words"
    )
    object_edges: bool = setting(True, "objects are joined to each other (Eq. 2)")
    own_parameters: bool = setting(True, "words and objects have parameters of their own, or share them")
    positions: bool = setting(True, "where a word stands is added to its vector")
    object_mixing: bool = setting(True, "the objects' attention has value and output projections")
    tagger_reads: Literal["graph", "text and graph"] = setting("graph", "what the tagger sees of a word")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers < 1 or self.heads < 1:
            raise InputError("The settings layers and heads must be at least 1.")
        if self.width < 0 or self.inner < 0:
            raise InputError("The settings width and inner must be 0 or more.")
        if not (self.own_parameters or self.object_mixing):
            raise InputError(
                "Without own_parameters the objects' attention is the words', so object_mixing must be true."
            )

    @property
    def needs(self) -> Needs:
        """The regions, all joined to all words; or the objects, with links where not all are joined to all words."""
        if self.vision == "regions":
            return replace(super().needs, grid=True)
        links: Mapping[str, Links] = {"phrase": "phrases and general words", "phrase alone": "phrases", "all": "none"}
        return replace(super().needs, objects=True, links=links[self.edges])


UMGF = System(
    name="umgf",
    title="UMGF",
    paper="Zhang et al. 2021, Multi-modal Graph Fusion for NER with Targeted Visual Guidance, AAAI",
    settings=UMGFSettings,
    variants={
        "w/o Tar": {"vision": "regions"},
        "w/o VCorr": {"object_edges": False},
        "w/o Ind": {"own_parameters": False},
        "no general words": {"edges": "phrase alone"},
        "all words to all objects": {"edges": "all"},
        "released": UMGFSettings.released,
        "paper": UMGFSettings.paper,
    },
)
