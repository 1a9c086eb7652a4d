"""`similar` from outside, beside cosines computed one by one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mner_core.catalog.profiles import profile
from mner_core.commands.cli import main
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.text.sentences import sentence_vectors
from mner_core.types import Example
from tests.commands.conftest import Run

TINY = profile("tiny")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes; one more post without a picture, and one with a picture that was there before."""
    folder = tmp_path_factory.mktemp("similar")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        assert main(["scenes", str(folder / "scenes"), "--size", "30", "--json"]) == 0
    train = folder / "scenes" / "train.jsonl"
    first = json.loads(train.read_text("utf-8").splitlines()[0])
    more = [
        {"id": "bare", "text": "Ann in Rome", "spans": None},
        {"id": "twin", "text": "again", "spans": [], "image": first["image"]},
    ]
    with train.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in more)
    return folder


@pytest.fixture
def command_home(made: Path) -> Path:
    return made / "home"


@pytest.fixture
def data(made: Path) -> Dataset:
    return read_dataset(made / "scenes")


def vectors(posts: list[Example], by: str, home: Home) -> np.ndarray[Any, Any]:
    """The same vectors, written out."""
    features = FeatureStore(TINY, home)
    known = [features.features(post) for post in posts]
    if by == "text":
        return sentence_vectors([post.text for post in posts], TINY.slots["text"])
    if by == "caption":
        return sentence_vectors([each.caption for each in known], TINY.slots["text"])
    rows = [each.object_vectors if by == "objects" else each.grid for each in known]
    width = max(row.shape[1] for row in rows)
    return np.stack([np.asarray(row, np.float64).mean(axis=0) if len(row) else np.zeros(width) for row in rows])


@pytest.mark.parametrize("by", ["objects", "grid", "caption", "text"])
def test_the_nearest_are_those_of_the_highest_cosine(by: str, made: Path, data: Dataset, run: Run) -> None:
    posts, home = data.posts, Home(made / "home")
    asked = data.split("train")[0]
    status, answer, _ = run(
        "similar", "--data", data.root, "--post", f"train/{asked.id}", "--by", by, "--k", "1000", "--profile", "tiny"
    )
    assert (status, answer["by"]) == (0, by)
    rows = vectors(posts, by, home)
    length = np.linalg.norm(rows, axis=1)
    place = posts.index(asked)
    expected = {
        (post.split, post.id): float(rows[at] @ rows[place] / length[at] / length[place])
        for at, post in enumerate(posts)
        if length[at] > 0 and at != place
    }
    found = {(each["split"], each["post"]): each["score"] for each in answer["neighbours"]}
    assert found == pytest.approx(expected, abs=2e-5)
    scores = [each["score"] for each in answer["neighbours"]]
    assert scores == sorted(scores, reverse=True)
    assert ("train", "bare") not in found or by == "text"
    if by != "text":
        assert found["train", "twin"] == pytest.approx(1), "a post with the same picture is not left out"


def test_spans_are_those_of_the_files_and_none_where_nobody_labelled(data: Dataset, run: Run) -> None:
    asked = ("similar", "--data", data.root, "--text", "Ann in Rome", "--by", "text", "--profile", "tiny")
    answer = run(*asked, "--k", "100")[1]
    said = {each["post"]: each["spans"] for each in answer["neighbours"]}
    assert (said["bare"], answer["neighbours"][0]["post"]) == (None, "bare"), "a sentence leaves no post out"
    written = [json.loads(line) for line in (data.root / "valid.jsonl").read_text("utf-8").splitlines()]
    for post in written:
        found = [(it["start"], it["end"], it["label"]) for it in said[post["id"]]]
        assert found == sorted((it["start"], it["end"], it["label"]) for it in post["spans"])
    assert len(run(*asked, "--k", "3")[1]["neighbours"]) == 3


def test_a_split_alone_is_searched_also_for_a_post_of_another(data: Dataset, run: Run) -> None:
    asked = data.split("valid")[0]
    common = ("similar", "--data", data.root, "--by", "grid", "--k", "100", "--profile", "tiny")
    answer = run(*common, "--post", asked.id, "--split", "train")[1]
    assert {each["split"] for each in answer["neighbours"]} == {"train"}
    pictured = [post for post in data.split("train") if post.image is not None]
    assert len(answer["neighbours"]) == len(pictured)


def test_a_picture_finds_its_own_post_first(data: Dataset, run: Run) -> None:
    asked = next(post for post in data.split("test") if post.image)
    answer = run(
        "similar", "--data", data.root, "--image", asked.image, "--by", "grid", "--k", "1", "--profile", "tiny"
    )[1]
    assert answer["neighbours"][0]["score"] == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--text", "Ann", "--by", "objects"], "nothing to compare by objects"),
        (["--text", "Ann", "--by", "grid"], "nothing to compare by grid"),
        (["--text", "Ann", "--by", "caption"], "nothing to compare by caption"),
        (["--text", " ", "--by", "text"], "nothing to compare by text"),
        (["--post", "train/bare", "--by", "objects"], "nothing to compare by objects"),
        (["--post", "train/nobody", "--by", "text"], "There is no post 'train/nobody'"),
        (["--text", "Ann", "--post", "bare", "--by", "text"], "takes one of --post"),
        (["--by", "text"], "takes one of --post"),
        (["--text", "Ann", "--by", "text", "--k", "0"], "--k 0 asks for no post"),
        (
            ["--text", "Ann", "--by", "text", "--split", "dev"],
            "has no posts in a split dev (with posts: train, valid, test)",
        ),
        (["--image", "nowhere.png", "--by", "grid"], "nowhere.png"),
        (["--text", "Ann", "--by", "colour"], "colour"),
    ],
)
def test_what_cannot_be_compared_is_refused(asked: list[str], sentence: str, data: Dataset, run: Run) -> None:
    status, _, said = run("similar", "--data", data.root, "--profile", "tiny", *asked)
    assert status == 2
    assert sentence in said


def test_people_read_one_line_a_neighbour(
    data: Dataset, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(made / "home"))
    asked = ["similar", "--data", str(data.root), "--text", "Ann in Rome", "--by", "text", "--profile", "tiny"]
    assert main([*asked, "--k", "2"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == "by text, by falling cosine:"
    assert first == "   1.000  train/bare  [not labelled]  Ann in Rome"
    assert second.endswith("  train/twin  [no entity]  again")
