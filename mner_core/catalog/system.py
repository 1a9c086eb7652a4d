"""What the catalog says of a system: its paper, settings and variants, as data.

A variant is a name from a paper's table and the settings it changes; a preset is a whole set of settings.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from mner_core.tags import Scheme
from mner_core.types import InputError

TextEncoder = Literal["profile", "all-minilm-l6-v2", "bert-base-uncased", "bert-base-cased"]
ImageEncoder = Literal[
    "profile", "efficientnet-lite0", "resnet152", "vgg16", "inception-v3", "faster-rcnn", "mask-rcnn"
]
Detector = Literal[
    "profile", "none", "efficientdet-lite0", "faster-rcnn", "mask-rcnn", "detr-resnet-50", "owlvit-base-patch32"
]
Classifier = Literal["profile", "efficientnet-lite0", "inception-v3", "resnet152", "vgg16"]
Captioner = Literal["profile", "composed", "blip-image-captioning-base"]

PICTURES_ALONE: Mapping[str, str] = {"classifier": "resnet152", "captioner": "composed"}
"""Parts of a paper that reads neither attributes nor captions: no net is run for them alone."""

Links = Literal["none", "phrases", "phrases and general words"]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a system with its settings asks of the feature providers; what it does not ask for is not prepared.

    Args:
        grid: the 49 regions of each picture.
        objects: the objects detected in it, with their vectors, boxes and classes.
        links: which words speak of which objects: those found for noun phrases, or for general words as well.
        text_neighbours: K, how many posts whose captions are like a post's text; 0 for none.
        image_neighbours: K, how many posts whose pictures show objects like the post's own; 0 for none.
        pool: whose pictures may be neighbours: those of the training posts, or of all splits.
        attributes: the names of the likeliest classes of each picture, as vectors.
        knowledge: what a knowledge graph says of each picture.
        similarity: the cosine, in 0..1, from which a picture of the graph shows what the post's picture does.
        captions: a sentence about each picture, which the text encoder reads behind the post.
    """

    grid: bool = False
    objects: bool = False
    links: Links = "none"
    text_neighbours: int = 0
    image_neighbours: int = 0
    pool: Literal["train", "all"] = "train"
    attributes: bool = False
    knowledge: bool = False
    similarity: float = 0.9
    captions: bool = False

    @property
    def neighbours(self) -> bool:
        """Whether other posts are looked for."""
        return self.text_neighbours > 0 or self.image_neighbours > 0

    @property
    def pictures(self) -> bool:
        """Whether a batch carries anything that comes from pictures; captions are part of the text."""
        return self.grid or self.objects or self.links != "none" or self.neighbours or self.attributes or self.knowledge


def setting(default: Any, about: str) -> Any:
    """A field of a settings class; `about` is the sentence that the form and the documentation show."""
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every model can be told; the defaults are those of the compact profile, measured on this project's data."""

    paper: ClassVar[Mapping[str, Any]] = {}
    """What the paper sets otherwise: the defaults under the profile `paper`, and the variant `paper` elsewhere."""
    paper_parts: ClassVar[Mapping[str, Any]] = {}
    """The extractors that the paper used where they are not those of the profile `paper`; defaults under it alone."""

    scheme: Scheme = setting("BIO2", "how spans are written as tags")
    pooling: Literal["first", "sum", "mean"] = setting("first", "how a word's pieces become one vector")
    context: Literal["none", "caption"] = setting("none", "what the text encoder reads behind the post")
    dropout: float = setting(0.1, "share of numbers dropped while training")
    encoder_rate: float = setting(5e-5, "learning rate of the text encoder")
    fusion_rate: float = setting(1e-3, "learning rate of the layers between encoder and tagger")
    head_rate: float = setting(5e-3, "learning rate of the tagger: emissions and CRF")
    weight_decay: float = setting(0.01, "AdamW's decay of weight matrices")
    warmup: float = setting(0.1, "share of all steps in which the learning rates rise")
    decay: Literal["line", "steps"] = setting(
        "line", "how the rates fall: in a line to 0, or every second epoch to four fifths"
    )
    clip: float = setting(1.0, "largest norm of the gradient, above 0: at 0 nothing is learnt")
    batch: int = setting(16, "posts in a training step")
    epochs: int = setting(6, "passes over the training posts")
    precision: Literal["fp32", "bf16"] = setting("fp32", "what a step computes in; bf16 where GPU or CPU can")
    text_encoder: TextEncoder = setting("profile", "what reads the text: the profile's encoder, or one by name")
    image_encoder: ImageEncoder = setting("profile", "what sees the picture's regions and its objects' crops")
    detector: Detector = setting("profile", "what finds objects in the picture")
    classifier: Classifier = setting("profile", "what says of which classes the picture is")
    captioner: Captioner = setting("profile", "what says in a sentence what the picture shows")

    @property
    def parts(self) -> Mapping[str, str]:
        """The extractors chosen by name, for the profile's slots."""
        chosen = {
            "text": self.text_encoder,
            "grid": self.image_encoder,
            "objects": self.detector,
            "attributes": self.classifier,
            "captions": self.captioner,
        }
        return {slot: name for slot, name in chosen.items() if name != "profile"}

    @property
    def needs(self) -> Needs:
        """What batches under these settings carry besides words; a system's settings add what it reads."""
        return Needs(captions=self.context == "caption")

    def must_train(self) -> None:
        """Refuses numbers with which a training changes no parameter of the tagger; a run of such settings still opens.

        Raises:
            InputError: one of them is 0.
        """
        if self.clip == 0:
            raise InputError("The setting clip must be above 0: it is the largest norm of the gradient.")

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for item in dataclasses.fields(self):
            _check(item.name, getattr(self, item.name), hints[item.name])
        for name in ("dropout", "warmup"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"The setting {name} must lie in 0..1 (1 excluded), got {getattr(self, name)}.")
        for name in ("encoder_rate", "fusion_rate", "head_rate", "weight_decay", "clip"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"The setting {name} must be a number from 0 up, got {getattr(self, name)}.")
        for name in ("batch", "epochs"):
            if getattr(self, name) < 1:
                raise InputError(f"The setting {name} must be at least 1, got {getattr(self, name)}.")


@dataclass(frozen=True, kw_only=True)
class System:
    """One entry of the catalog.

    Args:
        name: what the command line and a run's folder say.
        title: what a person reads.
        paper: where it comes from.
        settings: its settings class, which also says what it needs.
        variants: a row of a paper's table -> the settings it changes.
    """

    name: str
    title: str
    paper: str
    settings: type[Settings]
    variants: Mapping[str, Mapping[str, Any]]

    def resolve(self, profile: str, variant: str = "", changes: Mapping[str, Any] | None = None) -> Settings:
        """The settings of a run: the profile's defaults, then the variant's, then the person's changes.

        Raises:
            InputError: the variant or a setting's name is unknown, or a value has the wrong kind.
        """
        if variant and variant not in self.variants:
            raise InputError(f"{self.name} has no variant {variant!r}; it has: {', '.join(self.variants)}.")
        base = {**self.settings.paper, **self.settings.paper_parts} if profile == "paper" else {}
        chosen = {**base, **self.variants.get(variant, {})}
        hints = get_type_hints(self.settings)
        known = [item.name for item in dataclasses.fields(self.settings)]
        for name, value in (changes or {}).items():
            if name not in known:
                raise InputError(f"{self.name} has no setting {name!r}; it has: {', '.join(known)}.")
            chosen[name] = _parse(name, value, hints[name]) if isinstance(value, str) else value
        settings = self.settings(**chosen)
        settings.must_train()
        return settings


def _parse(name: str, text: str, hint: Any) -> Any:
    """A setting's value as typed on the command line."""
    if hint is bool:
        if text.lower() not in {"true", "false"}:
            raise InputError(f"The setting {name} is true or false, got {text!r}.")
        return text.lower() == "true"
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            kind = "whole number" if hint is int else "number"
            raise InputError(f"The setting {name} is a {kind}, got {text!r}.") from None
    return text


def _check(name: str, value: Any, hint: Any) -> None:
    if get_origin(hint) is Literal and value not in get_args(hint):
        raise InputError(f"The setting {name} is one of {', '.join(get_args(hint))}; got {value!r}.")
    if hint is bool and not isinstance(value, bool):
        raise InputError(f"The setting {name} is true or false, got {value!r}.")
    if hint is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputError(f"The setting {name} is a whole number, got {value!r}.")
    if hint is float and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InputError(f"The setting {name} is a number, got {value!r}.")
