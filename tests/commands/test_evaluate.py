"""The measuring commands on tiny runs: what they answer, and what they refuse before a run is loaded."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from mner_core.commands.cli import main
from mner_core.commands.evaluate import _shown
from mner_core.data.boxes import iou
from mner_core.data.dataset import read_dataset
from mner_core.evaluation.errors import KINDS
from mner_core.evaluation.grounding import boxes_of
from mner_core.home import Home
from mner_core.training.run import Run as MeasuredRun
from mner_core.training.run import load
from mner_core.types import Box, Example, InputError, Prediction, Span
from tests.commands.conftest import Run


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    assert main(["scenes", str(folder), "--size", "40", "--seed", "3"]) == 0
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> list[str]:
    """Two seeds of BERT-CRF with captions as context, which sees images only through their captions."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        common = ["--model", "bert-crf", "--variant", "captions as context", "--profile", "tiny", "--epochs", "1"]
        for seed in ("0", "1"):
            assert main(["train", *common, "--data", str(scenes), "--out", str(folder / seed), "--seed", seed]) == 0
    return [str(folder / "0"), str(folder / "1")]


def test_a_run_against_another_and_itself(run: Run, runs: list[str], scenes: Path) -> None:
    valid = scenes / "valid.jsonl"
    status, answer, _ = run("evaluate", "--run", runs[0], "--data", valid, "--against", runs[0])
    assert status == 0
    against = answer["against"]
    assert (against["difference"], against["supported"], against["mcnemar"]["p"]) == (0.0, False, 1.0)
    assert against["ours"]["mean"] == pytest.approx(answer["f1"])
    assert {"bootstrap", "randomisation", "sentence", "runs"} <= set(against)


@pytest.mark.parametrize("number", [1, 2])
def test_posts_that_a_run_has_learnt_from_are_counted(run: Run, runs: list[str], scenes: Path, number: int) -> None:
    for split, is_seen in (("train", True), ("test", False)):
        status, answer, _ = run("evaluate", "--run", *runs[:number], "--data", scenes / f"{split}.jsonl")
        assert status == 0
        assert answer["posts"] == len(read_dataset(scenes / f"{split}.jsonl").posts)
        assert answer["posts_trained_on"] == (answer["posts"] if is_seen else 0)


def test_each_run_is_shown_another_swap_and_the_same_by_both_commands(scenes: Path) -> None:
    """So that no single swap decides; `image-worth` and `evaluate --images swapped` show a run the same one."""
    posts = read_dataset(scenes / "test.jsonl").posts
    shown = {
        images: [tuple(post.image_name for post in _shown(posts, images, number)) for number in range(3)]
        for images in ("own", "none", "swapped")
    }
    own = tuple(post.image_name for post in posts)
    assert shown["own"] == [own] * 3
    assert shown["none"] == [(None,) * len(posts)] * 3
    assert len({*shown["swapped"], own}) == 4
    assert [sorted(map(str, each)) for each in shown["swapped"]] == [sorted(map(str, own))] * 3


@pytest.fixture(scope="module")
def copies(runs: list[str]) -> dict[str, str]:
    """Two runs, a third of other weights, and the first one again: copied, exported, by another path."""
    first, second = map(Path, runs)
    shutil.copytree(first, first.parent / "copy")
    shutil.copytree(second, first.parent / "third")
    record = json.loads((second / "run.json").read_text())
    (first.parent / "third" / "run.json").write_text(json.dumps({**record, "weights": "other"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(first.parent / "home"))
        assert main(["export-run", str(first), str(first.parent / "zipped.zip")]) == 0
    names = {name: str(first.parent / name) for name in ("0", "1", "third", "copy", "zipped.zip")}
    return {**names, "path": str(first / ".." / "0"), "nowhere": str(first.parent / "nowhere.jsonl")}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("evaluate --run 0 0", "--run names 0 twice; name each once, so that no run counts as two seeds."),
        ("evaluate --run 0 1 0", "--run names 0 twice;"),
        ("evaluate --run 1 path 0", "--run names 0 twice;"),
        ("evaluate --run 0 copy", "--run names 0 and copy, which are one run;"),
        ("evaluate --run zipped.zip 1 0", "--run names zipped.zip and 0, which are one run;"),
        ("evaluate --run 0 1 --against third third", "--against names third twice;"),
        ("evaluate --run 0 1 --against 0 third", "0 stands in --run and in --against;"),
        ("evaluate --run 0 1 --against third copy", "0 stands in --run and in --against;"),
        ("image-worth --run 0 0", "--run names 0 twice;"),
        ("image-worth --run copy 1 0", "--run names copy and 0, which are one run;"),
    ],
)
def test_no_run_counts_as_two_seeds(run: Run, copies: dict[str, str], arguments: str, sentence: str) -> None:
    command, *given = (copies.get(each, each) for each in arguments.split())
    status, _, said = run(command, *given, "--data", copies["nowhere"])
    assert (status, len(said.splitlines())) == (2, 1)
    assert said.startswith(sentence)


def test_several_seeds_are_averaged_and_compared_in_pairs(run: Run, runs: list[str], scenes: Path) -> None:
    valid = scenes / "valid.jsonl"
    status, answer, _ = run("evaluate", "--run", *runs, "--data", valid, "--against", *runs[::-1])
    assert status == 0
    each = [one["f1"] for one in answer["runs"]]
    assert answer["f1"] == pytest.approx(sum(each) / 2)
    assert answer["f1_deviation"] == pytest.approx(abs(each[0] - each[1]) / 2**0.5)
    assert answer["against"]["difference"] == pytest.approx(0, abs=1e-9)
    assert answer["against"]["t_test"]["p"] == pytest.approx(1)
    singly = [run("evaluate", "--run", folder, "--data", valid)[1]["f1"] for folder in runs]
    assert each == pytest.approx(singly)


def test_details_say_where_a_run_is_wrong_and_how_sure_it_was(run: Run, runs: list[str], scenes: Path) -> None:
    data = {name: scenes / f"{name}.jsonl" for name in ("train", "valid", "test")}
    status, answer, _ = run(
        "evaluate",
        "--run",
        runs[0],
        "--data",
        data["test"],
        "--details",
        "--train",
        data["train"],
        "--dev",
        data["valid"],
    )
    assert status == 0
    assert {"image", "ambiguous", "length-1", "unseen", "objects-1-2", "relevance-low"} <= set(answer["slices"])
    assert set(answer["errors"]) == set(KINDS)
    counts = answer["errors"]
    assert sum(counts.values()) - counts["spurious"] == answer["support"]
    assert sum(map(sum, answer["confusion"]["matrix"])) == sum(counts.values())
    assert answer["confusion"]["names"][-1] == "none"
    assert answer["calibration"]["spans"] == sum(counts.values()) - counts["missed"]
    assert 0 <= answer["calibration"]["ece"] <= 1
    assert answer["calibration"]["temperature"] > 0
    assert {"slices", "errors"}.isdisjoint(run("evaluate", "--run", runs[0], "--data", data["test"])[1])


def test_what_images_are_worth(run: Run, runs: list[str], scenes: Path) -> None:
    status, answer, _ = run("image-worth", "--run", *runs, "--data", scenes / "valid.jsonl")
    assert status == 0
    for images in ("own", "none", "swapped"):
        assert answer[images]["number"] == 2
        same = run("evaluate", "--run", *runs, "--data", scenes / "valid.jsonl", "--images", images)[1]
        assert answer[images]["mean"] == pytest.approx(same["f1"])
    assert isinstance(answer["gain"], bool)
    assert answer["verdict"].startswith("A gain" if answer["gain"] else "No gain")
    assert answer["posts_with_image"] <= answer["posts"]
    assert {each["run"] for each in answer["changes"]} <= {0, 1}


def test_agreement_of_two_files(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "ann.txt", tmp_path / "bob.jsonl"
    first.write_text("Kim\tB-PER\nin\tO\nRio\tB-LOC\n\nok\tO\n")
    spans = [{"start": 0, "end": 3, "label": "PER"}, {"start": 7, "end": 10, "label": "ORG"}]
    lines = [{"id": "a", "text": "Kim in Rio", "spans": spans}, {"id": "b", "text": "ok", "spans": None}]
    second.write_text("".join(json.dumps(line) + "\n" for line in lines))
    status, answer, _ = run("agreement", "--gold", first, "--pred", second)
    assert status == 0
    assert (answer["posts"], answer["posts_left_out"], answer["words"]) == (1, 1, 3)
    assert answer["spans"]["f1"] == 50.0
    assert answer["kappa"] == pytest.approx((2 / 3 - 2 / 9) / (1 - 2 / 9))
    (found,) = answer["disagreements"]
    assert (found["kind"], found["text"], found["first"]["label"], found["second"]["label"]) == (
        "type",
        "Rio",
        "LOC",
        "ORG",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--run", "a", "b", "--against", "c"], "in pairs"),
        (["--run", "a", "--protocol", "best"], "no scoring protocol 'best'"),
        (["--run", "a", "--protocol", "entity,best"], "no scoring protocol 'best'"),
        (["--run", "a", "--protocol", "entity,"], "no scoring protocol ''"),
        (["--run", "a", "--protocol", "umt,entity,umt"], "--protocol names umt twice"),
        (["--run", "a", "--against", "b", "--protocol", "rgcn, rgcn"], "--protocol names rgcn twice"),
        (["--run", "a", "b", "--details"], "of one run"),
        (["--run", "a", "--dev", "x.jsonl"], "--train and --dev are for --details"),
    ],
)
def test_what_cannot_be_done_is_said_before_a_run_is_loaded(
    run: Run, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    status, _, said = run("evaluate", *arguments, "--data", tmp_path / "nowhere.jsonl")
    assert status == 2
    assert sentence in said
    assert len(said.strip().splitlines()) == 1


def test_agreement_needs_the_same_posts(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("Kim\tB-PER\n")
    second.write_text("Lee\tB-PER\n")
    status, _, said = run("agreement", "--gold", first, "--pred", second)
    assert status == 2
    assert "'Kim' in line 1" in said
    shutil.copy(first, second)
    second.write_text("Kim\n")
    status, _, said = run("agreement", "--gold", first, "--pred", second)
    assert status == 2
    assert "No post is labelled in both" in said


def relabelled(scenes: Path, out: Path, which: str, label: str) -> tuple[Path, int]:
    """The valid posts with every entity of one type called otherwise, and how many those are."""
    out.mkdir()
    shutil.copytree(scenes / "images", out / "images")
    text = (scenes / "valid.jsonl").read_text()
    (out / "valid.jsonl").write_text(text.replace(f'"{which}"', json.dumps(label)))
    spans = [span for line in text.splitlines() for span in json.loads(line)["spans"]]
    return out / "valid.jsonl", sum(span["label"] == which for span in spans)


@pytest.mark.parametrize("label", ["PRODUCT", "per", "Ort im Süden"])
def test_labels_that_a_run_does_not_know_are_missed_and_said(
    run: Run, runs: list[str], scenes: Path, tmp_path: Path, label: str
) -> None:
    valid, number = relabelled(scenes, tmp_path / "renamed", "LOC", label)
    assert number
    known = run("evaluate", "--run", runs[0], "--data", scenes / "valid.jsonl")[1]
    assert known["labels_unknown_to_run"] == {}
    status, answer, said = run("evaluate", "--run", *runs, "--data", valid, "--against", *runs[::-1])
    assert said.count(f"The run does not know the label {label} (it knows LOC, MISC, ORG, PER): {number} ") == 1
    assert 'rename it in dataset.json beside the posts: {"labels": {"OLD": "NEW"}}.' in said
    (valid.parent / "dataset.json").write_text(json.dumps({"labels": {label: "LOC"}}), encoding="utf-8")
    _, renamed, said = run("evaluate", "--run", runs[0], "--data", valid)
    assert ("does not know" in said, renamed["f1"], renamed["labels_unknown_to_run"]) == (False, known["f1"], {})
    (valid.parent / "dataset.json").unlink()
    assert (status, answer["labels_unknown_to_run"]) == (0, {label: number})
    assert answer["against"]["labels_unknown_to_run"] == {label: number}
    assert (answer["support"], answer["per_type"][label]["recall"]) == (known["support"], 0)
    details = run("evaluate", "--run", runs[0], "--data", valid, "--details")[1]
    row = details["confusion"]["matrix"][details["confusion"]["names"].index(label)]
    assert (sum(row), row[details["confusion"]["names"].index(label)]) == (number, 0)
    status, found, _ = run("label-errors", "--run", runs[0], "--data", valid)
    assert (status, found["labels_unknown_to_run"]) == (0, {label: number})
    assert sum(item["label"] == label for item in found["items"]) == number


@pytest.mark.parametrize(("which", "label"), [("LOC", "PRODUCT"), ("PER", "person")])
def test_a_loss_over_an_unknown_label_names_label_file_and_mapping(
    runs: list[str], scenes: Path, tmp_path: Path, which: str, label: str
) -> None:
    valid, _ = relabelled(scenes, tmp_path / "renamed", which, label)
    run = load(Path(runs[0]), Home(Path(runs[0]).parent / "home"))
    posts = read_dataset(valid).posts
    with pytest.raises(InputError, match=rf"The label {label} of the post .* \(valid\.jsonl.*\"{label}\": ") as caught:
        run.model.loss(run.batcher.labelled(posts))
    assert str(tmp_path) not in str(caught.value)


PROTOCOLS = "umgf,entity,entity-strict,umt,rgcn"
FIGURES = ("precision", "recall", "f1", "support", "per_type", "macro", "gold_sha256", "protocol")


@pytest.fixture(scope="module")
def many(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough posts for two batches: those of the scenes, again and again, without pictures."""
    lines = [json.loads(line) for line in (scenes / "train.jsonl").read_text().splitlines()]
    rows = [{**lines[number % len(lines)], "id": f"p{number}", "image": None} for number in range(130)]
    file = tmp_path_factory.mktemp("many") / "many.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_several_protocols_in_one_pass(run: Run, runs: list[str], many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forwards: list[int] = []
    answered = MeasuredRun.predict_posts

    def counting(self: MeasuredRun, posts: Sequence[Example], evidence: bool = False) -> list[Prediction]:
        forwards.append(len(posts))
        return answered(self, posts, evidence)

    monkeypatch.setattr(MeasuredRun, "predict_posts", counting)
    common = ("evaluate", "--run", runs[0], "--data", many, "--against", runs[1], "--details", "--dev", many)
    status, answer, said = run(*common, "--protocol", PROTOCOLS)
    assert status == 0, said
    assert forwards == [130, 130, 130], "the run, the other run, and dev, once each"
    assert list(answer["protocols"]) == PROTOCOLS.split(",")
    for protocol, found in answer["protocols"].items():
        status, alone, _ = run(*common, "--protocol", protocol)
        assert status == 0
        assert "protocols" not in alone
        assert {name: alone[name] for name in found} == found
        assert {*FIGURES, "slices", "errors", "confusion", "calibration", "against"} == set(found)
        assert found["against"]["protocol"] == found["protocol"] == protocol
        assert found["against"]["ours"]["mean"] == pytest.approx(found["f1"])
    assert {name: answer[name] for name in answer["protocols"]["umgf"]} == answer["protocols"]["umgf"]
    assert answer["posts"] == 130


@pytest.mark.parametrize("images", ["none", "swapped"])
def test_each_protocol_sees_the_same_pictures_and_seeds(run: Run, runs: list[str], scenes: Path, images: str) -> None:
    common = ("evaluate", "--run", *runs, "--data", scenes / "valid.jsonl", "--images", images)
    status, answer, _ = run(*common, "--protocol", "entity,umt")
    assert (status, answer["images"], set(answer["protocols"])) == (0, images, {"entity", "umt"})
    for protocol, found in answer["protocols"].items():
        alone = run(*common, "--protocol", protocol)[1]
        assert {name: alone[name] for name in found} == found
        assert len(found["runs"]) == 2


def test_too_few_posts_for_a_protocol_are_said_before_a_run_is_loaded(run: Run, runs: list[str], scenes: Path) -> None:
    status, _, said = run("evaluate", "--run", runs[0], "--data", scenes / "valid.jsonl", "--protocol", "entity,rgcn")
    assert status == 2
    assert "rgcn scores whole batches of 64 posts" in said


def test_a_person_reads_the_protocols_in_a_table(
    runs: list[str], many: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["evaluate", "--run", runs[0], "--data", str(many), "--protocol", "entity,umt", "--against", runs[1]]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "protocols:"
    assert lines[1].split() == ["precision", "recall", "f1", "support"]
    assert [line.split()[0] for line in lines[2:4]] == ["entity", "umt"]
    assert "under umt:" in lines
    assert sum("sentence" in line for line in lines) == 2


@pytest.fixture(scope="module")
def grounded_run(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> str:
    """GEI, which looks at objects, and whose valid says where entities are."""
    folder = tmp_path_factory.mktemp("grounded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        chosen = ["--model", "gei", "--profile", "tiny", "--epochs", "1", "--seed", "1"]
        assert main(["train", *chosen, "--data", str(scenes), "--out", str(folder / "run")]) == 0
    return str(folder / "run")


def by_hand(path: str, file: Path, boxes: dict[tuple[str, Span], list[Box]], listed: set[str]) -> dict[str, float]:
    """The grounded score from the contract's sentences: every entity without a box is not in the picture."""
    run = load(Path(path))
    posts = [post for post in read_dataset(file).posts if post.id in listed]
    right = predicted = gold = 0
    for post, said in zip(posts, run.predict_posts(posts, evidence=True), strict=True):
        places = boxes_of(post, said, run.box_threshold)
        gold, predicted = gold + len(post.spans or ()), predicted + len(places)
        for span, box in places.items():
            known = boxes.get((post.id, span), [])
            is_there = box is None if not known else box is not None and any(iou(box, each) >= 0.5 for each in known)
            right += span in (post.spans or ()) and is_there
    precision, recall = 100 * right / max(predicted, 1), 100 * right / gold
    f1 = 200 * right / (predicted + gold)
    return {"precision": precision, "recall": recall, "f1": f1, "support": gold, "posts": len(posts)}


@pytest.mark.parametrize("images", ["own", "none"])
def test_entities_are_scored_by_their_place(
    run: Run, grounded_run: str, scenes: Path, tmp_path: Path, images: str
) -> None:
    valid, own = scenes / "valid.jsonl", scenes / "entity_boxes.jsonl"
    boxes: dict[tuple[str, Span], list[Box]] = {}
    for line in map(json.loads, own.read_text().splitlines()):
        boxes.setdefault((line["post"], Span(line["start"], line["end"], line["label"])), []).append(line["box"])
    posts = {post.id for post in read_dataset(valid).posts}
    few = tmp_path / "few.jsonl"
    kept = [line for line in own.read_text().splitlines() if json.loads(line)["post"] in sorted(posts)[:4]]
    few.write_text("\n".join(kept))
    asked = ("evaluate", "--run", grounded_run, "--data", valid, "--images", images, "--boxes")
    status, answer, _ = run(*asked)
    assert status == 0
    status, some, _ = run(*asked, few)
    assert status == 0
    assert some["grounded"]["posts"] == len({json.loads(line)["post"] for line in kept}) < answer["grounded"]["posts"]
    if images == "own":
        assert answer["grounded"] == pytest.approx(by_hand(grounded_run, valid, boxes, posts))
        listed = {json.loads(line)["post"] for line in kept}
        assert some["grounded"] == pytest.approx(by_hand(grounded_run, valid, boxes, listed))
    else:
        assert answer["grounded"]["f1"] <= answer["f1"]
    assert "grounded" not in run(*asked[:-1])[1]


def test_places_that_nobody_knows_are_not_scored(run: Run, grounded_run: str, scenes: Path, tmp_path: Path) -> None:
    alone, empty = tmp_path / "valid.jsonl", tmp_path / "nothing.jsonl"
    alone.write_text((scenes / "valid.jsonl").read_text())
    empty.write_text("")
    asked = ("evaluate", "--run", grounded_run, "--data", alone, "--boxes")
    for more, why in (((), "there is no entity_boxes.jsonl beside them"), ((empty,), "nothing.jsonl does not")):
        status, _, said = run(*asked, *more)
        assert status == 2
        assert why in said
