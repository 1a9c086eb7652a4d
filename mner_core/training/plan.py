"""Everything a model needs around it, put together in one place for training, loading and the serving child."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch

from mner_core.batches.batcher import Batcher
from mner_core.batches.feature_providers import FeatureProviders
from mner_core.catalog.profiles import Profile, profile
from mner_core.catalog.system import Needs, Settings, System
from mner_core.catalog.systems import system
from mner_core.models.base import Inputs, Model
from mner_core.models.registry import MODELS
from mner_core.run_record import RunRecord
from mner_core.text.encoder import TextEncoder
from mner_core.types import InputError

OnProgress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be built: a system with its settings, a label set and a profile.

    The settings may choose other extractors for some slots: the plan's profile is the one with these.
    """

    system: System
    variant: str
    settings: Settings
    labels: tuple[str, ...]
    profile: Profile

    def __post_init__(self) -> None:
        object.__setattr__(self, "profile", self.profile.with_parts(self.settings.parts))

    @classmethod
    def of_record(cls, record: RunRecord) -> "Plan":
        """What a stored run was built from.

        Raises:
            InputError: this program has no such system, profile or setting.
        """
        entry = system(record.model)
        known = {item.name for item in dataclasses.fields(entry.settings)}
        if unknown := sorted(record.settings.keys() - known):
            raise InputError(
                f"The run has a setting {unknown[0]!r}, which this program's {record.model} does not; use the program "
                "that trained it."
            )
        return cls(
            system=entry,
            variant=record.variant,
            settings=entry.settings(**record.settings),
            labels=record.labels,
            profile=profile(record.profile),
        )

    @property
    def needs(self) -> Needs:
        """What its batches carry besides words."""
        return self.settings.needs

    @property
    def needs_pictures(self) -> bool:
        """Whether a batch carries anything that comes from pictures, or the encoder reads their captions."""
        return self.needs.pictures or self.needs.captions


def build_model(plan: Plan, encoder: TextEncoder, seed: int) -> Model:
    """A model with parameters drawn from `seed`; the encoder keeps its own."""
    torch.manual_seed(seed)
    inputs = Inputs(encoder=encoder, grid_width=plan.profile.grid_width, object_width=plan.profile.object_width)
    return MODELS[plan.system.name](plan.settings, plan.labels, inputs)


def build_batcher(plan: Plan, encoder: TextEncoder, providers: FeatureProviders) -> Batcher:
    """What turns posts into that model's batches."""
    longest: int = encoder.model.config.max_position_embeddings
    return Batcher(plan.settings, plan.labels, encoder.pieces, longest, providers)
