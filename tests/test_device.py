"""Everything that computes does so on the one device, and what it found comes back to the processor.

Torch's device `meta` stands for a GPU: it computes with shapes alone, mixes with no other device, and copying from it
to the processor is the only thing that it refuses by saying so.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from PIL import Image

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.dataset import read_dataset
from mner_core.features.nets import efficientdet, efficientnet
from mner_core.home import Home
from mner_core.label_errors import cross_validation
from mner_core.scenes.write import write_scenes
from mner_core.text import sentences
from mner_core.training import run as runs
from mner_core.training.plan import Plan
from mner_core.training.train import TrainingRequest, train
from tests.fakes import post

META = torch.device("meta")
COMES_BACK = pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor")


def on_meta(monkeypatch: pytest.MonkeyPatch, *modules: Any) -> None:
    for module in modules:
        monkeypatch.setattr(module, "device", lambda: META)


class Mean(torch.nn.Module):
    """An encoder of a text's pieces: a table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(9, 4)
        self.config = SimpleNamespace(max_position_embeddings=99)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        return SimpleNamespace(last_hidden_state=self.table(input_ids) * attention_mask.unsqueeze(-1))


def test_sentence_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = SimpleNamespace(cls=1, sep=2, pieces=lambda words: [[3] for _ in words])
    monkeypatch.setattr(sentences, "text_encoder", lambda _: SimpleNamespace(model=Mean(), pieces=pieces, width=4))
    on_meta(monkeypatch, sentences)
    with COMES_BACK:
        sentences.sentence_vectors(["Anna in Rome"], "of this test")


@pytest.mark.parametrize("net", ["classes", "objects"])
def test_the_nets_of_the_profile_compact(net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_meta(monkeypatch, efficientnet, efficientdet)
    picture = Image.new("RGB", (40, 30), "red")
    with COMES_BACK:
        efficientnet.EfficientNet().look([picture]) if net == "classes" else efficientdet.EfficientDet().detect(picture)


def test_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", 20, 0)
    posts = read_dataset(tmp_path / "scenes").posts
    entry = system("bert-crf")
    plan = Plan(
        system=entry,
        variant="",
        settings=entry.resolve("tiny", "", {"epochs": 1}),
        labels=("PER", "LOC", "ORG", "MISC"),
        profile=profile("tiny"),
    )
    request = TrainingRequest(plan=plan, train=posts, dev=[], others=[], data="scenes", seed=0)
    train(request, tmp_path / "run", Home(tmp_path / "home"))
    on_meta(monkeypatch, runs)
    run = runs.load(tmp_path / "run", Home(tmp_path / "home"))
    for model in (run.model, run.untrained()):
        assert {part.device.type for part in (*model.parameters(), *model.buffers())} == {"meta"}


def test_held_out_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = SimpleNamespace(to=lambda where: torch.zeros(1, 2, 3, device=where))
    model = SimpleNamespace(crf=None, states=lambda batch, _: batch, emissions=torch.nn.Identity())
    run = SimpleNamespace(
        model=model,
        batcher=SimpleNamespace(batch=lambda posts: batch),
        plan=SimpleNamespace(settings=SimpleNamespace(batch=1)),
    )
    on_meta(monkeypatch, cross_validation)
    with COMES_BACK:
        cross_validation._scores_of(cast(runs.Run, run), [post(0, ["Anna", "meets"])])
