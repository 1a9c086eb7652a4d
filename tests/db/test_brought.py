"""`db import-predictions`: anybody's predictions become a run, whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import brought
from db.__main__ import main
from db.annotations import save
from db.backup import backup, restore
from db.brought import import_predictions
from db.change_token import change_token
from db.character_spans import Mark
from db.engine import Store, open_store
from db.evaluations import evaluate, judged
from db.exchange import import_folder
from db.imports import About, import_examples
from db.jobs import enqueue
from db.posts import post_ids, posts
from db.predictions import PostPrediction, PredictedMark, predictions, record
from db.runs import add_run, reindex, run, runs
from mner_core.home import Home
from mner_core.run_record import read_record
from mner_core.types import InputError
from tests.db.samples import LABELS, sample_post, sample_posts
from tests.db.test_runs import write_run

VALID = {"id": "valid", "text": "Google in Berlin"}
GOOGLE = {"start": 0, "end": 6, "label": "ORG"}
Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., Path]:
    def write(*records: Any, name: str = "rows.jsonl") -> Path:
        (tmp_path / name).write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        return tmp_path / name

    return write


def marks(store: Store, name: str, split: str | None = None) -> dict[int, list[tuple[int, int, str, float]]]:
    return {
        post: [(mark.start, mark.end, mark.label, mark.confidence) for mark in each.marks]
        for post, each in predictions(store, name, "set", split).items()
    }


def test_the_command_makes_a_run_and_says_what_it_is_about(
    home: Home, ids: list[int], rows: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(home.root))
    file = rows(
        {**VALID, "spans": [{**GOOGLE, "confidence": 0.75}, {"start": 10, "end": 16, "label": "CITY"}]},
        {"id": "emoji", "split": "train", "spans": []},
        *({"id": f"no-{number}", "spans": []} for number in range(25)),
    )
    arguments = ["import-predictions", str(file), "--dataset", "set", "--name", "theirs", "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": "theirs", "posts": 2, "unpredicted": 4, "unknown": [f"no-{number}" for number in range(20)],
        "unknown_count": 25, "labels_unknown": {"CITY": 1},
    }  # fmt: skip
    store = open_store(home)
    (found,) = runs(store)
    store.close()
    assert (found.name, found.is_brought, found.labels) == ("theirs", True, ("LOC", "ORG", "PER", "CITY"))


@pytest.mark.usefixtures("ids")
def test_what_was_brought_is_kept(store: Store, rows: Any) -> None:
    boxes = [[0.1, 0.2, 0.5, 0.9], [0, 0, 1, 1]]
    spans = [{**GOOGLE, "confidence": 0.5, "boxes": boxes}, {"start": 12, "end": 14, "label": "LOC"}, GOOGLE]
    import_predictions(store, rows({**VALID, "spans": spans}), "set", "theirs")
    (post,) = predictions(store, "theirs").values()
    assert [(each.start, each.end, each.label, each.confidence) for each in post.marks] == [
        (0, 6, "ORG", 0.5),
        (12, 14, "LOC", brought.NO_CONFIDENCE),
    ]
    assert post.summary == {"boxes": [[0, 6, "ORG", [list(map(float, box)) for box in boxes]]]}
    folder = store.home.runs / "theirs"
    assert sorted(path.name for path in folder.iterdir()) == ["predictions.jsonl", "run.json"]
    about = read_record(folder)
    assert about.is_brought
    assert about.data == {
        "name": "set", "fingerprint": "", "gold": {}, "train": 0, "dev": 0, "left_out": 0, "posts": 1,
        "spans": 2, "with_confidence": 1, "labels_unknown": {},
    }, "nobody was trained: no post was learned from, watched or left out"  # fmt: skip
    import_predictions(store, folder / "predictions.jsonl", "set", "again")
    assert predictions(store, "again").keys() == {post.post}
    assert predictions(store, "again")[post.post] == post, "what the folder holds is brought again as it was"


@pytest.mark.parametrize(
    ("spans", "says"),
    [
        ([{"start": 0, "end": 17, "label": "ORG"}], "outside the text"),
        ([{"start": 16, "end": 40, "label": "ORG"}], "outside the text"),
        ([GOOGLE, {"start": 6, "end": 7, "label": "ORG"}], r"spans\[1\]: there is no word"),
        ([{"start": 3, "end": 3, "label": "ORG"}], "whole numbers"),
        ([{"start": -1, "end": 3, "label": "ORG"}], "whole numbers"),
        ([{"start": 0.0, "end": 3, "label": "ORG"}], "whole numbers"),
        ([{"start": True, "end": 3, "label": "ORG"}], "whole numbers"),
        ([{"start": 0, "end": 3, "label": " "}], "label has to be a name"),
        ([{"start": 0, "end": 3}], "label has to be a name"),
        ([{**GOOGLE, "confidence": 1.5}], "confidence has to lie in 0..1"),
        ([{**GOOGLE, "confidence": "high"}], "confidence has to lie in 0..1"),
        ([{**GOOGLE, "boxes": [[0, 0, 1]]}], "four numbers"),
        ([{**GOOGLE, "boxes": [[0, 0, 40, 30]]}], "shares of the picture"),
        ([{**GOOGLE, "boxes": "left"}], "a list of boxes"),
        (None, "spans has to be a list"),
    ],
)
@pytest.mark.usefixtures("ids")
def test_a_row_that_cannot_be_used_is_named_and_nothing_is_written(
    store: Store, rows: Any, spans: Any, says: str
) -> None:
    file = rows({"id": "emoji", "spans": []}, {**VALID, "spans": spans})
    with pytest.raises(InputError, match=f"rows.jsonl, line 2.*{says}"):
        import_predictions(store, file, "set", "theirs")
    must_be_untouched(store)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([{**VALID, "text": "Google in Paris!", "spans": []}], "line 1: the text is not that of the post 'valid'"),
        ([{**VALID, "spans": []}, {**VALID, "spans": []}], "line 2: the post 'valid' had a row before"),
        ([{"id": "twice", "spans": []}], "line 1: the id 'twice' stands in the splits train, test"),
        ([{"spans": []}], "needs the id"),
        ([{"id": "valid", "split": 3, "spans": []}], "split has to be a text"),
        ([{"id": "nobody", "spans": []}], "No row of rows.jsonl is about a post of set"),
        ([{"id": "valid", "split": "test", "spans": []}], "No row of rows.jsonl"),
        (["valid"], "not a JSON object"),
        ([], "(?s)holds no text|no predictions"),
    ],
)
def test_a_file_that_fits_nothing_is_refused(store: Store, ids: list[int], rows: Any, records: Any, says: str) -> None:
    twice = [sample_post("twice", "in Rome", (), split=split) for split in ("train", "test")]
    import_examples(store, "set", [*sample_posts(), *twice], About(labels=LABELS))
    with pytest.raises(InputError, match=says):
        import_predictions(store, rows(*records), "set", "theirs")
    must_be_untouched(store)
    named = import_predictions(store, rows({"id": "twice", "spans": []}), "set", "theirs", split="test")
    assert (named.posts, named.unpredicted, named.unknown) == (1, 0, ())
    in_row = import_predictions(store, rows({"id": "twice", "split": "train", "spans": []}), "set", "others")
    assert (in_row.posts, in_row.unpredicted) == (1, len(ids) + 1)
    with pytest.raises(InputError, match="of the split 'train', but 'test' was named"):
        import_predictions(store, rows({"id": "twice", "split": "train", "spans": []}), "set", "x", split="test")


def must_be_untouched(store: Store) -> None:
    assert runs(store) == []
    assert not list(store.home.runs.glob("*")), "no folder is left behind"


@pytest.mark.usefixtures("ids")
def test_a_name_is_given_once(store: Store, rows: Any) -> None:
    file = rows({**VALID, "spans": [GOOGLE]})
    import_predictions(store, file, "set", "theirs")
    before = marks(store, "theirs")
    for name, says in (
        ("theirs", "There is a run 'theirs' already"),
        (".hidden", "cannot be called"),
        ("a/b", "cannot"),
    ):
        with pytest.raises(InputError, match=says):
            import_predictions(store, rows({**VALID, "spans": []}), "set", name)
    add_run(store, write_run(store.home, "trained"))
    with pytest.raises(InputError, match="There is a run 'trained' already"):
        import_predictions(store, file, "set", "trained")
    enqueue(store, "train", {"name": "soon"}, author="ann")
    with pytest.raises(InputError, match="is being trained"):
        import_predictions(store, file, "set", "soon")
    with pytest.raises(InputError, match="no data set 'other'"):
        import_predictions(store, file, "other", "x")
    with pytest.raises(InputError, match="has no split 'test'"):
        import_predictions(store, file, "set", "x", split="test")
    assert marks(store, "theirs") == before
    assert [each.name for each in runs(store)] == ["trained", "theirs"]
    assert sorted(path.name for path in store.home.runs.glob("*")) == ["theirs", "trained"]


@pytest.mark.usefixtures("ids")
def test_only_predicted_posts_count_and_unknown_labels_are_wrong(store: Store, rows: Any) -> None:
    import_predictions(
        store,
        rows(
            {"id": "valid", "spans": [GOOGLE, {"start": 10, "end": 16, "label": "CITY"}]},
            {"id": "right-to-left", "spans": []},
        ),
        "set",
        "theirs",
    )
    (found,) = evaluate(store, ["theirs"], "set", gold="original")
    assert (found.posts, found.score.support) == (2, 4), "orphan and emoji were not predicted and are not missed"
    assert (found.score.precision, found.score.recall) == (50.0, 25.0)
    assert found.score.per_type["CITY"].precision == 0
    more = [*sample_posts(), sample_post("t", "in Rome", (), split="test")]
    import_examples(store, "set", more, About(labels=LABELS))
    with pytest.raises(InputError, match="theirs was brought without predictions of these labelled posts of set, test"):
        evaluate(store, ["theirs"], "set", "test", gold="original")


def test_a_trained_run_beside_it_is_measured_on_the_same_posts(store: Store, ids: list[int], rows: Any) -> None:
    import_predictions(store, rows({**VALID, "spans": [GOOGLE]}), "set", "theirs")
    add_run(store, write_run(store.home, "ours"))
    record(store, "ours", [PostPrediction(post=post, marks=()) for post in ids])
    ours, theirs = evaluate(store, ["ours", "theirs"], "set", gold="original")
    assert (ours.posts, theirs.posts) == (1, 1)
    assert ours.score.gold_sha256 == theirs.score.gold_sha256
    assert evaluate(store, ["ours"], "set", gold="original")[0].posts == 5


@pytest.mark.parametrize(("split", "name"), [("train", "7"), ("valid", "7-2"), ("test", "7-3")])
def test_a_row_names_the_post_by_the_id_of_its_file(
    store: Store, tmp_path: Path, rows: Any, split: str, name: str
) -> None:
    """Ids are unique in a split only: the second one is called otherwise here, the row says what the file said."""
    folder = tmp_path / "files"
    folder.mkdir()
    for each in ("train", "valid", "test"):
        (folder / f"{each}.jsonl").write_text(json.dumps({"id": 7, "text": f"post of {each}", "spans": []}))
    import_folder(store, folder, "files")
    by_file = import_predictions(store, rows({"id": 7, "split": split, "spans": []}), "files", "by file")
    by_name = import_predictions(store, rows({"id": name, "split": split, "spans": []}), "files", "by name")
    assert by_file.unknown == by_name.unknown == ()
    [post] = posts(store, "files", split)
    assert [*predictions(store, "by file", "files")] == [*predictions(store, "by name", "files")] == [post.id]
    assert post.example.id == name
    with pytest.raises(InputError, match="the id '7' stands in the splits train, valid, test of files; name the split"):
        import_predictions(store, rows({"id": 7, "spans": []}), "files", "neither")


def test_a_span_inside_a_word_is_kept_and_scored_by_characters(store: Store, ids: list[int], rows: Any) -> None:
    name = post_ids(store, "set")["valid", "valid"]
    save(store, name, "gold", marks=(Mark(start=10, end=13, label="LOC"),), base=1, author="ann")
    assert ids
    import_predictions(store, rows({"id": "valid", "spans": [{"start": 10, "end": 13, "label": "LOC"}]}), "set", "part")
    import_predictions(store, rows({"id": "valid", "spans": [{"start": 10, "end": 16, "label": "LOC"}]}), "set", "word")
    part, word = evaluate(store, ["part", "word"], "set", "valid")
    assert (part.score.f1, word.score.f1) == (100.0, 0.0)


@pytest.mark.parametrize(
    ("content", "split", "expected"),
    [
        ("Google\tB-ORG\nin\tO\nBerlin\tO\n", None, [(0, 6, "ORG")]),
        ("Google\tO\nin\tO\nBerlin\tS-CITY\n", "valid", [(10, 16, "CITY")]),
        (
            "IMGID:valid\nGoogle\tB-ORG\nin\tI-ORG\nBerlin\tO\n\nIMGID:nothing\nno\tO\nname\tO\nhere\tO\n",
            None,
            [(0, 9, "ORG")],
        ),
    ],
)
@pytest.mark.usefixtures("ids")
def test_a_tag_file_is_taken_by_order_or_by_its_names(
    store: Store, tmp_path: Path, content: str, split: str | None, expected: Any
) -> None:
    (tmp_path / "pred.txt").write_text(content, encoding="utf-8")
    import_predictions(store, tmp_path / "pred.txt", "set", "theirs", split)
    assert marks(store, "theirs")[post_ids(store, "set")["valid", "valid"]] == [
        (*each, brought.NO_CONFIDENCE) for each in expected
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Google\tB-ORG\nin\tO\nParis\tO\n", "line 1: the post has no name"),
        ("IMGID:valid\nGoogle\tB-ORG\nin\tO\nParis\tO\n", "the words are not those of the post 'valid'"),
        ("IMGID:valid\nGoogle\tB-ORG\nin\tO\n", "the words are not those of the post 'valid'"),
        ("", "holds no text"),
    ],
)
@pytest.mark.usefixtures("ids")
def test_a_tag_file_of_other_posts_is_refused(store: Store, tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "pred.txt").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        import_predictions(store, tmp_path / "pred.txt", "set", "theirs")
    must_be_untouched(store)


def test_readers_see_the_run_when_it_is_whole(
    store: Store, ids: list[int], rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], bool]] = []
    before = change_token(store, "set", runs=["theirs"])

    def watch(of: Store, name: str, part: Any) -> int:
        number = record(of, name, part)
        seen.append(([each.name for each in runs(of)], reindex(of).removed == ()))
        return number

    monkeypatch.setattr(brought, "_BATCH", 2)
    monkeypatch.setattr(brought, "record", watch)
    names = [name for _, name in post_ids(store, "set")]
    import_predictions(store, rows(*({"id": name, "spans": []} for name in names)), "set", "theirs")
    assert seen == [([], True)] * 3
    assert len(marks(store, "theirs")) == len(ids)
    assert [each.name for each in runs(store)] == ["theirs"]
    assert change_token(store, "set", runs=["theirs"]) != before


@pytest.mark.parametrize("batches", [0, 1, 2])
@pytest.mark.usefixtures("ids")
def test_what_breaks_off_leaves_nothing_and_can_be_done_again(
    store: Store, rows: Any, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    done: list[int] = []

    def breaks(of: Store, name: str, part: Any) -> int:
        if len(done) == batches:
            raise KeyboardInterrupt
        done.append(record(of, name, part))
        return done[-1]

    file = rows({**VALID, "spans": [GOOGLE]}, {"id": "emoji", "spans": []}, {"id": "nothing", "spans": []})
    with monkeypatch.context() as patch:
        patch.setattr(brought, "_BATCH", 1)
        patch.setattr(brought, "record", breaks)
        with pytest.raises(KeyboardInterrupt):
            import_predictions(store, file, "set", "theirs")
    must_be_untouched(store)
    assert import_predictions(store, file, "set", "theirs").posts == 3


@pytest.mark.parametrize("is_published", [False, True])
@pytest.mark.usefixtures("ids")
def test_what_a_killed_import_left_is_swept_away_by_the_next(store: Store, rows: Any, is_published: bool) -> None:
    file = rows({**VALID, "spans": [GOOGLE]})
    import_predictions(store, file, "set", "theirs")
    with store.write() as session:
        session.connection().exec_driver_sql("update runs set name = '.theirs'")
    if not is_published:
        shutil.rmtree(store.home.runs / "theirs")
    assert runs(store) == []
    assert reindex(store).removed == ()
    assert runs(store) == []
    import_predictions(store, file, "set", "theirs")
    assert [each.name for each in runs(store)] == ["theirs"]


@pytest.mark.usefixtures("ids")
def test_the_index_and_a_backup_carry_it(store: Store, rows: Any, tmp_path: Path) -> None:
    import_predictions(store, rows({**VALID, "spans": [GOOGLE]}), "set", "theirs")
    before = marks(store, "theirs")
    assert reindex(store).runs == ("theirs",)
    assert marks(store, "theirs") == before
    backup(store.home, tmp_path / "copy")
    store.close()
    elsewhere = Home(tmp_path / "elsewhere")
    restore(elsewhere, tmp_path / "copy")
    again = open_store(elsewhere)
    assert marks(again, "theirs") == before
    assert run(again, "theirs").is_brought
    assert (elsewhere.runs / "theirs" / "predictions.jsonl").is_file()
    again.close()


def test_a_lost_store_takes_the_predictions_from_the_folders(
    store: Store, ids: list[int], rows: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = [[0.1, 0.2, 0.5, 0.9]]
    spans = [{**GOOGLE, "confidence": 0.5, "boxes": boxes}, {"start": 12, "end": 14, "label": "CITY"}]
    import_predictions(store, rows({**VALID, "spans": spans}, {"id": "emoji", "spans": []}), "set", "theirs")
    before = predictions(store, "theirs")
    with store.write() as session:
        for table in ("predictions", "runs"):
            session.connection().exec_driver_sql(f"delete from {table}")
    home = store.home
    folder = home.runs / "theirs"
    shutil.copytree(folder, home.runs / "elsewhere")
    about = json.loads((folder / "run.json").read_text())
    about["data"]["name"] = "no set"
    (home.runs / "elsewhere" / "run.json").write_text(json.dumps(about))
    monkeypatch.setenv("MNER_HOME", str(home.root))
    for _ in range(2):
        assert main(["reindex", "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["runs"] == ["elsewhere", "theirs"]
        assert [each.split(":")[0] for each in answer["problems"]] == [
            "The predictions of the run elsewhere cannot be brought again"
        ]
        assert predictions(store, "theirs") == before
    assert ids


SPANS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([*LABELS, "CITY"]), st.floats(0, 1)), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(SPANS, min_size=6, max_size=6))
def test_brought_predictions_of_a_run_score_exactly_like_the_run(
    tmp_path_factory: pytest.TempPathFactory, said: list[list[tuple[int, int, str, float]]]
) -> None:
    folder = tmp_path_factory.mktemp("home")
    store = open_store(Home(folder / "home"))
    import_examples(store, "set", sample_posts(), About(labels=LABELS))
    posts = {each.id: each for each in sample_posts()}
    add_run(store, write_run(store.home, "trained"))
    found: list[PostPrediction] = []
    rows: list[dict[str, Any]] = []
    for (key, number), spans in zip(post_ids(store, "set").items(), said, strict=True):
        tokens = posts[key[1]].tokens
        taken = [(min(a, b), max(a, b), label, sure) for a, b, label, sure in spans if max(a, b) < len(tokens)]
        of_words = {(tokens[a].start, tokens[b].end, label): sure for a, b, label, sure in taken}
        each = [PredictedMark(start=s, end=e, label=name, confidence=sure) for (s, e, name), sure in of_words.items()]
        found.append(PostPrediction(post=number, marks=tuple(sorted(each, key=lambda mark: mark.span))))
        fields = ("start", "end", "label", "confidence")
        rows.append({"id": key[1], "spans": [{name: getattr(mark, name) for name in fields} for mark in each]})
    record(store, "trained", found)
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_predictions(store, folder / "rows.jsonl", "set", "brought")
    for protocol in ("entity", "entity-strict"):
        trained, brought_run = evaluate(store, ["trained", "brought"], "set", gold="original", protocol=protocol)
        assert brought_run.score == trained.score
        assert brought_run.posts == trained.posts
    assert [each.prediction.marks for each in judged(store, "brought", "set")] == [
        each.prediction.marks for each in judged(store, "trained", "set")
    ]
    store.close()
