"""Where published weights are looked for, how they are fetched, what `weights --profile paper` says; no net is made."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mner_core.catalog import system as catalog
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS
from mner_core.features import slots
from mner_core.types import InputError
from mner_core.weights import hub, packages
from mner_core.weights.hub import PUBLISHED, digits, fetch, published_folder
from mner_core.weights.packages import bring

RESNET = "resnet152-394f9c45.pth"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home without hubs; its folder of published packages."""
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("MNER_WEIGHTS", raising=False)
    return tmp_path / "home/weights/paper"


def put(folder: Path, *files: str, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).write_bytes(content)
    return folder


def test_every_choice_of_the_settings_can_be_built() -> None:
    chosen = {
        slot: set(literal.__args__) - {"profile", "composed"}
        for slot, literal in {
            "grid": catalog.ImageEncoder,
            "attributes": catalog.Classifier,
            "objects": catalog.Detector,
            "captions": catalog.Captioner,
        }.items()
    }
    tables: Mapping[str, Mapping[str, Any]] = {
        "grid": slots.NETS, "attributes": slots.NETS, "objects": slots.DETECTORS, "captions": slots.CAPTIONERS,
    }  # fmt: skip
    for slot, names in chosen.items():
        assert names <= set(tables[slot]), slot
        for name in names:
            assert tables[slot][name]().version
            assert profile("paper").with_parts({slot: name}).grid_width > 0
    for name in set(catalog.TextEncoder.__args__) - {"profile"}:
        assert profile("compact").with_parts({"text": name}).text == name


def test_systems_take_the_papers_parts_under_the_profile_alone() -> None:
    chosen = {name: entry.resolve("paper").parts for name, entry in SYSTEMS.items()}
    assert chosen["rgcn"] == chosen["hamlearning"] == chosen["bert-crf"] == {}
    assert chosen["gei"]["objects"] == "detr-resnet-50"
    assert chosen["umgf"]["objects"] == "owlvit-base-patch32"
    assert chosen["iaik"] == {"grid": "vgg16", "objects": "none", "captions": "composed"}
    for entry in SYSTEMS.values():
        assert entry.resolve("compact").parts == entry.resolve("compact", "paper").parts == {}
    rows = {name: SYSTEMS["rgcn"].resolve("paper", name).parts for name in ("Faster R-CNN", "Mask R-CNN")}
    assert rows == {"Faster R-CNN": {"grid": "faster-rcnn"}, "Mask R-CNN": {"grid": "mask-rcnn"}}
    assert SYSTEMS["hamlearning"].resolve("paper", "Mask R-CNN").parts == {"objects": "mask-rcnn"}


def test_a_folder_by_hand_comes_before_the_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNER_WEIGHTS", str(tmp_path / "mine"))
    with pytest.raises(
        InputError, match=rf"resnet152 are not here: put {RESNET} .* into MNER_HOME/weights/paper/resnet152"
    ):
        published_folder("resnet152")
    at_home = put(home / "resnet152", RESNET)
    assert published_folder("resnet152") == at_home
    mine = put(tmp_path / "mine/resnet152", "model.safetensors")
    assert published_folder("resnet152") == mine


def test_a_folder_that_is_begun_is_told_what_it_lacks(home: Path) -> None:
    put(home / "owlvit-base-patch32", "model.safetensors", "config.json", "vocab.json", "tokenizer_config.json")
    with pytest.raises(
        InputError, match=r"put preprocessor_config\.json, merges\.txt \(from huggingface\.co/google/owlvit"
    ):
        published_folder("owlvit-base-patch32")
    put(home / "owlvit-base-patch32", "preprocessor_config.json", "tokenizer.json")
    assert published_folder("owlvit-base-patch32")


def test_what_is_there_and_what_is_missing_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_SOURCES", {})
    put(home / "resnet152", RESNET)
    said = bring("paper")
    assert said["missing"] == len(PUBLISHED) - 1
    assert said["slots"]["grid"] == {
        "extractor": "resnet152",
        "file": str(home / "resnet152" / RESNET),
        "sha256": hashlib.sha256(b"weights").hexdigest(),
        "source": "another file than the published one",
    }
    assert said["slots"]["captions"]["file"] is None
    assert "--profile paper --hub" in said["slots"]["captions"]["source"]
    assert set(said["others"]) == set(PUBLISHED) - set(profile("paper").slots.values())
    assert bring("tiny")["missing"] == 0
    assert "others" not in bring("tiny")


def test_torchvisions_weights_come_from_its_cache_and_must_be_the_published_ones(home: Path, tmp_path: Path) -> None:
    put(tmp_path / "torch/hub/checkpoints", RESNET)
    with pytest.raises(InputError, match=rf"{RESNET}, as it was fetched, is not the published one by its sha256"):
        fetch("resnet152")
    real = hashlib.sha256(b"weights").hexdigest()
    entry = hub._torchvision(f"resnet152-{real[:8]}.pth", 1)
    put(tmp_path / "torch/hub/checkpoints", entry.file)
    assert not (home / "resnet152" / RESNET).exists(), "what is not the published one is fetched again"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PUBLISHED, "resnet152", entry)  # type: ignore[arg-type]
        assert fetch("resnet152") == home / "resnet152"
        assert digits("resnet152") == real[:8]
    assert [file.name for file in (home / "resnet152").iterdir()] == [entry.file]


def test_hugging_faces_weights_are_fetched_file_by_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(repository: str, file: str, *, revision: str, local_dir: Path) -> None:
        asked.append((repository, file, revision))
        put(local_dir, file)

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=download))
    put(home / "detr-resnet-50", "config.json")
    assert fetch("detr-resnet-50") == home / "detr-resnet-50"
    files = ("model.safetensors", "preprocessor_config.json")
    assert asked == [("facebook/detr-resnet-50", file, "no_timm") for file in files]


def test_a_hub_that_does_not_answer_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*asked: object, **how: object) -> None:
        raise ConnectionError("no route\nto host")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=unreachable))
    with pytest.raises(InputError) as refused:
        fetch("bert-base-cased")
    assert str(refused.value) == (
        "model.safetensors could not be fetched (no route to host); put model.safetensors, config.json, tokenizer.json "
        "(from huggingface.co/google-bert/bert-base-cased/tree/main, 436 MB) into "
        "MNER_HOME/weights/paper/bert-base-cased."
    )


def test_the_page_names_every_file() -> None:
    page = (Path(__file__).parents[2] / "docs/paper-profile.md").read_text(encoding="utf-8")
    for name, source in PUBLISHED.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"`{source.file}`" in row
        assert f"| {source.megabytes} |" in row
        assert source.licence.split(" (")[0] in row
        assert source.origin.split("@")[0].removeprefix("https://") in row
        for names in source.beside:
            assert f"`{names[-1]}`" in row or "the same" in row
