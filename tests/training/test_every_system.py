"""Every system of the catalog and some of its variants, from training to evidence, through the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mner_core.catalog.systems import SYSTEMS, system
from mner_core.commands.cli import main
from mner_core.training.run import load

CASES = [(name, "") for name in SYSTEMS] + [
    ("rgcn", "w/o InterRG"),
    ("umgf", "w/o Tar"),
    ("gei", "+Image region"),
    ("gei", "-Span detection"),
    ("hamlearning", "w/o RGCN"),
    ("iaik", "w/o knowledge"),
]

SHOWN: dict[str, set[tuple[str, ...]]] = {
    "bert-crf": set(),
    "rgcn": {("neighbour",), ("word",), ("region",), ("head", "word", "region")},
    "umgf": {("layer", "word", "object"), ("word", "object")},
    "gei": {("layer", "head", "entity", "object"), ("entity",)},
    "hamlearning": {(), ("knowledge",), ("iteration", "head", "word", "object")},
    "iaik": {("attribute",), ("knowledge",), ("word", "knowledge"), ("word", "region")},
}
"""The axes of what each system shows of its pictured posts."""

PREDICT = """
import json, sys
from pathlib import Path
from mner_core.data.dataset import read_dataset
from mner_core.training.run import load
from tests.training.test_every_system import said
posts = read_dataset(Path(sys.argv[1])).split("valid")
print(json.dumps([said(load(Path(run)), posts) for run in sys.argv[2:]]))
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with scenes that need a knowledge graph too, and a home of its own."""
    folder = tmp_path_factory.mktemp("every")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        knobs = ["--set", "ambiguous=0.4", "--set", "posters=0.3"]
        assert main(["scenes", str(folder / "scenes"), "--size", "60", "--seed", "2", *knobs]) == 0
        yield folder


def trained(data: Path, out: Path, name: str, variant: str, epochs: int = 1) -> Path:
    heads = ["--set", "heads=4"] if hasattr(system(name).settings, "heads") else []
    asked = ["--profile", "tiny", "--epochs", str(epochs), "--variant", variant, *heads]
    assert main(["train", "--model", name, "--data", str(data), "--out", str(out), *asked]) == 0
    return out


def said(run: Any, posts: Any) -> list[Any]:
    """What a run finds in some posts and what it shows of it, as plain JSON."""
    return [
        {
            "spans": [[span.start, span.end, span.label] for span in each.spans],
            "confidences": [round(sure, 4) for sure in each.confidences],
            "evidence": [[e.name, e.kind, list(e.axes), round(float(e.values.sum()), 2)] for e in each.evidence],
        }
        for each in run.predict_posts(posts, evidence=True)
    ]


@pytest.mark.slow
def test_every_system_says_the_same_in_a_fresh_process(work: Path) -> None:
    """Trained, saved, loaded by somebody else, who predicts the same and shows what the system looks at."""
    from mner_core.data.dataset import read_dataset

    scenes = work / "scenes"
    runs = [trained(scenes, work / f"run-{number}", *case) for number, case in enumerate(CASES)]
    posts = read_dataset(scenes).split("valid")
    here = [said(load(run), posts) for run in runs]
    command = [sys.executable, "-c", PREDICT, str(scenes), *map(str, runs)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    fresh = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert json.loads(fresh.stdout.splitlines()[-1]) == here
    for (name, variant), answers in zip(CASES, here, strict=True):
        shown = {tuple(each[2]) for answer in answers for each in answer["evidence"]}
        assert shown == SHOWN[name] if not variant else shown, (name, variant)


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_posts_without_any_image_work(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A data set that has no picture at all: train, score, predict with evidence."""
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    for split, count in (("train", 12), ("valid", 4)):
        lines = "Kim\tB-PER\nmet\tO\nRio\tB-LOC\n\nRio\tB-LOC\nagain\tO\n\n" * (count // 2)
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{split}.txt").write_text(lines, encoding="utf-8")
    out = trained(tmp_path / "data", tmp_path / "run", name, "")
    asked = ["--run", str(out), "--data", str(tmp_path / "data" / "valid.txt"), "--json"]
    assert main(["evaluate", *asked]) == 0
    assert main(["predict", "--run", str(out), "--text", "Kim saw Rio", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all("Kim saw Rio"[each["start"] : each["end"]] == each["text"] for each in answer["spans"])
    looked = [each["name"] for each in answer["evidence"] if {"object", "region"} & set(each["axes"])]
    assert looked == [], "nothing is said of a picture that is not there"
