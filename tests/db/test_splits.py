"""Splits made here: like posts together, revisions kept, ids unique, and a second import that finds its posts again."""

import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from db.__main__ import main
from db.annotations import history, save
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store, open_store
from db.exchange import import_folder
from db.gold import gold_posts
from db.imports import About, import_examples
from db.posts import dataset, post, post_ids, posts
from db.predictions import PostPrediction, predictions, record
from db.runs import add_run
from db.splits import belongs_to, is_dividable, move_posts, plan_division
from mner_core.types import InputError, Span
from tests.db.samples import sample_post
from tests.db.test_runs import write_run

SHARES = (80.0, 10.0, 10.0)


def write_set(folder: Path, number: int = 40, first: int = 0, spans: bool = False) -> Path:
    """Posts of one split. Every tenth has the text of the one before; 3, 13, 23 have one picture under three names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(exist_ok=True)
    lines = []
    for each in range(first, first + number):
        record = {"id": str(each), "text": f"Ann in Rome {each - (each % 10 == 9)}"}
        record |= {"spans": [{"start": 0, "end": 3, "label": "PER"}]} if spans else {}
        if each % 10 == 3:
            record["image"] = f"{each}.png"
            Image.new("RGB", (20, 20), "red" if each < 30 else "blue").save(folder / "images" / f"{each}.png")
        lines.append(json.dumps(record))
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def where(store: Store, name: str = "set") -> dict[str, str]:
    return {each.example.text + each.example.id: each.example.split for each in posts(store, name)}


@pytest.fixture
def one_split(store: Store, tmp_path: Path) -> Store:
    import_folder(store, write_set(tmp_path / "set"))
    return store


def test_a_plan_changes_nothing_and_says_what_would_be(one_split: Store) -> None:
    found = plan_division(one_split, "set", SHARES, 1)
    assert found.counts == {"train": 32, "valid": 4, "test": 4}
    assert Counter(found.splits.values()) == found.counts
    assert found.together == 8 + 3, "four pairs of one text, three posts of one picture"
    assert dataset(one_split, "set").splits == {"train": 40}
    assert plan_division(one_split, "set", SHARES, 1) == found
    assert plan_division(one_split, "set", SHARES, 2).splits != found.splits


def test_one_text_and_one_picture_stay_together(one_split: Store) -> None:
    for seed in range(20):
        found = plan_division(one_split, "set", (50, 25, 25), seed).splits
        numbers = {name: number for (_, name), number in post_ids(one_split, "set").items()}
        for pair in ("8", "9"), ("18", "19"), ("3", "13", "23"):
            assert len({found[numbers[name]] for name in pair}) == 1


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (("Ann in Rome", None), ("Ann in Rome", None), True),
        (("Ann in Rome", None), ("ANN in rome", None), True),
        (("Ann in Rome", None), ("  Ann in\n\tRome ", None), True),
        (("STRASSE 7", None), ("straße 7", None), True),
        (("Ann in Rome", "sha"), ("Bo in Oslo", "sha"), True),
        (("Ann in Rome", "sha"), ("Ann in Rome", "other"), True),
        (("Ann in Rome", None), ("Ann in Rome!", None), False),
        (("Ann in Rome", "sha"), ("Bo in Oslo", "other"), False),
        (("Ann in Rome", None), ("Bo in Oslo", None), False),
        (("", None), (" ", None), False),
    ],
)
def test_what_belongs_together(one: tuple[str, str | None], other: tuple[str, str | None], together: bool) -> None:
    assert (not set(belongs_to(*one)).isdisjoint(belongs_to(*other))) == together


def test_posts_keep_their_revisions_and_what_runs_say(one_split: Store) -> None:
    one_split_ids = post_ids(one_split, "set")
    number = one_split_ids["train", "0"]
    import_examples(one_split, "set", [], About(labels=("PER",)))
    first = save(one_split, number, "gold", base=0, marks=[Mark(start=0, end=3, label="PER")], author="ann")
    add_run(one_split, write_run(one_split.home, "run"))
    record(one_split, "run", [PostPrediction(post=number, marks=())])
    before = change_token(one_split, "set")
    assert move_posts(one_split, "set", {number: "test"}) == 1
    assert change_token(one_split, "set") != before
    assert post(one_split, number).example.split == "test"
    assert history(one_split, number) == [first]
    assert number in predictions(one_split, "run", "set", "test")
    assert [each.example.spans for each in gold_posts(one_split, "set", split="test")] == [(Span(0, 1, "PER"),)]


def test_a_division_can_be_changed(one_split: Store) -> None:
    for shares, seed in (((80, 10, 10), 1), ((50, 25, 25), 2), ((90, 10), 3)):
        found = plan_division(one_split, "set", shares, seed)
        move_posts(one_split, "set", found.splits)
        assert dataset(one_split, "set").splits == {name: number for name, number in found.counts.items() if number}
        assert is_dividable(one_split, "set")


def test_ids_that_meet_in_a_split_are_told_apart(store: Store) -> None:
    import_examples(
        store, "set", [sample_post("1", f"text {split}", None, split) for split in ("train", "valid", "test")]
    )
    ids = post_ids(store, "set")
    move_posts(store, "set", {ids["train", "1"]: "valid", ids["test", "1"]: "valid"})
    assert {name: post(store, number).example.text for (_, name), number in post_ids(store, "set").items()} == {
        "1": "text valid", "1-2": "text train", "1-3": "text test"
    }  # fmt: skip
    move_posts(store, "set", {ids["train", "1"]: "train", ids["valid", "1"]: "test"})
    assert set(post_ids(store, "set")) == {("train", "1"), ("test", "1"), ("valid", "1-3")}


def test_posts_can_change_places(store: Store) -> None:
    import_examples(store, "set", [sample_post("1", f"text {split}", None, split) for split in ("train", "valid")])
    ids = post_ids(store, "set")
    assert move_posts(store, "set", {ids["train", "1"]: "valid", ids["valid", "1"]: "train"}) == 2
    assert post_ids(store, "set") == {("train", "1"): ids["valid", "1"], ("valid", "1"): ids["train", "1"]}


def test_what_cannot_be_moved_or_divided(store: Store, ids: list[int]) -> None:
    with pytest.raises(InputError, match="post number 999 is not in the data set set"):
        move_posts(store, "set", {ids[0]: "test", 999: "test"})
    assert post(store, ids[0]).example.split == "train"
    with pytest.raises(InputError, match="have the splits train, valid"):
        plan_division(store, "set", SHARES, 0)
    assert not is_dividable(store, "set")
    import_examples(store, "empty", [])
    with pytest.raises(InputError, match="has no posts"):
        plan_division(store, "empty", SHARES, 0)


@pytest.fixture
def said(home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Runs a command of `python -m db` and returns status, answer and complaint."""
    monkeypatch.setenv("MNER_HOME", str(home.root))

    def run(*arguments: str) -> tuple[int, dict[str, object], str]:
        status = main([*arguments, "--json"])
        out, err = capsys.readouterr()
        return status, json.loads(out.splitlines()[-1]) if out else {}, err

    return run


def test_the_command_divides_on_import_and_finds_its_posts_again(said, home, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set")
    status, answer, _ = said("import", str(folder), "--split-by", "80/10/10", "--seed", "3")
    assert (status, answer["added"], answer["splits"]) == (0, 40, {"train": 32, "valid": 4, "test": 4})
    store = open_store(home)
    first = where(store)
    status, answer, _ = said("import", str(folder), "--split-by", "80/10/10", "--seed", "3")
    assert (answer["added"], answer["unchanged"], where(store)) == (0, 40, first)
    status, answer, _ = said("import", str(folder))
    assert "divided" not in answer
    assert (answer["added"], answer["unchanged"], where(store)) == (0, 40, first), "without the option as well"
    status, answer, _ = said("import", str(write_set(folder, 60)), "--split-by", "80/10/10", "--seed", "3")
    assert (answer["added"], answer["splits"]) == (20, {"train": 48, "valid": 6, "test": 6})
    assert {key: split for key, split in where(store).items() if key in first} == first, "what was there stays"
    other = open_store(home)
    said("import", str(write_set(tmp_path / "other")), "--split-by", "80/10/10", "--seed", "3")
    assert where(other, "other") == first, "the same posts, shares and seed give the same splits"


@pytest.mark.parametrize("again", [["80/10/10", "--seed", "3"], ["80/10/10", "--seed", "4"], ["50/50"]])
def test_an_import_that_divides_nothing_says_so(said, home, tmp_path: Path, again: list[str]) -> None:
    folder = write_set(tmp_path / "set")
    _, answer, err = said("import", str(folder), "--split-by", "80/10/10", "--seed", "3")
    assert (answer["divided"], err) == (40, "")
    first = where(open_store(home))
    status, answer, err = said("import", str(folder), "--split-by", *again)
    assert (status, answer["divided"], where(open_store(home))) == (0, 0, first)
    assert err.startswith("--split-by divided no post: all have splits from an earlier import")
    _, answer, err = said("import", str(write_set(folder, 60)), "--split-by", *again)
    assert (answer["divided"], err) == (20, "")


def test_a_post_that_took_the_id_of_one_that_comes_later(said, home, tmp_path: Path) -> None:
    """A moved post holds the id of a post that another file brings: neither is lost, also when both come again."""
    said("import", str(write_set(tmp_path / "set")), "--split-by", "50/50", "--seed", "1")
    with (tmp_path / "set" / "valid.jsonl").open("w") as file:
        for number in range(40):
            file.write(json.dumps({"id": str(number), "text": f"new {number}"}) + "\n")
    for added in (40, 0):
        _, answer, _ = said("import", str(tmp_path / "set"))
        assert answer["added"] == added
    store = open_store(home)
    assert dataset(store, "set").posts == 80
    assert sum(each.example.text.startswith("new") for each in posts(store, "set", "valid")) == 40


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--split-by", "80/10"], "add up to 90"),
        (["--split-by", "half"], "no shares"),
        (["--seed", "3"], "--seed goes with --split-by"),
        (["--split-by", "80/20", "--seed", "x"], "invalid int value"),
    ],
)
def test_what_the_option_cannot_be(said, home, tmp_path: Path, capsys, options: list[str], why: str) -> None:
    folder = write_set(tmp_path / "set")
    try:
        status, _, err = said("import", str(folder), *options)
    except SystemExit as left:
        status, err = int(str(left.code)), capsys.readouterr().err
    assert (status, why in err, err.count("\n")) == (2, True, 1), err
    with open_store(home).read() as session:
        from db.tables import Posts

        assert session.query(Posts).count() == 0, "nothing is written"


def test_a_folder_with_splits_of_its_own_is_not_divided(said, home, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set")
    (folder / "valid.jsonl").write_text(json.dumps({"text": "x"}) + "\n")
    status, _, err = said("import", str(folder), "--split-by", "80/20")
    assert status == 2
    assert "has the splits train, valid already: leave --split-by out" in err
    said("import", str(folder))
    (folder / "valid.jsonl").unlink()
    status, _, err = said("import", str(folder), "--split-by", "80/20")
    assert status == 2
    assert "The files of set have several splits already" in err
