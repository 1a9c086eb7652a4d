"""Options that change nothing beside others are refused, each in a sentence; what was not given gets its default.

The parser leaves such an option at None, so that `--folds 5` is told from no --folds.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mner_core.types import InputError

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "label-errors": {"folds": 5, "seed": 0, "variant": "", "profile": "compact", "split": "train"},
}
"""By command: what an option without effect elsewhere is where it was not given."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Options that change nothing where `when` holds, and why."""

    options: tuple[str, ...]
    when: Callable[[argparse.Namespace], bool]
    why: str


def _weights_are_packaged(options: argparse.Namespace) -> bool:
    from mner_core.catalog.profiles import profile
    from mner_core.weights.hub import PUBLISHED

    return not set(profile(options.profile).slots.values()) & PUBLISHED.keys()


IDLE: Mapping[str, Sequence[Idle]] = {
    "weights": [Idle(("hub",), _weights_are_packaged, "this profile's weights are packages, which need no hub")],
    "predict": [
        Idle(("image",), lambda asked: asked.data is not None, "the posts of --data name their own pictures"),
        Idle(("caption", "context"), lambda asked: asked.data is not None, "the posts of --data bring their own"),
        Idle(("caption",), lambda asked: asked.context is not None, "--context is read in its place"),
    ],
    "explain": [
        Idle(("image",), lambda asked: asked.data is not None, "the posts of --data name their own pictures"),
        Idle(("caption",), lambda asked: asked.data is not None, "the posts of --data bring their own"),
        Idle(("post",), lambda asked: asked.text is not None, "--text is the post; --post names one of --data"),
        Idle(("curves",), lambda asked: asked.text is not None, "curves go over the posts of --data"),
        Idle(("posts",), lambda asked: not asked.curves, "it says over how many posts --curves goes; add that"),
        Idle(("entity",), lambda asked: asked.curves, "curves explain the surest entity of each post"),
    ],
    "evaluate": [
        Idle(
            ("train", "dev"),
            lambda asked: not asked.details,
            "--train and --dev are for --details; add it, or leave them out",
        ),
    ],
    "label-errors": [
        Idle(
            ("folds", "epochs", "seed", "variant", "profile"),
            lambda asked: asked.run is not None,
            "a run has been trained already; they are for --model, which cross-validates",
        ),
        Idle(("split",), lambda asked: asked.data.is_file(), "--data names a single file, which is one split"),
    ],
}
ALIASES: Mapping[str, str] = {"suspicious": "label-errors"}


def settle(options: argparse.Namespace) -> None:
    """Refuses what would change nothing and fills in the defaults.

    Raises:
        InputError: an option has no effect beside the others.
    """
    command = ALIASES.get(options.name, options.name)
    for rule in IDLE.get(command, ()):
        given = [f"--{name}" for name in rule.options if _is_given(getattr(options, name))]
        if given and rule.when(options):
            raise InputError(f"{' and '.join(given)} would change nothing here: {rule.why}.")
    for name, value in DEFAULTS.get(command, {}).items():
        if getattr(options, name) is None:
            setattr(options, name, value)


def _is_given(value: Any) -> bool:
    """A flag is False where it was not given; 0 and an empty text were given."""
    return value is not None and value is not False
