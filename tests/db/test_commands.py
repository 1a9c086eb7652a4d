"""`python -m db`: a folder goes in and comes out the same, and every complaint is one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db import gold
from db.__main__ import main
from db.annotations import newest, save
from db.character_spans import Mark
from db.engine import open_store
from db.posts import dataset, post_ids
from db.tables import SCHEMA
from mner_core.data.dataset import read_dataset
from mner_core.data.fingerprint import data_fingerprint, gold_fingerprint
from mner_core.home import Home

TAGS = "IMGID:12\nPaul\tB-PER\nin\tO\nRome\tI-LOC\n\nIMGID:13\nGala\tB-OTHER\n\n"
LINE = {
    "id": "emoji", "text": "👨‍👩‍👧 Kevin at @Warriors", "spans": [{"start": 6, "end": 11, "label": "PER"}],
    "image": "k.png", "caption": "a man", "objects": [{"label": "person", "box": [0, 0, 0.5, 1], "score": 0.5}],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    about = {"name": "mixed", "labels": {"OTHER": "MISC"}, "licence": "CC0", "credits": "us"}
    (data / "dataset.json").write_text(json.dumps(about))
    (data / "train.txt").write_text(TAGS)
    unlabelled = {"id": "later", "text": "nobody looked", "spans": None}
    (data / "valid.jsonl").write_text(f"{json.dumps(LINE)}\n{json.dumps(unlabelled)}\nno json\n")
    (data / "captions.tsv").write_text("12\ta square\n")
    Image.new("RGB", (8, 8), "red").save(data / "images" / "12.jpg")
    Image.new("RGB", (8, 8), "blue").save(data / "images" / "k.png")
    return data


@pytest.fixture
def run_command(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a fresh home and returns its JSON object."""
    monkeypatch.setenv("MNER_HOME", str(home.root))

    def run(*arguments: object) -> dict[str, Any]:
        assert main([*map(str, arguments), "--json"]) == 0, capsys.readouterr().err
        answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return answer

    return run


def test_a_store_is_made_once(run_command: Any) -> None:
    assert run_command("migrate") == {"store": "sqlite", "before": None, "version": SCHEMA}
    assert run_command("migrate")["before"] == SCHEMA


def test_a_folder_comes_in_with_its_report(run_command: Any, folder: Path, home: Home) -> None:
    answer = run_command("import", folder)
    assert (answer["dataset"], answer["added"]) == ("mixed", 4)
    assert answer["counts"]["orphan-inside"] == answer["counts"]["missing-image"] == answer["counts"]["bad-line"] == 1
    assert set(answer["defects"][0]) == {"kind", "file", "line", "detail"}
    again = run_command("import", folder)
    assert (again["added"], again["unchanged"]) == (0, 4)
    store = open_store(home)
    about = dataset(store, "mixed")
    assert (about.licence, about.credits, about.labels) == ("CC0", "us", ("LOC", "MISC", "PER"))
    read = read_dataset(folder)
    kept = gold.examples(store, "mixed", "original")
    assert data_fingerprint(kept) == data_fingerprint(read.posts)
    assert gold_fingerprint(kept) == gold_fingerprint(read.posts)


@pytest.mark.parametrize(("form", "marked"), [("jsonl", "@Warriors"), ("jsonl", "Warriors"), ("conll", "@Warriors")])
def test_what_comes_out_goes_in_again(
    run_command: Any, folder: Path, home: Home, tmp_path: Path, form: str, marked: str
) -> None:
    run_command("import", folder)
    store = open_store(home)
    post = post_ids(store, "mixed")["valid", "emoji"]
    found = newest(store, post)
    assert found is not None
    mark = Mark(start=24 - len(marked), end=24, label="LOC", box=(0.0, 0.0, 0.5, 1.0))
    save(store, post, "gold", base=1, marks=[*found.marks, mark], author="anna")
    answer = run_command("export", tmp_path / "out", "--dataset", "mixed", "--format", form)
    assert (answer["posts"], answer["gold"]) == (4, "current")
    read = {example.id: example for example in read_dataset(tmp_path / "out").posts}
    kept = {example.id: example for example in gold.examples(store, "mixed")}
    assert [example.words for example in read.values()] == [example.words for example in kept.values()]
    assert read["12"].spans == kept["12"].spans
    assert read["12"].tags == (kept["12"].tags if form == "conll" else None)
    emoji = read["emoji" if form == "jsonl" else "k.png"]
    assert [(emoji.span_text(span), span.label) for span in emoji.spans or ()] == [
        ("Kevin", "PER"),
        (marked, "LOC"),
    ]
    assert (emoji.caption, emoji.objects) == ("a man", kept["emoji"].objects)
    assert emoji.image is not None
    assert emoji.image.read_bytes() == (folder / "images" / "k.png").read_bytes()
    history = [json.loads(line) for line in (tmp_path / "out" / "history.jsonl").read_text().splitlines()]
    assert [(each["post"], each["number"], each["author"]) for each in history] == [
        ("12", 1, ""), ("13", 1, ""), ("emoji", 1, ""), ("emoji", 2, "anna"),
    ]  # fmt: skip
    assert history[3]["marks"][1]["box"] == [0.0, 0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "part"), [("see #NewYork now", "NewYork"), ("서울에서 만난", "서울"), ("post-Katrina", "post")]
)
def test_what_ends_inside_a_word_goes_out_and_in_again_but_not_as_tags(
    run_command: Any, tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str], text: str, part: str
) -> None:
    start = text.index(part)
    span = {"start": start, "end": start + len(part), "label": "LOC"}
    post = {"id": "p", "text": text, "spans": [span], "subsets": {"some": [span]}}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text(json.dumps(post))
    run_command("import", tmp_path / "data", "--name", "first")
    assert main(["export", str(tmp_path / "tags"), "--dataset", "first", "--format", "conll"]) == 2
    assert "begins or ends inside a word" in capsys.readouterr().err
    assert not (tmp_path / "tags").exists()
    run_command("export", tmp_path / "out", "--dataset", "first")
    again = run_command("import", tmp_path / "out", "--name", "first")
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 1)
    run_command("import", tmp_path / "out", "--name", "second")
    store = open_store(home)
    (brought,), (second,) = gold.examples(store, "first"), gold.examples(store, "second")
    assert (second.tokens, second.spans, second.subsets) == (brought.tokens, brought.spans, brought.subsets)
    assert [second.span_text(found) for found in second.spans or ()] == [part]


def test_the_original_gold_comes_out_too(run_command: Any, folder: Path, home: Home, tmp_path: Path) -> None:
    run_command("import", folder, "--name", "other", "--map", "PER=HUMAN")
    store = open_store(home)
    save(store, post_ids(store, "other")["train", "12"], "gold", base=1, marks=[], author="anna")
    run_command("export", tmp_path / "out", "--dataset", "other", "--gold", "original", "--format", "conll")
    written = (tmp_path / "out" / "train.txt").read_text()
    assert written == TAGS.replace("OTHER", "MISC").replace("PER", "HUMAN")


def test_a_home_is_copied_and_brought_back(run_command: Any, folder: Path, home: Home, tmp_path: Path) -> None:
    run_command("import", folder)
    copied = run_command("backup", tmp_path / "copy")
    assert copied["files"] == 3
    assert run_command("restore", tmp_path / "copy")["files"] == 3
    assert len(gold.examples(open_store(home), "mixed")) == 4


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["import", "nowhere"], 2, "There is no nowhere"),
        (["import", ".", "--map", "OTHER"], 2, "names no two labels"),
        (["import", ".", "--map", "OTHER=MISC", "--map", "OTHER=ORG"], 2, "names OTHER twice"),
        (["export", "out", "--dataset", "none"], 2, "There is no data set 'none'; there are: none yet."),
        (["restore", "nowhere"], 2, "nowhere is no copy of a home"),
        (["backup", "out"], 2, "There is no store"),
    ],
)
def test_complaints_are_one_sentence(
    arguments: list[str],
    status: int,
    sentence: str,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MNER_HOME", str(home.root))
    assert main(arguments) == status
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_a_damaged_store_is_no_fault_of_the_input(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(home.root))
    home.root.mkdir()
    home.store.write_text("text " * 1000)
    assert main(["migrate"]) == 1
    assert "is no database" in capsys.readouterr().err


def test_wrong_usage_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["dance"])
    assert error.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("labelled", [True, False])
def test_an_import_says_first_how_much_there_is(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], labelled: bool
) -> None:
    monkeypatch.setenv("MNER_HOME", str(home.root))
    tags = "\tB-PER", "\tO"
    lines = [word + (tag if labelled else "") for word, tag in zip(("Ann", "won"), tags, strict=True)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.txt").write_text("\n".join([*lines, "", *lines]))
    (tmp_path / "in" / "notes.docx").write_text("x")
    assert main(["import", str(tmp_path / "in")]) == 0
    shown = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    assert list(shown)[:6] == ["dataset", "posts", "labelled", "types", "pictures_found", "splits"]
    assert (shown["posts"], shown["labelled"], shown["types"]) == ("2", *(("2", "PER 2") if labelled else ("0", "-")))
    assert (shown["added"], shown["left_out"], shown["pictures_found"]) == ("2", "notes.docx", "0")
