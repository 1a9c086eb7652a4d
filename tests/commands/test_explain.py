"""`explain` from outside: a sentence, a stored post, curves over posts, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.commands.cli import main
from mner_core.commands.explain import entity
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError, Span
from tests.commands.conftest import Run

TEXT = "Kim 👩🏽‍🚀 saw Rio"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes, and a run of them that reads pictures."""
    folder = tmp_path_factory.mktemp("explain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        assert main(["scenes", str(folder / "scenes"), "--size", "40", "--json"]) == 0
        asked = ["train", "--model", "rgcn", "--data", str(folder / "scenes"), "--out", str(folder / "run")]
        rates = ["--set", "encoder_rate=0.002", "--set", "fusion_rate=0.002", "--set", "head_rate=0.02"]
        assert main([*asked, "--profile", "tiny", "--epochs", "10", *rates, "--json"]) == 0
    return folder


@pytest.fixture
def command_home(made: Path) -> Path:
    return made / "home"


def posts(made: Path, split: str) -> list[Any]:
    return [json.loads(line) for line in (made / "scenes" / f"{split}.jsonl").read_text("utf-8").splitlines()]


def test_a_named_entity_of_a_sentence_in_code_points(made: Path, run: Run) -> None:
    start = TEXT.index("Rio")
    status, answer, _ = run("explain", "--run", made / "run", "--text", TEXT, "--entity", f"{start}:{start + 3}:LOC")
    assert status == 0
    entity = answer["entity"]
    assert (entity["start"], entity["end"], entity["label"]) == (start, start + 3, "LOC")
    assert [TEXT[each["start"] : each["end"]] for each in answer["words"]] == ["Kim", "👩🏽‍🚀", "saw", "Rio"]
    assert answer["method"] == "integrated-gradients"
    assert answer["regions"] is None, "there is no picture"
    assert answer["completeness_error"] <= 0.05


@pytest.mark.parametrize("method", ["integrated-gradients", "ablation"])
def test_a_stored_post_with_its_picture(method: str, made: Path, run: Run) -> None:
    [first, *_] = posts(made, "test")
    spans = first["spans"][0]
    named = f"{spans['start']}:{spans['end']}:{spans['label']}"
    asked = ["--data", made / "scenes", "--entity", named, "--method", method]
    status, answer, _ = run("explain", "--run", made / "run", *asked, "--post", first["id"])
    assert status == 0
    assert (answer["method"], len(answer["regions"])) == (method, 49)
    again = run("explain", "--run", made / "run", *asked, "--post", f"test/{first['id']}")[1]
    assert again == answer


def test_the_answer_for_people_shows_the_regions_as_they_lie(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(made / "home"))
    [first, *_] = posts(made, "test")
    spans = first["spans"][0]
    named = f"{spans['start']}:{spans['end']}:{spans['label']}"
    asked = ["--run", str(made / "run"), "--data", str(made / "scenes"), "--post", first["id"], "--entity", named]
    assert main(["explain", *asked]) == 0
    said = capsys.readouterr().out
    rows = [line.split() for line in said.split("regions:")[1].strip().splitlines()[:7]]
    assert [len(row) for row in rows] == [7] * 7


def test_curves_over_some_posts(made: Path, run: Run) -> None:
    status, answer, _ = run("explain", "--run", made / "run", "--data", made / "scenes", "--curves", "--posts", 8)
    assert status == 0
    assert answer.keys() == {"deletion", "insertion", "rank_correlation", "posts", "p"}
    assert answer["deletion"].keys() == answer["insertion"].keys() == {"attribution", "attention", "random"}
    assert 0 < answer["posts"] <= 8
    assert answer["deletion"]["attribution"] < answer["deletion"]["random"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--text", TEXT, "--entity", "0:99:LOC"], "lies outside the text, which has"),
        (["--text", TEXT, "--entity", "3:4:LOC"], "touches no word"),
        (["--text", TEXT, "--entity", "4:0:LOC"], "lies outside"),
        (["--text", TEXT, "--entity", "0:3"], "write it as START:END:LABEL"),
        (["--text", TEXT, "--entity", "0:-3:LOC"], "write it as START:END:LABEL"),
        (["--text", TEXT, "--entity", "0:3:DRUG"], "does not know the label 'DRUG'"),
        (["--text", "  "], "no words"),
        (["--text", TEXT, "--image", "nowhere.png"], "There is no picture"),
        (["--text", TEXT, "--posts", "3"], "would change nothing here"),
        (["--text", TEXT, "--curves"], "would change nothing here"),
        ([], "takes either --text"),
        (["--data", "scenes"], "takes either --post ID, or --curves"),
        (["--data", "scenes", "--post", "nobody"], "There is no post 'nobody'"),
    ],
)
def test_what_cannot_be_explained_is_said(asked: list[str], said: str, made: Path, run: Run) -> None:
    placed = [str(made / each) if each == "scenes" else each for each in asked]
    status, _, error = run("explain", "--run", made / "run", *placed)
    assert status == 2
    assert said in error


def test_an_entity_is_the_words_that_it_touches_and_a_label_may_hold_a_colon() -> None:
    text = "#NewYork wins"
    post = Example(id="", text=text, tokens=tokenize(text))
    assert entity("1:4:a:b", post) == Span(0, 1, "a:b")
    assert entity(f"3:{len(text)}:X", post) == Span(0, len(post.tokens), "X")
    with pytest.raises(InputError, match="lies outside"):
        entity("2:2:X", post)
