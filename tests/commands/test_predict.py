"""`predict` from outside: files of posts and plain text, captions and contexts, and that it agrees with `evaluate`."""

import json
from pathlib import Path
from typing import Any

import pytest

from mner_core.commands.cli import main
from mner_core.data.plain_text import is_plain_text, read_plain_text
from mner_core.data.posts import read_posts
from mner_core.types import InputError
from tests.commands.conftest import Run

POSTS = [
    ("สมชายไปกรุงเทพ", [("สมชาย", "PER"), ("กรุงเทพ", "LOC")]),
    ("เที่ยวเชียงใหม่กับสมหญิง", [("เชียงใหม่", "LOC"), ("สมหญิง", "PER")]),
    ("#NewYorkMets beat Boston", [("NewYork", "LOC"), ("Boston", "LOC")]),
    ("Kim saw Rio", [("Kim", "PER"), ("Rio", "LOC")]),
]


def lines(file: Path, **more: Any) -> Path:
    records = []
    for number, (text, parts) in enumerate(POSTS):
        places = [{"start": text.index(p), "end": text.index(p) + len(p), "label": label} for p, label in parts]
        records.append({"id": f"p{number}", "text": text, "spans": places, "caption": "a dog", **more})
    file.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the posts and two runs of them: `plain` reads the text alone, `captioned` also the caption."""
    folder = tmp_path_factory.mktemp("predict")
    (folder / "data").mkdir()
    lines(folder / "data" / "train.jsonl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        for name, variant in (("plain", ""), ("captioned", "captions as context")):
            asked = ["train", "--model", "bert-crf", "--data", str(folder / "data"), "--out", str(folder / name)]
            more = [
                "--profile",
                "tiny",
                "--variant",
                variant,
                "--epochs",
                "30",
                "--set",
                "encoder_rate=0.002",
                "--set",
                "head_rate=0.02",
            ]
            assert main([*asked, *more, "--json"]) == 0
    return folder


@pytest.fixture
def command_home(trained: Path) -> Path:
    return trained / "home"


def test_evaluating_and_scoring_what_raw_posts_were_predicted_as_agree(run: Run, trained: Path, tmp_path: Path) -> None:
    gold = trained / "data" / "train.jsonl"
    raw = lines(tmp_path / "raw.jsonl", spans=None)
    evaluated = run("evaluate", "--run", trained / "plain", "--data", gold)[1]
    assert run("predict", "--run", trained / "plain", "--data", raw, "--out", tmp_path / "out.jsonl")[0] == 0
    scored = run("score", "--gold", gold, "--pred", tmp_path / "out.jsonl", "--protocol", "entity")[1]
    figures = ("precision", "recall", "f1", "support", "per_type")
    assert {name: scored[name] for name in figures} == {name: evaluated[name] for name in figures}
    assert evaluated["support"] == 8
    assert 0 < evaluated["f1"] < 100, "it learnt something, and a model of words misses what ends inside one"


def test_the_file_keeps_words_and_picture(run: Run, trained: Path, tmp_path: Path) -> None:
    own = {"text": "Kim saw Rio", "tokens": [[0, 7], [8, 11]], "image": "a.png", "spans": []}
    (tmp_path / "in.jsonl").write_text(json.dumps(own))
    assert run("predict", "--run", trained / "plain", "--data", tmp_path / "in.jsonl", "--out", tmp_path / "o.jsonl")
    ((post, *others), _) = read_posts(tmp_path / "o.jsonl")
    assert (post.words, post.image_name, others) == (("Kim saw", "Rio"), "a.png", [])
    gold = ("--gold", tmp_path / "in.jsonl", "--pred", tmp_path / "o.jsonl")
    assert run("score", *gold, "--protocol", "entity")[0] == 0


@pytest.mark.parametrize("ending", ["txt", "text", "jsonl"])
def test_a_line_of_plain_text_is_a_post(run: Run, trained: Path, tmp_path: Path, ending: str) -> None:
    (tmp_path / "notes.txt").write_text("Kim saw Rio\n\n  \nสมชายไปกรุงเทพ\n", encoding="utf-8")
    out = tmp_path / f"out.{ending}"
    status, answer, _ = run("predict", "--run", trained / "plain", "--data", tmp_path / "notes.txt", "--out", out)
    assert (status, answer["posts"]) == (0, 2)
    first = read_posts(out)[0][0]
    one = run("predict", "--run", trained / "plain", "--text", "Kim saw Rio")[1]
    assert (first.words, first.image_name) == (("Kim", "saw", "Rio"), None)
    assert [(first.span_text(span), span.label) for span in first.spans or ()] == [
        (span["text"], span["label"]) for span in one["spans"]
    ]


@pytest.mark.parametrize(
    ("content", "is_plain"),
    [
        ("Kim saw Rio\nIs it so?\n", True),
        ("Kim\nRio\n", True),
        ("I took vitamin B\nBlood type O\nand I am well\nall the time\n", True),
        ("Kim\tB-PER\nsaw\tO\n\nRio\tB-LOC\n", False),
        ("Kim B-PER\nsaw O\n", False),
        ("IMGID:7\nKim\nsaw\n", False),
        ("Kim\nsaw\n\nRio\n", False),
        ('{"text": "Kim"}\n', False),
        ("", False),
    ],
)
def test_plain_text_is_told_from_files_of_tags(tmp_path: Path, content: str, is_plain: bool) -> None:
    (tmp_path / "a.txt").write_text(content)
    assert is_plain_text(tmp_path / "a.txt") is is_plain


def test_lines_without_words_are_no_posts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\nfirst one\n \nthen two")
    posts, _ = read_plain_text(tmp_path / "a.txt")
    assert [(post.id, post.text, post.spans) for post in posts] == [
        ("a-2", "first one", None),
        ("a-4", "then two", None),
    ]
    (tmp_path / "a.txt").write_text("\n \n")
    with pytest.raises(InputError, match="holds no text"):
        read_plain_text(tmp_path / "a.txt")


def test_captions_and_contexts_are_read_as_in_a_file(run: Run, trained: Path, tmp_path: Path) -> None:
    """The same numbers as for a post of a file with that caption; a context takes the caption's place."""
    text = "Kim saw Rio"
    asked = ("predict", "--run", trained / "captioned")
    found = {
        name: run(*asked, "--text", text, *more)[1]["spans"]
        for name, more in {
            "none": (),
            "caption": ("--caption", "Rio by night, Rio"),
            "context": ("--context", "Rio by night, Rio"),
        }.items()
    }
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text, "caption": "Rio by night, Rio"}))
    assert run(*asked, "--data", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")[0] == 0
    of_file = json.loads((tmp_path / "out.jsonl").read_text())["spans"]
    assert found["caption"] == [{key: each[key] for key in each if key != "words"} for each in of_file]
    assert found["context"] == found["caption"] != found["none"]


@pytest.mark.parametrize(("pieces", "cut"), [(3, 0), (32, 0), (33, 1), (500, 1)])
def test_a_context_cut_short_is_said(run: Run, trained: Path, tmp_path: Path, pieces: int, cut: int) -> None:
    text, context = "Kim saw Rio", "a " * pieces
    status, answer, said = run("predict", "--run", trained / "captioned", "--text", text, "--context", context)
    assert (status, answer["contexts_cut"], "is too long: its end is not read" in said) == (0, cut, bool(cut))
    data = lines(tmp_path / "test.jsonl", caption=context)
    out = tmp_path / "out.jsonl"
    answer = run("predict", "--run", trained / "captioned", "--data", data, "--out", out)[1]
    assert answer["contexts_cut"] == 4 * cut
    status, answer, said = run("evaluate", "--run", trained / "captioned", "--data", data)
    assert (answer["contexts_cut"], f"{4 * cut} posts is too long" in said) == (4 * cut, bool(cut))
    assert run("evaluate", "--run", trained / "plain", "--data", data)[1]["contexts_cut"] == 0


def test_a_training_says_which_contexts_were_cut(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    lines(tmp_path / "data" / "train.jsonl", caption="a " * 500)
    more = ("--variant", "captions as context", "--profile", "tiny", "--epochs", 1, "--out", tmp_path / "run")
    status, answer, said = run("train", "--model", "bert-crf", "--data", tmp_path / "data", *more)
    assert (status, answer["contexts_cut"]) == (0, 4)
    assert "The caption or context of 4 posts is too long: its end is not read." in said
    assert json.loads((tmp_path / "run" / "run.json").read_text())["data"]["contexts_cut"] == 4


@pytest.mark.parametrize(
    ("of_run", "more", "says"),
    [
        ("plain", ("--text", "Kim", "--caption", "a dog"), "--caption changes nothing: the run plain reads no text"),
        ("plain", ("--text", "Kim", "--context", "a dog"), "--context changes nothing: the run plain reads no text"),
        ("captioned", ("--text", "Kim", "--caption", "a", "--context", "b"), "--context is read in its place"),
        ("captioned", ("--data", "in.jsonl", "--out", "o.jsonl", "--caption", "a"), "bring their own"),
        ("captioned", ("--data", "in.jsonl", "--out", "o.jsonl", "--context", "a"), "bring their own"),
    ],
)
def test_a_caption_without_effect_is_refused(
    run: Run, trained: Path, of_run: str, more: tuple[str, ...], says: str
) -> None:
    status, _, said = run("predict", "--run", trained / of_run, *more)
    assert status == 2
    assert says in said
