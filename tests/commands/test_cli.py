"""The command line as outsiders use it: JSON on the last line, one sentence for what is wrong, the exit status."""

import json
import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mner_core.commands.cli import main
from tests.commands.conftest import Run


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    assert main(["scenes", str(folder), "--size", "40", "--seed", "3"]) == 0
    return folder


def test_models_lists_what_the_contract_says(run: Run) -> None:
    status, answer, _ = run("models")
    assert status == 0
    names = {each["name"]: each for each in answer["models"]}
    assert {"bert-crf", "rgcn"} <= set(names)
    assert {"w/o Gate", "w/o InterRG", "w/o IntraRG", "w/o InterRG, IntraRG", "K=1"} <= set(names["rgcn"]["variants"])
    assert all(each["paper"] for each in answer["models"])


def test_scenes_and_check_data_and_features(run: Run, tmp_path: Path) -> None:
    status, answer, _ = run("scenes", tmp_path / "out", "--size", 24, "--seed", 5)
    assert (status, answer["posts"]) == (0, 24)
    assert 25 <= answer["text_only_ceiling"] < 100
    status, answer, _ = run("check-data", tmp_path / "out")
    assert (status, answer["posts"], answer["defects"], answer["counts"]) == (0, 24, [], {})
    pairs = run("scenes", tmp_path / "pairs", "--size", 60, "--set", "pairs=0.2", "--set", "ambiguous=0")[1]
    assert set(pairs["text_only_ceilings"]) == {"pairs", "pairs-colour"}
    status, answer, _ = run("features", tmp_path / "out", "--profile", "tiny")
    assert status == 0
    assert answer["images"] > 10
    assert (answer["broken"], answer["problems"]) == (0, [])
    again = run("features", tmp_path / "out", "--profile", "tiny")[1]
    assert (again["images"], again["computed"]) == (answer["images"], 0)


@pytest.mark.parametrize("model", ["bert-crf", "rgcn"])
def test_train_evaluate_predict_export(run: Run, scenes: Path, tmp_path: Path, model: str) -> None:
    heads = ["--set", "heads=4"] if model == "rgcn" else []
    out = tmp_path / "runs" / "first"
    common = ["--model", model, "--data", scenes, "--profile", "tiny", "--epochs", 1, *heads]
    status, answer, _ = run("train", *common, "--out", out)
    assert status == 0
    assert {"precision", "recall", "f1", "support", "per_type", "gold_sha256", "slices"} <= set(answer["dev"])
    assert "ambiguous" in answer["dev"]["slices"]
    assert {"run", "dev", "seconds"} <= set(answer)

    valid = scenes / "valid.jsonl"
    status, score, _ = run("evaluate", "--run", out, "--data", valid, "--protocol", "entity")
    assert status == 0
    assert score["f1"] == pytest.approx(answer["dev"]["f1"])
    assert score["gold_sha256"] == answer["dev"]["gold_sha256"]
    assert score["posts_trained_on"] == 0
    for images in ("none", "swapped"):
        assert run("evaluate", "--run", out, "--data", valid, "--protocol", "entity-strict", "--images", images)[0] == 0

    text = "\N{FAMILY} saw Jordan \N{VICTORY HAND}\N{EMOJI MODIFIER FITZPATRICK TYPE-3} at Rio"
    picture = next((scenes / "images").iterdir())
    status, answer, _ = run("predict", "--run", out, "--text", text, "--image", picture)
    assert status == 0
    assert all(text[span["start"] : span["end"]] == span["text"] for span in answer["spans"])
    assert all(0 <= span["confidence"] <= 1 for span in answer["spans"])
    assert bool(answer["evidence"]) == (model == "rgcn")

    status, answer, _ = run("pointing", "--run", out, "--data", scenes)
    assert status == 0
    assert [each["evidence"] for each in answer["evidence"]] == (["word x region attention"] if model == "rgcn" else [])

    for name in ("posts.jsonl", "posts.txt"):
        status, answer, _ = run("predict", "--run", out, "--data", valid, "--out", tmp_path / name)
        assert (status, answer["posts"]) == (0, len(valid.read_text().splitlines()))
    status, answer, _ = run(
        "score", "--gold", tmp_path / "posts.txt", "--pred", tmp_path / "posts.txt", "--protocol", "entity"
    )
    assert status == 0
    assert answer["f1"] in (0.0, 100.0)

    status, answer, _ = run("export-run", out, tmp_path / "run.mner")
    assert (status, answer["bytes"]) == (0, (tmp_path / "run.mner").stat().st_size)
    status, _, _ = run("train", *common, "--out", tmp_path / "warm", "--from", out, "--seed", 4)
    assert status == 0


def unpictured(scenes: Path, out: Path, how: str) -> Path:
    """The set without its pictures' files, with files that are no pictures, or with posts that name none."""
    shutil.copytree(scenes, out)
    if how == "missing":
        shutil.rmtree(out / "images")
        (out / "dataset.json").unlink()
    for picture in (out / "images").glob("*"):
        picture.write_text("no picture") if how == "broken" else picture.unlink()
    if how == "none":
        for file in out.glob("*.jsonl"):
            records = [json.loads(line) for line in file.read_text().splitlines()]
            file.write_text("".join(json.dumps({**record, "image": None}) + "\n" for record in records))
    return out


@pytest.mark.parametrize(
    ("how", "said"), [("missing", "None of the 3"), ("broken", "None of the 3"), ("none", "No post has a picture")]
)
def test_a_training_without_any_picture_says_so(run: Run, scenes: Path, tmp_path: Path, how: str, said: str) -> None:
    data = unpictured(scenes, tmp_path / "data", how)
    about = ["--data", data, "--profile", "tiny", "--epochs", 1]
    status, answer, heard = run("train", "--model", "rgcn", "--set", "heads=4", *about, "--out", tmp_path / "rgcn")
    assert (status, answer["pictures_found"]) == (0, 0)
    assert said in heard
    assert "the run learns from texts alone" in heard
    heard = run("train", "--model", "bert-crf", *about, "--out", tmp_path / "text")[2]
    assert "learns from texts alone" not in heard, "it never reads pictures"


def test_wrong_labels_are_made_and_found(run: Run, scenes: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    status, answer, _ = run("corrupt", scenes, wrong, "--share", 0.2, "--seed", 1)
    assert (status, answer["corruptions"]) == (0, sum(answer["kinds"].values()))
    search = ["suspicious", "--data", wrong, "--model", "bert-crf", "--profile", "tiny", "--folds", 2, "--epochs", 1]
    status, answer, said = run(*search, "--corrupted", answer["list"])
    assert status == 0
    assert "fold 2 of 2, training" in said
    assert all({"post", "start", "end", "label", "score", "reason"} <= set(item) for item in answer["items"])
    assert {each["split"] for each in (*answer["items"], *answer["posts"])} == {"train"}
    assert {"precision_at_k", "recall_at_k", "curve"} <= set(answer["against_corruptions"])
    measured = {"average_precision", "chance", "times_chance", "precision_at_100"}
    assert measured <= set(answer["against_corruptions"])
    assert measured == set(answer["against_corruptions"]["posts"])
    status, answer, _ = run("corrupt", scenes, tmp_path / "real", "--share", 0.2, "--seed", 1, "--realistic")
    assert (status, answer["corruptions"]) == (0, sum(answer["kinds"].values()))
    listed = [json.loads(line) for line in Path(answer["list"]).read_text().splitlines()]
    assert {each["how"] for each in listed} >= {"usual pair", "overlooked"}
    out = tmp_path / "first"
    assert (
        run("train", "--model", "bert-crf", "--data", scenes, "--profile", "tiny", "--epochs", 1, "--out", out)[0] == 0
    )
    status, answer, _ = run("label-errors", "--run", out, "--data", scenes / "valid.jsonl")
    assert run("suspicious", "--run", out, "--data", scenes / "valid.jsonl")[1] == answer, "the old name is an alias"
    assert (status, answer["posts_left_out"]) == (0, 0)
    assert {item["post"] for item in answer["items"]} <= {post["post"] for post in answer["posts"]}
    status, _, said = run("suspicious", "--run", out, "--data", scenes / "train.jsonl")
    assert status == 2
    assert "was trained on" in said


def test_a_table_is_made(run: Run, tmp_path: Path) -> None:
    size = ["--profile", "tiny", "--epochs", 1, "--seeds", 1, "--posts", 40]
    status, answer, _ = run("experiment", "iaik-image", "--quick", *size, "--out", tmp_path / "out")
    assert status == 0
    assert {(row["row"], row["source"]) for row in answer["rows"]} >= {("With image", "printed")}
    assert all(Path(file).is_file() for file in answer["files"])
    assert answer["notes"]


BAD_USAGE = [
    ([], "COMMAND"),
    (["dance"], "dance"),
    (["train", "--model", "bert-crf"], "--data"),
    (["train", "--model", "bort", "--data", "{scenes}", "--out", "{tmp}/r"], "There is no model 'bort'"),
    (["train", "--model", "rgcn", "--variant", "w/o", "--data", "{scenes}", "--out", "{tmp}/r"], "has no variant"),
    (["train", "--model", "rgcn", "--set", "gate", "--data", "{scenes}", "--out", "{tmp}/r"], "key=value"),
    (["train", "--model", "rgcn", "--profile", "huge", "--data", "{scenes}", "--out", "{tmp}/r"], "no profile 'huge'"),
    (["train", "--model", "rgcn", "--data", "{tmp}/nowhere", "--out", "{tmp}/r"], "nowhere"),
    (["train", "--model", "rgcn", "--epochs", "x", "--data", "{scenes}", "--out", "{tmp}/r"], "--epochs"),
    (["check-data", "{tmp}/nowhere"], "nowhere"),
    (["features", "{tmp}/nowhere"], "nowhere"),
    (["scenes", "{tmp}/out", "--size", "3"], "20"),
    (["scenes", "{tmp}/out", "--set", "fog=0.1"], "no knob 'fog'"),
    (["scenes", "{tmp}/out", "--set", "pairs"], "key=value"),
    (["predict", "--run", "{tmp}", "--text", "a"], "holds no finished run"),
    (["predict", "--run", "{tmp}"], "either --text"),
    (["pointing", "--run", "{tmp}", "--data", "{scenes}"], "holds no finished run"),
    (["evaluate", "--run", "{tmp}", "--data", "{scenes}/valid.jsonl"], "holds no finished run"),
    (
        ["evaluate", "--run", "{tmp}", "--data", "{scenes}/valid.jsonl", "--protocol", "best"],
        "no scoring protocol 'best'",
    ),
    (["score", "--gold", "{tmp}/no", "--pred", "{tmp}/no"], "no"),
    (["export-run", "{tmp}", "{tmp}/out"], "holds no finished run"),
    (["suspicious", "--data", "{scenes}"], "either --model"),
    (["experiment", "pudding"], "There is no suite 'pudding'"),
    (["experiment", "k-rgcn", "--data", "x={tmp}/nowhere"], "nowhere"),
    (["experiment", "k-rgcn", "--profile", "huge"], "no profile 'huge'"),
    (["suspicious", "--data", "{scenes}", "--model", "bort"], "There is no model 'bort'"),
    (["suspicious", "--data", "{scenes}", "--model", "bert-crf", "--folds", "1"], "at least 2 folds"),
    (["suspicious", "--data", "{scenes}", "--model", "bert-crf", "--split", "dev"], "in a split dev"),
    (["corrupt", "{scenes}", "{tmp}", "--seed", "1"], "exists already"),
    # options that would change nothing
    (["experiment", "k-rgcn", "--posts", "100", "--data", "x={scenes}"], "--posts would change nothing"),
    (["experiment", "data", "--seeds", "2", "--data", "x={scenes}"], "leave out seeds"),
    (["predict", "--run", "{tmp}", "--image", "a", "--data", "{scenes}/valid.jsonl", "--out", "{tmp}/r"], "--image"),
    (["evaluate", "--run", "{tmp}", "--data", "{scenes}/valid.jsonl", "--dev", "{scenes}/valid.jsonl"], "--details"),
    (["evaluate", "--run", "{tmp}", "--data", "{scenes}/valid.jsonl", "--train", "{scenes}/valid.jsonl"], "--details"),
    (["label-errors", "--run", "{tmp}", "--data", "{scenes}", "--folds", "5"], "--folds would change nothing"),
    (
        ["suspicious", "--run", "{tmp}", "--data", "{scenes}", "--profile", "compact", "--seed", "0"],
        "--seed and --profile",
    ),
    (["label-errors", "--model", "bert-crf", "--data", "{scenes}/valid.jsonl", "--split", "train"], "--split would"),
    (["weights", "--profile", "compact", "--hub"], "--hub would change nothing"),
    (["scenes", "{tmp}/r", "--set", "pairs=0.1", "--set", "pairs=0.2"], "names pairs twice"),
    (["train", "--model", "rgcn", "--set", "k=1", "--set", "k=2", "--data", "{scenes}", "--out", "{tmp}/r"], "twice"),
    (
        ["train", "--model", "rgcn", "--epochs", "1", "--set", "epochs=2", "--data", "{scenes}", "--out", "{tmp}/r"],
        "name the same setting",
    ),
    (["corrupt", "{scenes}", "{tmp}/r", "--share", "0"], "share of wrong labels"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), BAD_USAGE, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_usage_is_one_sentence_and_status_2(
    run: Run, scenes: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    filled = [part.format(tmp=tmp_path, scenes=scenes) for part in arguments]
    status, _, said = run(*filled)
    assert status == 2
    assert sentence in said
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said
    assert not (tmp_path / "r").exists()


def picture(kind: str, size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = BytesIO()
    mode = {"JPEG": "RGB", "PNG": "RGBA", "GIF": "P", "TIFF": "CMYK"}[kind]
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A data set with every picture and post that has ever gone wrong, and some good ones."""
    folder = tmp_path / "hostile"
    (folder / "images").mkdir(parents=True)
    cmyk = BytesIO()
    Image.new("CMYK", (64, 64)).save(cmyk, "JPEG")
    frames = [Image.new("P", (32, 32), colour) for colour in (0, 1)]
    animated = BytesIO()
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:])
    pictures = {
        "good.jpg": picture("JPEG"),
        "truncated.jpg": picture("JPEG", (400, 400))[:300],
        "mislabelled.jpg": picture("PNG"),
        "empty.jpg": b"",
        "bomb.png": picture("PNG", (30000, 30000)),
        "cmyk.jpg": cmyk.getvalue(),
        "animated.gif": animated.getvalue(),
        "text.jpg": b"this is no picture",
        "tiny.png": picture("PNG", (1, 1)),
    }
    for name, data in pictures.items():
        (folder / "images" / name).write_bytes(data)
    names = [*(Path(name).stem for name in pictures), "../../x", "missing"]
    words = ["Kim B-PER", "met O", "Lee B-PER", "in O", "Rio B-LOC"]
    posts = ["\n".join([f"IMGID:{name}", *words]) for name in names]
    posts.append("\n".join(["IMGID:good", *["word O"] * 4000]))  # 20,000 characters
    posts.append("IMGID:good\n\u200b O\n\ufe0f\u20e3 O\n... O\nRio B-LOC")
    posts.append("IMGID:good\nKim B-PER\nthis line is broken\nRio B-LOC")
    for split in ("train", "valid"):
        (folder / f"{split}.txt").write_text("\n\n".join(posts) + "\n", encoding="utf-8")
    (folder / "test.txt").write_bytes(bytes(range(256)) * 40)
    return folder


@pytest.mark.slow
def test_what_is_broken_is_said_and_the_rest_goes_through(run: Run, hostile: Path, tmp_path: Path) -> None:
    status, answer, _ = run("check-data", hostile)
    assert status == 0
    assert {"bad-line", "broken-image", "missing-image", "bad-id", "not-text", "invisible-token"} <= set(
        answer["counts"]
    )
    assert all(defect["detail"] and defect["file"] for defect in answer["defects"])
    before = {path: path.stat().st_mtime_ns for path in hostile.rglob("*")}
    status, answer, _ = run("features", hostile, "--profile", "tiny")
    assert status == 0
    broken = {Path(each["image"]).stem for each in answer["problems"]}
    assert answer["broken"] == len(answer["problems"])
    assert {"truncated", "empty", "bomb", "text"} <= broken
    assert not {"good", "mislabelled", "cmyk", "animated", "tiny"} & broken
    out = tmp_path / "run"
    status, answer, said = run(
        "train",
        "--model",
        "rgcn",
        "--data",
        hostile,
        "--profile",
        "tiny",
        "--epochs",
        1,
        "--set",
        "heads=4",
        "--out",
        out,
    )
    assert status == 0, said
    status, answer, _ = run("predict", "--run", out, "--text", "x" * 20_000)
    assert status == 0
    status, answer, _ = run(
        "predict",
        "--run",
        out,
        "--text",
        "\u200b \N{VARIATION SELECTOR-16}",
        "--image",
        hostile / "images" / "bomb.png",
    )
    assert status == 0
    assert {path: path.stat().st_mtime_ns for path in hostile.rglob("*")} == before, "the data were not touched"


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe" * 99, b"no columns at all\n"])
def test_a_file_without_posts_is_refused_for_training(run: Run, scenes: Path, tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "data"
    shutil.copytree(scenes, folder)
    (folder / "train.jsonl").unlink()
    (folder / "train.txt").write_bytes(content)
    status, _, said = run(
        "train", "--model", "bert-crf", "--data", folder, "--profile", "tiny", "--out", tmp_path / "run"
    )
    assert status == 2
    assert "train" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="a small disk needs root and unshare")
def test_a_full_disk_gets_a_sentence(scenes: Path, tmp_path: Path) -> None:
    """A home of 1 MB in a mount namespace of its own, nearly full."""
    home = tmp_path / "small"
    home.mkdir()
    features = f"MNER_HOME={home} {sys.executable} -m mner_core features {scenes} --profile tiny --json"
    script = f"mount -t tmpfs -o size=1m none {home} || exit 99; head -c 1040000 /dev/zero > {home}/ballast; {features}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("this machine does not allow a mount namespace")
    assert done.returncode in (1, 2)
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
