"""Which posts a training learns from and which ones choose its epoch: the labelled ones of train and of valid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mner_core.types import Example, InputError

UNMEASURED_BELOW = 50
"""With fewer labelled posts than this a run may train for a fixed number of epochs, measured on nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPosts:
    """The labelled posts of train and of valid (perhaps none); `left_out` counts those of train without labels."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    left_out: int


def labelled_posts(splits: Mapping[str, Sequence[Example]], called: str) -> LabelledPosts:
    """The labelled posts of a data set; `called` names it.

    Raises:
        InputError: see `check_counts`.
    """
    train, dev = (tuple(post for post in splits.get(name, ()) if post.spans is not None) for name in ("train", "valid"))
    check_counts(len(train), len(dev), called)
    return LabelledPosts(train=train, dev=dev, left_out=len(splits.get("train", ())) - len(train))


def check_counts(train: int, valid: int, called: str) -> None:
    """Whether that many labelled posts of train and valid are enough to train on.

    Raises:
        InputError: no post of train is labelled, or none of valid although train has enough for a part to be spared.
    """
    if not train:
        raise InputError(f"No post of the split train in {called} is labelled; training needs labelled posts.")
    if not valid and train >= UNMEASURED_BELOW:
        raise InputError(
            f"No post of the split valid in {called} is labelled, so no epoch could be chosen: label some there, or "
            f"divide the posts (only with fewer than {UNMEASURED_BELOW} labelled posts a run trains without)."
        )
