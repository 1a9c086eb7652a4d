"""What commands print for people: tables with headed columns, counts first, a screen or two, never a traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mner_core.catalog.systems import SYSTEMS
from mner_core.commands.cli import main
from mner_core.commands.text_forms import text_of
from mner_core.commands.text_output import SHOWN, as_text, table
from mner_core.evaluation.calibration import Bin, Calibration
from tests.rooms import ROOT

CODE = ("({", "[{", "', '", "{'", "('", "None", "True", "False")
"""Signs that somebody printed an object of Python as it is."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    assert main(["scenes", str(folder), "--size", "40", "--seed", "3"]) == 0
    return folder


@pytest.fixture(scope="module")
def trained(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "first"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(run.parent / "home"))
        given = ["--model", "bert-crf", "--profile", "tiny", "--epochs", "1"]
        assert main(["train", *given, "--data", str(scenes), "--out", str(run)]) == 0
    return run


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    capsys.readouterr()
    assert main([*map(str, arguments)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if any(sign in line for sign in CODE)], "an object of Python as text"
    return lines


def test_records_are_a_table_with_heads_and_aligned_numbers() -> None:
    rows = [{"post": "a", "first": {"start": 0, "end": 2, "label": "PER"}, "second": None, "f1": 7.0}]
    rows += [{"post": "long name", "first": None, "second": None, "f1": 100.0}]
    assert table(rows) == [
        "post       first         f1",
        "a          PER 0..2    7.00",
        "long name  -         100.00",
    ]


def test_a_table_ends_after_a_screen() -> None:
    lines = table([{"n": number} for number in range(50)])
    assert len(lines) == SHOWN + 2
    assert lines[-1] == "... and 30 more; --json has all of them."


def test_tuples_dicts_and_matrices_are_shown_for_people() -> None:
    bins = (Bin(low=0.2, high=0.30000000000000004, number=3, confidence=0.25, right=1.0),)
    answer = {
        "calibration": Calibration(spans=3, ece=0.123, bins=bins).to_json(),
        "confusion": {"names": ["PER", "none"], "matrix": [[3, 1], [0, 0]]},
        "errors": {"correct": 3, "missed": 1},
        "nothing": (),
    }
    assert text_of("evaluate", answer).splitlines() == [
        "calibration:",
        "  spans: 3",
        "  ece: 12.30",
        "  bins: 1",
        "      low   high  number  confidence   right",
        "    20.00  30.00       3       25.00  100.00",
        "confusion (columns: predicted):",
        "             PER  none",
        "  gold PER     3     1",
        "  gold none    0     0",
        "errors: correct 3, missed 1",
        "nothing: -",
    ]


def test_text_of_posts_cannot_steer_the_terminal() -> None:
    assert as_text({"text": "a\x1b[2Jb"}) == "text: a [2Jb"
    assert table([{"text": "two\nlines"}])[1] == "two lines"


def test_agreement_is_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Paul B-PER\nsaw O\nRome B-LOC\n")
    (tmp_path / "b.txt").write_text("Paul B-PER\nsaw O\nRome B-ORG\n")
    lines = said(capsys, "agreement", "--gold", tmp_path / "a.txt", "--pred", tmp_path / "b.txt")
    start = lines.index("disagreements: 1")
    assert lines[start + 1].split() == ["post", "kind", "first", "second", "text"]
    assert lines[start + 2].split()[1:] == ["type", "LOC", "2..3", "ORG", "2..3", "Rome"]


def test_details_of_an_evaluation_are_tables(capsys: pytest.CaptureFixture[str], trained: Path, scenes: Path) -> None:
    lines = said(capsys, "evaluate", "--run", trained, "--data", scenes / "test.jsonl", "--details")
    assert len(lines) < 80
    heads = [line.split() for line in lines]
    assert ["low", "high", "number", "confidence", "right"] in heads or "bins: -" in " ".join(lines)
    assert any(line.endswith("none") and line.split()[0] in {"LOC", "MISC"} for line in lines), "the matrix has heads"


def test_training_and_image_worth_print_a_screen_or_two(
    capsys: pytest.CaptureFixture[str], scenes: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    given = ["--model", "bert-crf", "--profile", "tiny", "--epochs", "1", "--data", scenes, "--out", tmp_path / "run"]
    lines = said(capsys, "train", *given)
    assert len(lines) < 50
    place = next(place for place, line in enumerate(lines) if line.strip() == "slices:")
    assert lines[place + 1].split() == ["precision", "recall", "f1", "support"]
    lines = said(capsys, "image-worth", "--run", trained, "--data", scenes / "test.jsonl")
    assert len(lines) < 50
    assert any(line.startswith("verdict: ") for line in lines)


def test_check_data_counts_first_and_lists_twenty_of_a_kind(
    capsys: pytest.CaptureFixture[str], scenes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(scenes, folder)
    shutil.rmtree(folder / "images")
    (folder / "test.jsonl").write_text("no json\n" * 30)
    lines = said(capsys, "check-data", folder)
    posts = sum(len((folder / f"{split}.jsonl").read_text().splitlines()) for split in ("train", "valid"))
    assert lines[0] == f"posts: {posts}"
    assert lines[1] == f"labelled: {posts}"
    assert lines[2].startswith("types: ")
    assert lines[3] == "pictures_found: 0"
    assert len(lines) < 70
    assert sum(line.startswith("    ... and ") for line in lines) == 2, "bad lines and missing pictures"
    assert main(["check-data", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sum(defect["file"] == "test.jsonl" for defect in answer["defects"]) == 30
    assert sum(answer["counts"].values()) == len(answer["defects"])


def test_check_data_counts_what_is_labelled_and_which_pictures_open(
    capsys: pytest.CaptureFixture[str], scenes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(scenes, folder)
    records = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    pictured = [record for record in records if record.get("image")]
    (folder / "images" / pictured[0]["image"]).write_bytes(b"no picture")
    records[1]["spans"] = None
    (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert main(["check-data", str(scenes), "--json"]) == 0
    before = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert main(["check-data", str(folder), "--json"]) == 0
    after = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (before["labelled"], after["labelled"]) == (40, 39)
    of_one = sum(record.get("image") == pictured[0]["image"] for record in records)
    assert before["pictures_found"] - after["pictures_found"] == of_one >= 1
    gold = [span["label"] for record in records for span in record["spans"] or ()]
    others = [line for split in ("valid", "test") for line in (folder / f"{split}.jsonl").read_text().splitlines()]
    rest = [span["label"] for line in others for span in json.loads(line)["spans"]]
    assert after["types"] == {label: [*gold, *rest].count(label) for label in after["types"]}


def test_variants_that_hold_a_comma_can_be_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "models")
    for entry in SYSTEMS.values():
        place = next(place for place, line in enumerate(lines) if line.startswith(f"{entry.name}: "))
        assert lines[place + 1].removeprefix("  variants: ").split(" | ") == list(entry.variants)


@pytest.mark.parametrize("more", [[], ["--json"]], ids=("text", "json"))
@pytest.mark.parametrize("program", [["mner_core", "models"], ["mner_core", "--help"], ["db", "--help"]], ids=" ".join)
def test_a_reader_that_leaves_is_no_error(program: list[str], more: list[str], tmp_path: Path) -> None:
    more = more if "--help" not in program else []
    environment = {**os.environ, "MNER_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    read, write = os.pipe()
    os.close(read)  # the reader has left before the first word
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", *program, *more], stdout=gone, stderr=subprocess.PIPE, text=True, env=environment,
            cwd=tmp_path, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_of_both_streams_that_leaves_ends_a_command_quietly(scenes: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m mner_core check-data {scenes} --json 2>&1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 20"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 20, "")


@pytest.mark.parametrize("kinds", [1, 3, 9])
def test_many_defects_are_tens_of_lines_with_the_counts_first(kinds: int) -> None:
    defects = [
        {"kind": f"kind-{number % kinds}", "file": "train.txt", "line": number, "detail": "Broken."}
        for number in range(1, 5001)
    ]
    counts = {f"kind-{number}": 5000 // kinds for number in range(kinds)}
    counted = {"posts": 9, "labelled": 8, "types": {"PER": 2}, "pictures_found": 1, "left_out": ["a.docx"]}
    lines = text_of("check-data", {**counted, "defects": defects, "counts": counts}).splitlines()
    assert [line.partition(":")[0] for line in lines[:6]] == [*counted, "defects"]
    assert lines[2] == "types: PER 2"
    assert len(lines) <= 6 + 60 + 2 * kinds
    assert sum(line.startswith("    train.txt line ") for line in lines) == min(20 * kinds, 60 // kinds * kinds)
    assert not any(letter in line for line in lines for letter in "{}()[]'")
