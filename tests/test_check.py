import json
import resource
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mner_core.check import OVERLONG, CheckReport, check
from mner_core.data.images import open_image
from mner_core.types import InputError
from tests.knowledge.samples import write_sample

REAL = Path("../shared/data")


def picture(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    buffer = BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    body = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def found(report: CheckReport) -> list[tuple[str, str, int | None]]:
    return [(defect.kind, defect.file, defect.line) for defect in report.defects]


def test_a_clean_set_and_its_json(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "IMGID:1\na\tB-PER\n", "valid.txt": "b\tO\n", "images/1.png": picture()})
    counted = {"posts": 2, "labelled": 2, "types": {"PER": 1}, "pictures_found": 1}
    assert check(tmp_path).to_json() == {**counted, "left_out": [], "defects": [], "counts": {}}


def test_json_of_defects(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "a\tI-PER\n \tO\nb\tI-LOC\n"})
    record = json.loads(json.dumps(check(tmp_path).to_json()))
    assert record["counts"] == {"orphan-inside": 2, "blank-token": 1}
    assert [(d["kind"], d["file"], d["line"]) for d in record["defects"]] == [
        ("orphan-inside", "train.txt", 1),
        ("blank-token", "train.txt", 2),
        ("orphan-inside", "train.txt", 3),
    ]
    assert all(set(defect) == {"kind", "file", "line", "detail"} for defect in record["defects"])


def test_orphans_are_counted_where_an_entity_begins(tmp_path: Path) -> None:
    rows = [("I-PER", 1), ("I-PER", 0), ("O", 0), ("I-LOC", 1), ("B-LOC", 0), ("I-LOC", 0), ("I-PER", 1), ("S-PER", 0)]
    rows += [("E-LOC", 1), ("O", 0), ("B-ORG", 0), ("E-ORG", 0)]
    folder(tmp_path, {"train.txt": "".join(f"w{place}\t{tag}\n" for place, (tag, _) in enumerate(rows))})
    wanted = [("orphan-inside", "train.txt", line) for line, (_, orphan) in enumerate(rows, 1) if orphan]
    assert found(check(tmp_path)) == wanted


def test_words_that_nobody_sees(tmp_path: Path) -> None:
    words = ["a", "\u00a0", "\u200b", "\ufe0f", "\x92", "\u200d", "e\u0301", "🫨", "123", "!?"]
    folder(tmp_path, {"train.txt": "".join(f"{word}\tO\n" for word in words)})
    assert found(check(tmp_path)) == [
        ("blank-token", "train.txt", 2),
        *(("invisible-token", "train.txt", line) for line in (3, 4, 5, 6)),
    ]


def test_texts_in_two_splits(tmp_path: Path) -> None:
    folder(
        tmp_path,
        {
            "train.txt": "same\tO\ntext\tO\n\nown\tO\n\nown\tO\n\n",
            "valid.txt": "other\tO\n\nIMGID:1\nsame\tB-PER\ntext\tO\n",
            "test.jsonl": '{"text": "same text"}\n{"text": "other one"}\n',
            "images/1.png": picture(),
        },
    )
    (defect,) = check(tmp_path).defects
    assert (defect.kind, defect.file, defect.line) == ("duplicate-text", "test.jsonl", 1)
    assert "train.txt line 1 and valid.txt line 3" in defect.detail


def test_pictures_of_every_kind(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    animated = BytesIO()
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:])
    good = {
        "png.jpg": picture("PNG"),
        "cmyk.jpg": picture("JPEG", "CMYK"),
        "animated.gif": animated.getvalue(),
        "tiny.png": picture(size=(1, 1)),
    }
    bad = {
        "zero.jpg": b"",
        "cut.jpg": picture("JPEG", size=(300, 300))[:2000],
        "text.png": b"<html>not found</html>",
        "bomb.png": bomb(),
    }
    posts = "".join(f"IMGID:{Path(name).stem}\na\tO\n\n" for name in [*good, *bad, *bad, "gone"])
    pictures: dict[str, str | bytes] = {f"images/{name}": content for name, content in (good | bad).items()}
    folder(tmp_path, {"train.txt": posts, **pictures})
    report = check(tmp_path)
    assert found(report) == [
        *(("broken-image", f"images/{name}", None) for name in sorted(bad)),
        ("missing-image", "train.txt", 37),
    ]
    details = {defect.file: defect.detail for defect in report.defects}
    assert "0 bytes" in details["images/zero.jpg"]
    assert "broken" in details["images/cut.jpg"]
    assert "not a picture" in details["images/text.png"]
    assert "million pixels" in details["images/bomb.png"]


def test_a_broken_picture_that_no_post_names(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "a\tO\n", "images/left.jpg": b"", "images/readme.txt": b"no picture"})
    assert found(check(tmp_path)) == [("broken-image", "images/left.jpg", None)]


def test_a_picture_outside_is_named_from_the_folder(tmp_path: Path) -> None:
    folder(
        tmp_path, {"set/train.txt": "IMGID:1\na\tO\n", "pool/1.jpg": b"", "set/dataset.json": '{"images": "../pool"}'}
    )
    assert found(check(tmp_path / "set")) == [("broken-image", "../pool/1.jpg", None)]


def test_files_that_hold_no_posts(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": b"", "valid.txt": picture(), "test.txt": "IMGID:1\n\na\tO\nbroken\nb\tO\n"})
    report = check(tmp_path)
    assert report.posts == 1
    assert found(report) == [
        ("missing-image", "test.txt", 1),
        ("bad-line", "test.txt", 4),
        ("empty-file", "train.txt", None),
        ("not-text", "valid.txt", None),
    ]


def test_an_id_that_leads_out(tmp_path: Path) -> None:
    folder(tmp_path, {"set/train.txt": "IMGID:../../x\na\tO\n", "x.png": picture(), "x": picture()})
    assert found(check(tmp_path / "set")) == [("bad-id", "train.txt", 1)]


def test_a_very_long_post(tmp_path: Path) -> None:
    long = "word " * 4_000
    folder(tmp_path, {"train.jsonl": json.dumps({"text": "short"}) + "\n" + json.dumps({"text": long, "spans": []})})
    assert len(long) > OVERLONG
    assert found(check(tmp_path)) == [("overlong-text", "train.jsonl", 2)]


def test_a_caption_of_placeholders(tmp_path: Path) -> None:
    posts = "".join(f"IMGID:{n}\nword{n}\tO\n\n" for n in range(100))
    captions = "".join(f"{n}\t{'a skateboard' if n >= 75 else f'caption {n}'}\n" for n in range(100))
    pictures: dict[str, str | bytes] = {f"images/{n}.png": picture(size=(2, 2)) for n in range(100)}
    report = check(folder(tmp_path, {"train.txt": posts, "captions.tsv": captions, **pictures}))
    assert found(report) == [("repeated-caption", "train.txt", 226)]
    assert "25 posts" in report.defects[0].detail


def test_nothing_changes_on_disk(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "IMGID:1\na\tI-PER\nbroken line here\n", "images/1.png": b"broken"})
    before = {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in tmp_path.rglob("*")}
    check(tmp_path, tmp_path / "train.txt")
    assert {
        path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in tmp_path.rglob("*")
    } == before


GOLD = "IMGID:1\nNew\tB-LOC\nYork\tI-LOC\nwins\tO\n\nIMGID:2\nAnn\tB-PER\nsmiles\tO\n\nhi\tO\n"


def against(tmp_path: Path, other: str, name: str = "other/fixed.txt") -> CheckReport:
    pictures: dict[str, str | bytes] = {f"set/images/{n}.png": picture() for n in (1, 2, 3)}
    folder(tmp_path, {"set/valid.txt": GOLD, "set/train.txt": "x\tO\n", name: other, **pictures})
    return check(tmp_path / "set", tmp_path / name)


def test_against_itself(tmp_path: Path) -> None:
    assert against(tmp_path, GOLD).defects == ()


def test_every_label_that_differs(tmp_path: Path) -> None:
    other = GOLD.replace("I-LOC", "O").replace("Ann\tB-PER", "Ann\tB-ORG").replace("hi\tO", "hi\tB-MISC")
    report = against(tmp_path, other)
    assert found(report) == [("label-differs", "valid.txt", line) for line in (3, 7, 10)]
    assert report.defects[0].detail == "'York' is I-LOC here, O in fixed.txt line 3."
    assert report.counts == {"label-differs": 3}


def test_against_a_file_in_another_order_without_images(tmp_path: Path) -> None:
    report = against(tmp_path, "hi\tO\n\nAnn\tB-LOC\nsmiles\tO\n\nNew\tB-LOC\nYork\tI-LOC\nwins\tO\n")
    assert found(report) == [("label-differs", "valid.txt", 7)]
    assert report.defects[0].detail.endswith("fixed.txt line 3.")


def test_posts_that_only_one_file_has(tmp_path: Path) -> None:
    report = against(tmp_path, GOLD.replace("smiles", "smiled"))
    assert found(report) == [("unmatched-post", "fixed.txt", 6), ("unmatched-post", "valid.txt", 6)]


def test_against_another_scheme_and_format(tmp_path: Path) -> None:
    bioes = GOLD.replace("I-LOC", "E-LOC").replace("B-PER", "S-PER")
    assert against(tmp_path, bioes).defects == ()
    assert found(against(tmp_path, bioes.replace("S-PER", "S-LOC"))) == [("label-differs", "valid.txt", 7)]
    lines = [
        {"text": "New York wins", "image": "1", "spans": [{"start": 0, "end": 8, "label": "ORG"}]},
        {"text": "Ann smiles", "image": "2", "spans": [{"start": 0, "end": 3, "label": "PER"}]},
        {"text": "hi", "spans": []},
    ]
    report = against(tmp_path, "\n".join(json.dumps(line) for line in lines), "other/fixed.jsonl")
    assert found(report) == [("label-differs", "valid.txt", 2), ("label-differs", "valid.txt", 3)]


def test_a_label_that_cuts_a_word_is_a_difference_and_no_other_post(tmp_path: Path) -> None:
    """`Rio-bound` is one word here and two there, because a label ends inside it."""
    lines = [{"text": "Rio-bound Ann", "spans": [{"start": 0, "end": 9, "label": "LOC"}]}, {"text": "hi", "spans": []}]
    ours = "\n".join(json.dumps(line) for line in lines)
    lines[0]["spans"] = [{"start": 0, "end": 3, "label": "LOC"}, {"start": 10, "end": 13, "label": "PER"}]
    theirs = "\n".join(json.dumps(line) for line in lines[::-1])
    folder(tmp_path, {"set/valid.jsonl": ours, "o.jsonl": theirs})
    report = check(tmp_path / "set", tmp_path / "o.jsonl")
    assert [(defect.kind, defect.line, defect.detail) for defect in report.defects] == [
        ("label-differs", 1, "'-bound' is I-LOC here, O in o.jsonl line 2."),
        ("label-differs", 1, "'Ann' is O here, B-PER in o.jsonl line 2."),
    ]


def test_a_post_without_labels_there_differs_in_each_labelled_word(tmp_path: Path) -> None:
    lines = [{"text": "New York wins", "image": "1", "spans": None}]
    report = against(tmp_path, json.dumps(lines[0]), "other/fixed.jsonl")
    assert [each for each in found(report) if each[0] == "label-differs"] == [
        ("label-differs", "valid.txt", 2),
        ("label-differs", "valid.txt", 3),
    ]
    assert report.counts["unmatched-post"] == 2


def test_repeated_posts_are_compared_in_their_order(tmp_path: Path) -> None:
    twice = "IMGID:1\nAnn\tB-PER\n\nIMGID:1\nAnn\tB-LOC\n"
    folder(tmp_path, {"set/train.txt": twice, "set/images/1.png": picture(), "o.txt": twice})
    assert check(tmp_path / "set", tmp_path / "o.txt").defects == ()


def test_declared_names_of_labels_hold_for_both(tmp_path: Path) -> None:
    folder(
        tmp_path,
        {
            "set/train.txt": "a\tB-OTHER\n",
            "set/dataset.json": '{"labels": {"OTHER": "MISC"}}',
            "o.txt": "a\tB-OTHER\n",
            "p.txt": "a\tB-MISC\n",
        },
    )
    assert check(tmp_path / "set", tmp_path / "o.txt").defects == ()
    assert check(tmp_path / "set", tmp_path / "p.txt").defects == ()


def test_paths_that_do_not_exist(tmp_path: Path) -> None:
    folder(tmp_path, {"train.txt": "a\tO\n"})
    with pytest.raises(InputError, match="There is no gone"):
        check(tmp_path / "gone")
    with pytest.raises(InputError, match=r"There is no gone\.txt"):
        check(tmp_path, tmp_path / "gone.txt")


def test_memory_stays_flat_over_many_large_pictures(tmp_path: Path) -> None:
    large = picture("JPEG", size=(3000, 2000))
    names = [f"images/{n}.jpg" for n in range(20)]
    folder(tmp_path, {"train.txt": "a\tO\n", **dict.fromkeys(names, large)})
    open_image(tmp_path / names[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert check(tmp_path).defects == ()
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 5 * 18  # one decoded picture is 18 MB, all together 360


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/data")
def test_real_sets() -> None:
    older = check(REAL / "twitter2015", REAL / "twitter2015" / "valid.txt")
    assert older.posts == 5000
    orphans = [defect.file for defect in older.defects if defect.kind == "orphan-inside"]
    assert (orphans.count("train.txt"), orphans.count("valid.txt")) == (186, 53)
    kinds = {"orphan-inside": 239, "duplicate-text": 2, "blank-token": 1, "empty-caption": 2, "missing-image": 5000}
    assert older.counts == kinds
    assert check(REAL / "twitter2017").counts == {
        "missing-image": 4096,
        "invisible-token": 128,
        "duplicate-text": 1,
        "repeated-caption": 1,
    }
    assert check(REAL / "cp_mner").counts == {"orphan-inside": 159, "missing-image": 4}


def test_the_knowledge_graph_beside_the_posts_is_checked_too(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"train.txt": "Kim B-PER\n"})
    graph = write_sample(root / "knowledge", triples=[("nobody", "isA", "x")])
    (graph / "images" / "red.png").write_bytes(b"no picture")
    unknown, broken = ("unknown-id", "knowledge/triples.tsv", 1), ("broken-image", "knowledge/images/red.png", None)
    assert found(check(root)) == [broken, unknown]
    (graph / "entities.jsonl").unlink()
    assert found(check(root)) == [("bad-knowledge", "knowledge", None)]
