"""The catalog as data: names, variants, settings, and what it refuses."""

import dataclasses

import pytest

from mner_core.catalog.systems import SYSTEMS, system
from mner_core.types import InputError


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_every_variant_resolves_and_every_setting_is_explained(name: str) -> None:
    entry = system(name)
    assert entry.name == name
    assert entry.paper
    for variant in ("", *entry.variants):
        for profile in ("tiny", "compact", "paper"):
            settings = entry.resolve(profile, variant)
            assert all(getattr(settings, key) == value for key, value in entry.variants.get(variant, {}).items())
    for item in dataclasses.fields(entry.settings):
        assert item.metadata["about"], item.name


def test_the_papers_settings_are_its_defaults() -> None:
    settings = system("rgcn").resolve("paper")
    assert (settings.neighbours, settings.batch, settings.epochs) == (5, 16, 25)  # type: ignore[attr-defined]
    assert (settings.encoder_rate, settings.fusion_rate, settings.head_rate) == (5e-5, 5e-5, 5e-5)
    assert (settings.scheme, settings.dropout) == ("BIOES", 0.1)


def test_changes_are_read_as_typed() -> None:
    settings = system("rgcn").resolve("compact", "K=3", {"gate": "false", "dropout": "0.3", "epochs": "2"})
    assert (settings.neighbours, settings.gate, settings.dropout, settings.epochs) == (3, False, 0.3, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"nothing": "1"}, "rgcn has no setting 'nothing'; it has: scheme, "),
        ({"epochs": "many"}, "The setting epochs is a whole number, got 'many'"),
        ({"epochs": "0"}, "epochs must be at least 1"),
        ({"dropout": "1.5"}, "dropout must lie in 0..1"),
        ({"encoder_rate": "-1"}, "encoder_rate must be a number from 0 up"),
        ({"encoder_rate": "nan"}, "encoder_rate must be a number from 0 up"),
        ({"gate": "maybe"}, "The setting gate is true or false, got 'maybe'"),
        ({"pool": "everything"}, "The setting pool is one of train, all; got 'everything'"),
        ({"neighbours": "0"}, "neighbours and heads must be at least 1"),
    ],
)
def test_wrong_settings_get_a_sentence(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        system("rgcn").resolve("compact", "", change)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no model 'bert'; there are: bert-crf, rgcn"):
        system("bert")
    with pytest.raises(InputError, match=r"rgcn has no variant 'w/o everything'; it has: w/o Gate"):
        system("rgcn").resolve("compact", "w/o everything")
