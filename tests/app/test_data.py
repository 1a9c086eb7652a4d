"""The screen data: uploads nobody has to trust, folders of the server, the report, the way out."""

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from db.annotations import newest, save, save_first
from db.archive import Limits, unpack
from db.character_spans import Mark
from db.data_set_home import find_posts
from db.engine import Store, open_store
from db.exchange import import_folder
from db.job_leases import claim, fail, finish
from db.jobs import cancel, enqueue, jobs
from db.posts import post_ids
from mner_core.data.lines import Defect, Kind
from mner_core.home import Home
from mner_core.types import InputError
from pages.data import export
from pages.data.sets import MEANING, as_csv
from pages.data.upload import import_server_folder, read_renames, receive, server_folders
from tests.app.filled import SET, open_app, settled, shown

POST = json.dumps({"id": "1", "text": "Ann in Rome", "spans": [{"start": 0, "end": 3, "label": "PER"}]})


class File(io.BytesIO):
    """What the browser sent."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def zipped(entries: Mapping[str, bytes | str], name: str = "posts.zip") -> File:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return File(name, packed.getvalue())


def special(mode: int) -> File:
    entry = zipfile.ZipInfo("images/a.jpg")
    entry.external_attr = mode << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("train.jsonl", POST)
    return File("link.zip", packed.getvalue())


def locked() -> File:
    """An archive whose only entry says that it is encrypted."""
    content = bytearray(zipped({"train.jsonl": POST}).getvalue())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + place
        content[at : at + 2] = struct.pack("<H", struct.unpack("<H", content[at : at + 2])[0] | 1)
    return File("locked.zip", bytes(content))


def broken() -> File:
    content = bytearray(zipped({"train.jsonl": POST * 50}).getvalue())
    content[60:80] = b"\xff" * 20
    return File("broken.zip", bytes(content))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_archive_is_laid_out_as_it_is(tmp_path: Path) -> None:
    done = unpack([zipped({"set/train.jsonl": POST, "set/images/a.JPG": b"x", "set/dataset.json": "{}"})], tmp_path)
    assert files_in(tmp_path) == ["set/dataset.json", "set/images/a.JPG", "set/train.jsonl"]
    assert (done.files, done.bytes, done.left_out) == (3, len(POST) + 3, [])
    assert find_posts(tmp_path) == tmp_path / "set"


def test_single_files_and_archives_go_together(tmp_path: Path) -> None:
    uploads = [File("valid.txt", b"a O\n"), File("dog.png", b"x"), zipped({"images/cat.png": b"y"}, "more.ZIP")]
    unpack(uploads, tmp_path)
    assert files_in(tmp_path) == ["images/cat.png", "images/dog.png", "valid.txt"]
    assert find_posts(tmp_path) == tmp_path


def test_what_no_data_set_holds_is_left_out_and_named(tmp_path: Path) -> None:
    entries = {
        "train.jsonl": POST,
        "run.sh": "rm",
        "a.exe": b"MZ",
        "__MACOSX/._x.jpg": b"",
        ".DS_Store": b"",
        "e/": b"",
    }
    done = unpack([zipped(entries)], tmp_path)
    assert files_in(tmp_path) == ["train.jsonl"]
    assert done.left_out == ["run.sh", "a.exe"]


def test_nothing_that_is_unpacked_can_be_run(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("train.jsonl")
    entry.external_attr = (stat.S_IFREG | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, POST)
    unpack([File("x.zip", packed.getvalue())], tmp_path)
    assert not (tmp_path / "train.jsonl").stat().st_mode & 0o111


HOSTILE = [
    (lambda: zipped({"../train.jsonl": POST}), "leads out of its folder"),
    (lambda: zipped({"set/../../train.jsonl": POST}), "leads out of its folder"),
    (lambda: zipped({"/etc/train.jsonl": POST}), "leads out of its folder"),
    (lambda: zipped({"C:/train.jsonl": POST}), "leads out of its folder"),
    (lambda: zipped({"..\\train.jsonl": POST}), "leads out of its folder"),
    (lambda: zipped({"tr\nain.jsonl": POST}), "cannot be a file's name"),
    (lambda: zipped({"a" * 300 + ".jsonl": POST}), "name is too long"),
    (lambda: special(stat.S_IFLNK | 0o777), "holds a link or a device"),
    (lambda: special(stat.S_IFIFO | 0o666), "holds a link or a device"),
    (locked, "locked with a password"),
    (broken, "damaged or no zip"),
    (lambda: File("posts.zip", b"MZ\x90\x00" * 100), "damaged or no zip"),
    (lambda: File("posts.zip", b""), "damaged or no zip"),
    (lambda: File("setup.exe", b"MZ"), "neither posts"),
    (lambda: File("page.html", b"<script>"), "neither posts"),
    (lambda: File("../train.jsonl", POST.encode()), "none that a file may have"),
    (lambda: File(".train.jsonl", POST.encode()), "none that a file may have"),
    (lambda: zipped({"readme.md": "x"}), "nothing in the upload that could be read"),
    (lambda: zipped({"train.jsonl/a.jpg": b"x", "train.jsonl": POST}), "the same name"),
]


@pytest.mark.parametrize(("make", "why"), HOSTILE)
def test_what_cannot_be_trusted_is_refused_in_a_sentence(tmp_path: Path, make, why: str) -> None:
    inside = tmp_path / "room" / "inside"
    inside.mkdir(parents=True)
    with pytest.raises(InputError, match=why) as refused:
        unpack([make()], inside)
    assert "\n" not in str(refused.value)
    assert [path.name for path in (tmp_path / "room").iterdir()] == ["inside"], "nothing was written beside it"


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the same name"):
        unpack([File("train.txt", b"a O\n"), File("train.txt", b"b O\n")], tmp_path)


def test_a_bomb_is_stopped_while_it_grows(tmp_path: Path) -> None:
    bomb = zipped({"train.txt": b"a O\n" * 8_000_000})
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(InputError, match="grows more than 200 times"):
        unpack([bomb], tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) < 20_000_000


def test_an_archive_that_lies_about_its_sizes_is_stopped(tmp_path: Path) -> None:
    content = bytearray(zipped({"train.txt": b"a O\n" * 8_000_000}).getvalue())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(InputError):
        unpack([File("liar.zip", bytes(content))], tmp_path)


def test_limits_hold_for_all_files_together(tmp_path: Path) -> None:
    uploads = [File("train.txt", b"x" * 60), File("test.txt", b"x" * 60)]
    with pytest.raises(InputError, match="holds more than"):
        unpack(uploads, tmp_path, Limits(bytes=100))
    with pytest.raises(InputError, match="holds 3 files, more than the 2"):
        unpack([zipped({"a.jpg": b"", "b.jpg": b"", "train.txt": b""})], tmp_path, Limits(files=2))


def test_several_data_sets_at_once_are_refused(tmp_path: Path) -> None:
    unpack([zipped({"a/train.txt": "x O\n", "b/test.txt": "x O\n"})], tmp_path)
    with pytest.raises(InputError, match="several data sets in it, a and b"):
        find_posts(tmp_path)


def test_an_upload_becomes_a_job_that_can_be_done(home: Path) -> None:
    store = open_store(Home(home))
    job, _ = receive(store, [zipped({"deep/set/train.jsonl": POST})], "", {"PER": "PERSON"}, "ann")
    assert (job.payload["name"], job.payload["remove"], job.author) == ("posts", True, "ann")
    report = import_folder(store, Path(job.payload["folder"]), job.payload["name"], job.payload["labels"])
    assert (report.dataset, report.added) == ("posts", 1)
    assert [each.name for each in (home / "uploads").iterdir()] == [Path(job.payload["folder"]).name]


def test_a_refused_upload_leaves_nothing_behind(home: Path) -> None:
    store = open_store(Home(home))
    for upload in (zipped({"../train.jsonl": POST}), zipped({"objects.jsonl": "{}"})):
        with pytest.raises(InputError):
            receive(store, [upload], "", {}, "ann")
    with pytest.raises(InputError, match="Choose a zip"):
        receive(store, [], "", {}, "ann")
    assert list((home / "uploads").iterdir()) == []
    assert jobs(store) == []


def test_uploads_that_no_job_waits_for_are_thrown_away(home: Path) -> None:
    store = open_store(Home(home))
    first, _ = receive(store, [zipped({"train.jsonl": POST})], "one", {}, "ann")
    cancel(store, first.id)
    second, _ = receive(store, [zipped({"train.jsonl": POST})], "two", {}, "ann")
    assert [str(each) for each in (home / "uploads").iterdir()] == [second.payload["folder"]]


@pytest.mark.parametrize("state", ["unpacking", "not yet queued", "failed"])
def test_an_upload_leaves_those_of_others_alone(home: Path, state: str) -> None:
    """Somebody else's files are still unpacked, wait for their row in the queue, or for a second try."""
    store = open_store(Home(home))
    theirs = home / "uploads" / "theirs"
    theirs.mkdir(parents=True)
    (theirs / "train.jsonl").write_text(POST)
    if state == "failed":
        enqueue(store, "import", {"folder": str(theirs), "name": "theirs"}, author="ben")
        held = claim(store, "w", "cpu")
        assert held is not None
        fail(store, held, "The disk is full.")
    elif state == "unpacking":
        (theirs / "train.jsonl").rename(theirs / ".part")
    receive(store, [zipped({"train.jsonl": POST})], "mine", {}, "ann")
    assert theirs.is_dir()
    os.utime(theirs, (1.0, 1.0))
    receive(store, [zipped({"train.jsonl": POST})], "mine too", {}, "ann")
    assert not theirs.exists(), "a day later nobody comes for them any more"


def test_an_upload_leaves_the_files_of_a_long_queue(home: Path) -> None:
    store = open_store(Home(home))
    first, _ = receive(store, [zipped({"train.jsonl": POST})], "first", {}, "ann")
    for number in range(120):
        enqueue(store, "import", {"folder": f"elsewhere {number}", "name": str(number)}, author="ben")
    os.utime(first.payload["folder"], (1.0, 1.0))
    receive(store, [zipped({"train.jsonl": POST})], "last", {}, "ann")
    assert Path(first.payload["folder"]).is_dir()


def test_the_server_folder_lists_data_sets_and_nothing_outside(tmp_path: Path, home: Path, monkeypatch) -> None:
    root, outside = tmp_path / "sets", tmp_path / "outside"
    for folder in (root / "one", root / "two" / "deep", root / ".hidden", outside, root / "empty"):
        folder.mkdir(parents=True)
        if folder.name != "empty":
            (folder / "train.jsonl").write_text(POST)
    (root / "link").symlink_to(outside)
    assert server_folders(root) == ["one", "two/deep"]
    monkeypatch.setenv("MNER_IMPORT_ROOT", str(root))
    store = open_store(Home(home))
    job = import_server_folder(store, "one", "", {}, "ann")
    assert job.payload == {"folder": str(root / "one"), "name": "one", "labels": {}, "remove": False}
    for elsewhere in ("../outside", "link", str(outside), "empty"):
        with pytest.raises(InputError, match="no data set"):
            import_server_folder(store, elsewhere, "", {}, "ann")


def test_renamed_labels() -> None:
    assert read_renames(["OTHER = MISC", "PERSON=PER"]) == {"OTHER": "MISC", "PERSON": "PER"}
    for text in ("OTHER", "= MISC", "A=B=C", ""):
        with pytest.raises(InputError, match="names no two labels"):
            read_renames([text])


def test_every_kind_of_defect_has_a_sentence_of_its_own() -> None:
    """mypy lets nothing else be a `Kind`, so that what a reader tells is never shown by its short name."""
    assert MEANING.keys() == set(get_args(Kind))
    assert len(set(MEANING.values())) == len(MEANING)


def test_findings_as_a_table_that_spreadsheets_read_safely() -> None:
    text = as_csv(
        [Defect("bad-line", "train.txt", 3, '=HYPERLINK("http://evil")'), Defect("not-text", "a,b", None, "x")]
    )
    assert text.splitlines() == [
        "kind,file,line,detail", "bad-line,train.txt,3,\"'=HYPERLINK(\"\"http://evil\"\")\"", 'not-text,"a,b",,x',
    ]  # fmt: skip


def test_what_is_taken_out_can_be_brought_in_again(store: Store, tmp_path: Path) -> None:
    number = post_ids(store, SET)["valid", "bare"]
    before = newest(store, number)
    assert before is not None
    save(store, number, "gold", base=1, marks=before.marks[:1], author="ann")
    for format, gold, left in (("jsonl", "current", 1), ("conll", "original", 3)):
        packed = export.pack(store, SET, gold, format, pictures=True)  # type: ignore[arg-type]
        folder = tmp_path / format
        folder.mkdir()
        unpack([File("set.zip", packed)], folder)
        report = import_folder(store, folder, format)
        assert report.added >= 6
        marks = {name: newest(store, key) for (_, name), key in post_ids(store, format).items()}
        bare = [
            found for name, found in marks.items() if found and len(found.marks) == left and name.startswith("bare")
        ]
        assert bare or format == "conll"
    slim = zipfile.ZipFile(io.BytesIO(export.pack(store, SET, "current", "jsonl", pictures=False))).namelist()
    assert slim == ["dataset.json", "history.jsonl", "train.jsonl", "valid.jsonl"]


def test_too_many_pictures_for_a_download(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_PICTURES", 10)
    with pytest.raises(InputError, match="too much for a download"):
        export.pack(store, SET, "current", "jsonl", pictures=True)


def test_empty_it_says_what_to_do(home: Path) -> None:
    app = open_app("data")
    assert "There are no posts yet" in shown(app)
    next(button for button in app.button if button.label == "Import").click().run()
    assert "Choose a zip, or the files of a data set, first." in shown(app)


def test_an_upload_on_the_screen(home: Path) -> None:
    app = open_app("data")
    app.file_uploader[0].set_value(
        [("posts.zip", zipped({"train.jsonl": POST, "x.exe": "MZ"}).getvalue(), "application/zip")]
    )
    app.multiselect[0].set_value(["OTHER = MISC"])
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception
    store = open_store(Home(home))
    job = jobs(store)[0]
    assert (job.payload["name"], job.payload["labels"]) == ("posts", {"OTHER": "MISC"})
    assert "1 file left out, no data set holds them: x.exe" in shown(app)
    assert "Importing posts: waiting" in shown(app)
    assert app.file_uploader[0].value == [], "the uploaded files are not kept in memory"


def test_how_an_import_ended_is_said(home: Path) -> None:
    store = open_store(Home(home))
    receive(store, [zipped({"train.jsonl": POST})], "mine", {}, "ann")
    job = claim(store, "w", "cpu")
    assert job is not None
    report = import_folder(store, Path(job.payload["folder"]), "mine")
    finish(
        store, job, {"dataset": "mine", "added": report.added, "updated": 0, "unchanged": 0, "defects": {"bad-line": 2}}
    )
    assert "1 post added to mine, 2 defects" in shown(open_app("data"))
    receive(store, [zipped({"train.jsonl": POST})], "other", {}, "ann")
    second = claim(store, "w", "cpu")
    assert second is not None
    fail(store, second, "There are no posts in it.")
    app = open_app("data")
    assert "Importing other failed: There are no posts in it." in shown(app)
    next(button for button in app.button if button.label == "Retry").click().run()
    assert not app.exception
    assert "Importing other: waiting" in shown(app)
    assert Path(jobs(store)[0].payload["folder"]).is_dir(), "its files are still there"


def test_the_report_is_grouped_by_kind(home: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("IMGID:1\nAnn\tI-PER\nBob\tI-LOC\n\nIMGID:2\nlonely\n")
    (tmp_path / "dataset.json").write_text(json.dumps({"name": "odd", "licence": "CC <b>", "credits": "me"}))
    store = open_store(Home(home))
    import_folder(store, tmp_path)
    app = open_app("data", dataset="odd")
    assert [box.label.replace("\\", "") for box in app.expander] == [
        "Types: LOC, PER",
        "All posts are in one split: divide them",
        "Pictures that are not there (2)",
        "Inside tags without a beginning: not all scorers count these entities (2)",
        "Lines that could not be read (1)",
    ]
    assert app.dataframe[2].value["Line"].tolist() == [2, 3]
    assert "CC <b>" in shown(app)


def test_a_file_is_made_when_asked_for(store: Store) -> None:
    app = open_app("data", dataset=SET)
    next(button for button in app.button if button.label == "Make the file").click().run()
    assert not app.exception
    assert app.session_state["export file"][1][:2] == b"PK"
    app.selectbox(key="export gold").set_value("original").run()
    assert "export file" not in app.session_state, "other wishes need another file"


def test_how_far_two_people_agree(store: Store) -> None:
    post = next(number for (_, name), number in post_ids(store, SET).items() if name == "bare")
    rome = Mark(start=17, end=21, label="LOC")
    save_first(store, post, "ann", "", marks=[Mark(start=0, end=3, label="PER"), rome], author="ann")
    save(store, post, "ben", base=0, marks=[Mark(start=0, end=3, label="ORG"), rome], author="ben")
    app = open_app("data", dataset=SET)
    assert not app.metric, "nothing is compared before it is asked for"
    app.toggle(key="agree").set_value(True).run()
    assert [box.value for box in app.selectbox if str(box.key).startswith("agree")] == ["ann", "ben"]
    assert not app.metric, "nothing is shown before the worker has compared them"
    settled(app, store)
    assert {each.label: each.value for each in app.metric}["Span F1"] == "50.0"
    table = app.dataframe[-1].value
    assert table[["Words", "What", "First", "Second"]].to_numpy().tolist() == [["Ann", "type", "PER", "ORG"]]
    assert "Labels by ann: 1 post began empty." in shown(app)
    assert "Labels by ben: 1 post began with what nobody noted." in shown(app)
    app.selectbox(key="agree second").set_value("original").run()
    settled(app, store)
    assert "On 1 post with 5 words that both have labelled." in shown(app)
