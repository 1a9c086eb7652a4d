"""`image-worth` of every system against three fresh evaluations: the same figures, to the last digit."""

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

KINDS = ("own", "none", "swapped")
FIGURES = ("precision", "recall", "f1", "support")
SEEDS = {"rgcn": (0, 1)}
"""Of the other systems one seed is enough: how swaps differ from run to run is no matter of the system."""

EVALUATE = """
import sys
from mner_core.commands.cli import main
images, file, *systems = sys.argv[1:]
for runs in systems:
    assert main(["evaluate", "--run", *runs.split("|"), "--data", file, "--images", images, "--json"]) == 0
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Posts whose text leaves the type open; without valid, so that the last epoch is kept.

    One type is twice as frequent as each other one: who sees no picture does best to name it, and no swap equals that.

    Of the pictures one is missing, one cut off, and one a text named .jpg.
    """
    root = tmp_path_factory.mktemp("worth")
    folder = root / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(root / "home"))
        knobs = ["--set", "ambiguous=0.4", "--set", "posters=0.3"]
        assert main(["scenes", str(folder), "--size", "100", "--seed", "2", *knobs]) == 0
        for split in ("valid", "test"):
            (folder / f"{split}.jsonl").unlink()
        lines = (folder / "train.jsonl").read_text().splitlines()
        records = [record for line in lines if (record := json.loads(line)).get("subsets")]
        of_types = [record["spans"][0]["label"] for record in records]
        records = [record for place, record in enumerate(records) if of_types[place] == "PER" or place % 2]
        missing, cut, text = records[:3]
        (folder / "images" / missing["image"]).unlink()
        picture = folder / "images" / cut["image"]
        picture.write_bytes(picture.read_bytes()[:200])
        (folder / "images" / "text.jpg").write_text("a text, not a picture")
        text["image"] = "text.jpg"
        (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        yield folder


@pytest.fixture(scope="module")
def runs(data: Path) -> dict[str, list[Path]]:
    """Every system, trained until its answers follow from the pictures of the very posts that are scored."""
    made: dict[str, list[Path]] = {}
    for name in SYSTEMS:
        heads = ["--set", "heads=4"] if hasattr(system(name).settings, "heads") else []
        rates = [f"--set={part}" for part in ("encoder_rate=0.003", "fusion_rate=0.003", "head_rate=0.01", "batch=4")]
        asked = ["--model", name, "--data", str(data), "--profile", "tiny", "--epochs", "30", *heads, *rates]
        for seed in SEEDS.get(name, (0,)):
            out = data.parent / f"{name}-{seed}"
            assert main(["train", *asked, "--seed", str(seed), "--out", str(out)]) == 0
            made.setdefault(name, []).append(out)
    return made


@pytest.fixture(scope="module")
def fresh(data: Path, runs: dict[str, list[Path]]) -> dict[str, dict[str, Any]]:
    """What `evaluate --images` says by kind of pictures and system; a process for each kind, which sees no other."""
    systems = ["|".join(map(str, each)) for each in runs.values()]
    root = str(Path(__file__).parents[2])
    found = {}
    for images in KINDS:
        environment = {**os.environ, "PYTHONPATH": root, "MNER_HOME": str(data.parent / "home")}
        command = [sys.executable, "-c", EVALUATE, images, str(data / "train.jsonl"), *systems]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
        found[images] = dict(zip(runs, answers, strict=True))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SYSTEMS))
def test_image_worth_equals_three_fresh_evaluations(
    name: str,
    data: Path,
    runs: dict[str, list[Path]],
    fresh: dict[str, dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    assert main(["image-worth", "--run", *map(str, runs[name]), "--data", str(data / "train.jsonl"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    for images in KINDS:
        evaluated = fresh[images][name]
        assert {each: answer[images][each] for each in FIGURES} == {each: evaluated[each] for each in FIGURES}
        assert answer[images]["mean"] == evaluated["f1"]
        assert answer["pictures_found"] == evaluated["pictures_found"] == answer["posts_with_image"]
    records = [json.loads(line) for line in (data / "train.jsonl").read_text().splitlines()]
    assert answer["pictures_found"] == len(records) - 3, "every post names a picture"
    own, none, swapped = (answer[images]["f1"] for images in KINDS)
    if name == "bert-crf":
        assert own == none == swapped, "it reads no picture"
    else:
        assert own > 60 > max(none, swapped), "it has learnt to read the pictures"
        assert fresh["none"][name]["per_type"] != fresh["swapped"][name]["per_type"]
