"""Profiles: which extractor fills each slot of what is known of a post, and how wide its vectors are."""

from collections.abc import Mapping
from dataclasses import dataclass

from mner_core.types import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One extractor's name for each slot, and the widths that models build upon.

    `captions` and names that begin with `tiny` need no weights; `weights.weight_file` knows who needs which.
    `phrases` finds noun phrases, and `grounding` says which objects they are called like.
    `text_width`, `grid_width` and `object_width` are the lengths of a word's, a region's and an object's vector.
    """

    name: str
    text: str
    grid: str
    objects: str
    attributes: str
    captions: str
    phrases: str
    grounding: str
    text_width: int
    grid_width: int
    object_width: int

    @property
    def slots(self) -> Mapping[str, str]:
        """The extractor's name in each slot."""
        names = ("text", "grid", "objects", "attributes", "captions", "phrases", "grounding")
        return {slot: getattr(self, slot) for slot in names}


_COMPACT = Profile(
    name="compact",
    text="all-minilm-l6-v2",
    grid="efficientnet-lite0",
    objects="efficientdet-lite0",
    attributes="efficientnet-lite0",
    captions="composed",
    phrases="en-core-web-sm",
    grounding="all-minilm-l6-v2",
    text_width=384,
    grid_width=1280,
    object_width=1280,
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
    text_width=32,
    grid_width=16,
    object_width=16,
)

PROFILES: Mapping[str, Profile] = {known.name: known for known in (_COMPACT, _TINY)}


def profile(name: str) -> Profile:
    """The profile of this name.

    Raises:
        InputError: there is none; the sentence lists those there are.
    """
    if name not in PROFILES:
        raise InputError(f"There is no profile {name!r}; the known ones are {', '.join(PROFILES)}.")
    return PROFILES[name]
