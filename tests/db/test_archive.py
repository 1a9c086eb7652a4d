"""Archives as people's machines make them: names in every code page, slashes of every system, packings of every age."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from db.__main__ import main
from db.archive import unpack
from db.data_set_home import data_set_in, data_set_name, find_posts
from mner_core.types import InputError

POST = json.dumps({"id": "1", "text": "Ann in Rome", "spans": []})


class File(io.BytesIO):
    def __init__(self, content: bytes, name: str = "posts.zip") -> None:
        super().__init__(content)
        self.name = name


def zipped(entries: Sequence[tuple[bytes, str]], flag: bool = False) -> bytes:
    """An archive whose entries have just these bytes as names, with or without the flag that says UTF-8."""
    packed = io.BytesIO()
    stand_ins = [(f"{'#' * (len(name) - 3)}{place:03}", name) for place, (name, _) in enumerate(entries)]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for (stand_in, _), (_, content) in zip(stand_ins, entries, strict=True):
            archive.writestr(stand_in, content)
    whole = packed.getvalue()
    for stand_in, name in stand_ins:
        assert whole.count(stand_in.encode()) == 2, "in front of the entry and in the directory"
        whole = whole.replace(stand_in.encode(), name)
    if flag:
        for signature, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
            place = whole.find(signature)
            while place >= 0:
                whole = whole[: place + at] + bytes([whole[place + at] | 0x08]) + whole[place + at + 1 :]
                place = whole.find(signature, place + 1)
    return whole


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "names",
    [
        (rb"set\train.jsonl", rb"set\images\a1.png"),
        (rb"set\train.jsonl", b"set/images/a1.png"),
        (rb"C\set\train.jsonl", rb"C\set\images\deep\a1.png"),
    ],
)
def test_backslashes_stand_between_folders(tmp_path: Path, names: tuple[bytes, bytes]) -> None:
    unpack([File(zipped([(names[0], POST), (names[1], "x")]))], tmp_path)
    assert files_in(tmp_path) == sorted(name.decode().replace("\\", "/") for name in names)


@pytest.mark.parametrize(
    ("picture", "page"),
    [
        ("müller", "utf-8"),
        ("测试", "utf-8"),
        ("测试", "gbk"),
        ("故宫博物院", "gbk"),
        ("ソフト", "cp932"),
        ("Жуков", "cp1251"),
        ("Müller-Straße", "cp1252"),
        ("Müller", "cp437"),
        ("서울", "euc_kr"),
    ],
)
def test_names_without_the_flag_are_read_as_the_posts_name_the_pictures(
    tmp_path: Path, picture: str, page: str
) -> None:
    entries = [(b"train.txt", f"IMGID:{picture}\nAnn\tB-PER\n\n"), (f"images/{picture}.png".encode(page), "x")]
    unpack([File(zipped(entries))], tmp_path)
    assert files_in(tmp_path) == [f"images/{picture}.png", "train.txt"]


@pytest.mark.parametrize("name", ["👩\u200d🚀", "a\u00a0b", "zero\u200bwidth", "soft\u00adhyphen", "می\u200cخواهم"])
def test_joining_and_invisible_characters_are_harmless_in_a_name(tmp_path: Path, name: str) -> None:
    unpack([File(zipped([(b"train.jsonl", POST), (f"images/{name}.png".encode(), "x")], flag=True))], tmp_path)
    assert f"images/{name}.png" in files_in(tmp_path)
    unpack([File(b"x", f"{name}.png")], tmp_path / "single")
    assert files_in(tmp_path / "single") == [f"images/{name}.png"]


@pytest.mark.parametrize(
    "name",
    [
        b"..\\a.png",
        b"images/../../a.png",
        b"\\\\server\\a.png",
        b"C:\\a.png",
        b"images/\x1b[2J.png",
        b"images/a\nb.png",
    ],
)
def test_what_leaves_the_folder_is_refused_however_it_is_written(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="leads out of its folder or cannot be a file's name"):
        unpack([File(zipped([(b"train.jsonl", POST), (name, "x")]))], tmp_path / "in")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("__MACOSX/train.jsonl", False),
        ("__MACOSX/set/valid.jsonl", False),
        ("set/__MACOSX/valid.jsonl", True),
        (".Trashes/valid.jsonl", False),
        ("set/.git/valid.jsonl", False),
        ("set/images/._a.png", False),
        ("Thumbs.db", False),
        ("set/Thumbs.db", False),
        ("set/images/deep/Thumbs.db", False),
        ("Thumbs.db/valid.jsonl", True),
        ("set/Thumbs.db/valid.jsonl", True),
    ],
)
def test_what_file_managers_leave_is_neither_unpacked_nor_spoken_of(tmp_path: Path, name: str, is_kept: bool) -> None:
    done = unpack([File(zipped([(b"set/train.jsonl", POST), (name.encode(), POST)]))], tmp_path)
    assert files_in(tmp_path) == sorted(["set/train.jsonl", *([name] if is_kept else [])])
    assert done.left_out == []


@pytest.mark.parametrize(("method", "called"), [(9, "Deflate64"), (93, "Zstandard"), (98, "PPMd"), (77, "method 77")])
def test_a_packing_that_cannot_be_read_is_named_with_a_way_out(tmp_path: Path, method: int, called: str) -> None:
    whole = bytearray(zipped([(b"train.jsonl", POST)]))
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        whole[whole.index(signature) + at] = method
    with pytest.raises(InputError, match=f"packs train.jsonl with {called}.*pack it again as an ordinary zip"):
        unpack([File(bytes(whole))], tmp_path)


def test_an_archive_is_imported_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    entries = [(b"deep/train.jsonl", POST), (b"deep/readme.md", "x"), (b"deep/run.sh", "rm")]
    (tmp_path / "tweets.zip").write_bytes(zipped(entries))
    assert main(["import", str(tmp_path / "tweets.zip"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["dataset"], answer["added"]) == ("tweets", 1)
    assert answer["left_out"] == ["deep/readme.md", "deep/run.sh"]
    assert main(["import", str(tmp_path / "tweets.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["unchanged"] == 1
    assert not list((tmp_path / "home").glob(".archive-*")), "what was unpacked is thrown away"
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04nothing")
    assert main(["import", str(tmp_path / "broken.zip"), "--json"]) == 2
    said = capsys.readouterr().err
    assert "broken.zip is damaged" in said
    assert str(tmp_path) not in said


def test_a_data_set_is_called_what_it_says_itself_else_like_its_file(tmp_path: Path) -> None:
    assert data_set_name(tmp_path, "tweets.zip") == "tweets"
    assert data_set_name(tmp_path, "train.zip") == "my posts"
    (tmp_path / "dataset.json").write_text('{"name": "Tweets of 2017"}')
    assert data_set_name(tmp_path, "x.zip") == "Tweets of 2017"
    (tmp_path / "train.jsonl").write_text(POST)
    assert find_posts(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("names", "home", "moved", "outside"),
    [
        (["data/train.txt", "images/a1.png"], "data", ["images/a1.png"], []),
        (
            ["set/data/train.txt", "set/my_images/a1.png", "set/README"],
            "set/data",
            ["my_images/a1.png"],
            ["set/README"],
        ),
        (["data/train.txt", "other/a1.png", "LICENSE"], "data", [], ["LICENSE", "other/a1.png"]),
        (["train.txt", "images/a1.png"], "", ["images/a1.png"], []),
        (["Val.CSV", "a/b/test.txt"], "", [], []),
    ],
)
def test_pictures_beside_the_posts_folder_come_along_and_the_rest_is_named(
    tmp_path: Path, names: list[str], home: str, moved: list[str], outside: list[str]
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found, left = data_set_in(tmp_path)
    assert found == tmp_path / home
    assert all((found / name).is_file() for name in moved)
    assert left == outside


@pytest.mark.parametrize(
    ("files", "splits", "left_out"),
    [
        ({"train.jsonl": POST, "test.json": f"[{POST}]", "valid.tsv": "Ann\tB-PER\nwon\tO\n"}, [1, 1, 1], []),
        ({"train.jsonl": POST, "Dev.csv": "Ann,B-PER\nwon,O\n", "notes.txt": "x"}, [1, 1, 0], ["notes.txt"]),
        ({"s/Training.JSONL": POST, "s/a.docx": "x", "b.txt": "x", "s/more/test.txt": "x"}, [1, 0, 0],
         ["b.txt", "more/test.txt", "s/a.docx"]),
    ],
)  # fmt: skip
def test_an_import_names_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    files: dict[str, str], splits: list[int], left_out: list[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("MNER_HOME", str(tmp_path / "home"))
    (tmp_path / "set.zip").write_bytes(zipped([(name.encode(), content) for name, content in files.items()]))
    assert main(["import", str(tmp_path / "set.zip"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [answer["splits"].get(split, 0) for split in ("train", "valid", "test")] == splits
    assert sorted(answer["left_out"]) == left_out
