"""Profiles: which extractor fills each slot of what is known of a post, and how wide its vectors are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mner_core.types import InputError

_WIDTHS: Mapping[str, int] = {
    "efficientnet-lite0": 1280,
    "resnet152": 2048,
    "vgg16": 512,
    "inception-v3": 2048,
    "faster-rcnn": 2048,
    "mask-rcnn": 2048,
    "tiny-grid": 16,
}
"""The length of a region's and an object's vector from an image net."""

_ASKED = frozenset({"owlvit-base-patch32"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One extractor's name for each slot.

    `captions` and names that begin with `tiny` need no weights; `weights.weight_file` knows who needs which.
    `phrases` finds noun phrases, and `grounding` says which objects they are called like. An object's vector is the
    `grid` net's view of its crop.
    """

    name: str
    text: str
    grid: str
    objects: str
    attributes: str
    captions: str
    phrases: str
    grounding: str

    @property
    def slots(self) -> Mapping[str, str]:
        """The extractor's name in each slot."""
        names = ("text", "grid", "objects", "attributes", "captions", "phrases", "grounding")
        return {slot: getattr(self, slot) for slot in names}

    @property
    def grid_width(self) -> int:
        """The length of a region's vector."""
        return _WIDTHS[self.grid]

    @property
    def object_width(self) -> int:
        """The length of an object's vector."""
        return _WIDTHS[self.grid]

    @property
    def asks(self) -> bool:
        """Whether objects are looked for by what the post says, so that they differ between posts of one picture."""
        return self.objects in _ASKED

    def with_parts(self, parts: Mapping[str, str]) -> "Profile":
        """The same profile with other extractors in some slots; objects that were asked for are joined by their name.

        Its name stays: features are kept by the versions of their extractors, and a run keeps its settings.
        """
        changed = replace(self, **parts)
        return replace(changed, grounding="asked-names") if changed.asks else changed


_COMPACT = Profile(
    name="compact",
    text="all-minilm-l6-v2",
    grid="efficientnet-lite0",
    objects="efficientdet-lite0",
    attributes="efficientnet-lite0",
    captions="composed",
    phrases="en-core-web-sm",
    grounding="all-minilm-l6-v2",
)

_TINY = Profile(
    name="tiny",
    text="tiny-text",
    grid="tiny-grid",
    objects="tiny-objects",
    attributes="tiny-grid",
    captions="composed",
    phrases="tiny-phrases",
    grounding="tiny-names",
)

_PAPER = Profile(
    name="paper",
    text="bert-base-uncased",
    grid="resnet152",
    objects="faster-rcnn",
    attributes="inception-v3",
    captions="blip-image-captioning-base",
    phrases="en-core-web-sm",
    grounding="all-minilm-l6-v2",
)

PROFILES: Mapping[str, Profile] = {known.name: known for known in (_COMPACT, _TINY, _PAPER)}


def profile(name: str) -> Profile:
    """The profile of this name.

    Raises:
        InputError: there is none; the sentence lists those there are.
    """
    if name not in PROFILES:
        raise InputError(f"There is no profile {name!r}; the known ones are {', '.join(PROFILES)}.")
    return PROFILES[name]
