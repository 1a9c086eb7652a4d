"""Every system under the profile `paper`, with small random weights: trained, kept, predicted, packed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mner_core.catalog.systems import SYSTEMS
from mner_core.commands.cli import main
from mner_core.text import noun_phrases
from mner_core.text.noun_phrases import CapitalRuns
from mner_core.training.run import load
from mner_core.training.warm_start import PIECE_VECTORS
from tests.features import paper_weights
from tests.features.pictures import draw

WORDS = ("the old bike of Rio", "Jordan met Kim", "a tower in Paris", "Kim won", "Rio at night", "old Jordan")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    paper_weights.write_weights(home)
    return home


@pytest.fixture
def home(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setitem(noun_phrases._CHUNKERS, "en-core-web-sm", CapitalRuns)  # type: ignore[arg-type]
    with paper_weights.in_use(written, monkeypatch) as home:
        yield home


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six posts to learn from, three to choose the epoch by, all with pictures and no boxes of their own."""
    folder = tmp_path_factory.mktemp("posts")
    (folder / "images").mkdir()
    for split, texts in (("train", WORDS), ("valid", WORDS[:3])):
        lines = []
        for number, text in enumerate(texts):
            image = draw(folder / f"images/{split}-{number}.png", number)
            start = next(place for place, letter in enumerate(text) if letter.isupper())
            end = text.find(" ", start) if " " in text[start:] else len(text)
            span = {"start": start, "end": end, "label": "PER" if number % 2 else "LOC"}
            lines.append(json.dumps({"id": f"{split}-{number}", "text": text, "spans": [span], "image": image.name}))
        (folder / f"{split}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, object], str]:
    status = main([*map(str, arguments), "--json"])
    said = capsys.readouterr()
    return status, json.loads(said.out.splitlines()[-1]) if status == 0 else {}, said.err


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_a_system_trains_and_predicts(
    name: str, home: Path, posts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    small = ("--epochs", 1, *(("--set", "layers=1") if name in {"gei", "umgf"} else ()))
    status, _, said = run(capsys, "train", "--model", name, "--data", posts, "--profile", "paper", *small, "--out", out)
    assert status == 0, said
    record = json.loads((out / "run.json").read_text())
    assert record["profile"] == "paper"
    detector = {"gei": "detr-resnet-50", "umgf": "owlvit-base-patch32", "iaik": "none"}.get(name, "profile")
    assert record["settings"]["detector"] == detector
    picture = posts / "images/valid-1.png"
    status, answer, said = run(capsys, "predict", "--run", out, "--text", "Jordan met Kim", "--image", picture)
    assert status == 0, said
    assert set(answer) == {"spans", "evidence", "contexts_cut"}


def test_a_variant_takes_its_regions_from_another_net_and_goes_into_one_file(
    home: Path, posts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--profile", "paper", "--variant", "Mask R-CNN", "--set", "captioner=composed")
    status, _, said = run(
        capsys, "train", "--model", "rgcn", "--data", posts, *asked, "--epochs", 1, "--out", tmp_path / "run"
    )
    assert status == 0, said
    assert run(capsys, "export-run", tmp_path / "run", tmp_path / "run.mner")[0] == 0
    for each in ("run", "run.mner"):
        status, _, said = run(capsys, "predict", "--run", tmp_path / each, "--text", "Jordan met Kim")
        assert status == 0, said


def test_a_run_learns_letters_that_the_encoder_lacks_and_hands_them_on(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(name: str, person: str) -> Path:
        (tmp_path / name).mkdir()
        span = {"start": 0, "end": len(person), "label": "PER"}
        line = json.dumps({"id": "1", "text": f"{person} 画", "spans": [span]})
        for split in ("train", "valid"):
            (tmp_path / name / f"{split}.jsonl").write_text(line, encoding="utf-8")
        return tmp_path / name

    def learnt(posts: Path, *more: object) -> Tensor:
        out = tmp_path / f"run of {posts.name}"
        asked = ("--model", "bert-crf", "--profile", "paper", "--epochs", 1, "--data", posts, "--out", out)
        status, _, said = run(capsys, "train", *asked, *more)
        assert status == 0, said
        assert run(capsys, "predict", "--run", out, "--text", "徐悲鸿", "--json")[0] == 0
        loaded = load(out)
        assert len(loaded.untrained().state_dict()[PIECE_VECTORS]) == loaded.batcher.pieces.number
        return load_file(out / "weights.safetensors")[PIECE_VECTORS]

    first = learnt(write("first", "徐悲"))
    zero = ("--set", "encoder_rate=0", "--set", "fusion_rate=0", "--set", "head_rate=0")
    second = learnt(write("second", "徐鸿"), "--from", tmp_path / "run of first", *zero)
    assert len(second) == len(first) + 1, "one letter is new"
    assert torch.equal(second[: len(first)], first), "what the run had learnt stays where it was"


def test_a_run_of_another_encoder_is_no_start(
    home: Path, posts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("train", "--model", "bert-crf", "--data", posts, "--epochs", 1)
    assert run(capsys, *small, "--profile", "tiny", "--out", tmp_path / "tiny")[0] == 0
    asked = ("--profile", "paper", "--from", tmp_path / "tiny", "--out", tmp_path / "second")
    status, _, said = run(capsys, *small, *asked)
    assert status == 2
    assert "The run tiny cannot be started from: its text encoder is another one." in said


def test_missing_weights_are_one_sentence(
    posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path))
    monkeypatch.delenv("MNER_WEIGHTS", raising=False)
    paper_weights.forget()
    status, _, said = run(capsys, "features", posts, "--profile", "paper")
    assert status == 2
    assert said.splitlines()[-1] == (
        "The weights of faster-rcnn are not here: put fasterrcnn_resnet50_fpn_coco-258fb6c6.pth (from "
        "https://download.pytorch.org/models, 160 MB) into MNER_HOME/weights/paper/faster-rcnn, or run "
        "`python -m mner_core weights --profile paper --hub`."
    )
    train = ("train", "--model", "bert-crf", "--data", posts, "--profile", "paper", "--out", tmp_path / "run")
    status, _, said = run(capsys, *train)
    assert status == 2
    assert "put model.safetensors, config.json, tokenizer.json (from huggingface.co/google-bert/" in said
