"""A figure for a paper: what stands in it, that its text stays text, and that equal inputs write equal files."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mner_core.commands.cli import main
from mner_core.data.tokenize import tokenize
from mner_core.explain.figure import Seen, draw
from mner_core.types import Axis, Box, Evidence, Example, Item, Prediction, Span

TEXT = "Kim & <b>Lee</b> paid $12 in Rio 🙌"
KIM, LEE, RIO = Span(0, 1, "PER"), Span(4, 5, "PER"), Span(12, 13, "LOC")
BOXES: tuple[Box, ...] = ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))
OBJECTS: tuple[Item, ...] = ({"label": "person", "box": BOXES[0]}, {"label": "tower & sea", "box": BOXES[1]})
REGIONS: tuple[Item, ...] = tuple({"box": (0, 0, 1, 1)} for _ in range(49))
NEIGHBOURS: tuple[Item, ...] = ({"post": "n1"}, {"post": "n2"}, {"post": "n3"})


def example(tmp_path: Path, text: str = TEXT) -> Example:
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "p.png")
    tokens = tokenize(text)
    at = {token.text: place for place, token in enumerate(tokens)}
    gold = tuple(
        Span(at[name], at[name] + 1, label) for name, label in (("Kim", "PER"), ("Lee", "PER"), ("Rio", "LOC"))
    )
    return Example(id="1", text=text, tokens=tokens, spans=gold, image=tmp_path / "p.png", image_name="p.png")


def seen(post: Example, axis: Axis, items: tuple[Item, ...], spans: tuple[Span, ...], name: str = "run") -> Seen:
    words: tuple[Item, ...] = tuple({"text": word} for word in post.words)
    values = np.full((len(words), len(items)), 1 / len(items), np.float32)
    looked = Evidence(name=f"{axis} look", kind="attention", axes=("word", axis), items=(words, items), values=values)
    return Seen(
        name, Prediction(spans=spans, confidences=(0.5,) * len(spans), confidence_source="", evidence=(looked,))
    )


def texts(file: Path) -> list[str]:
    """What is written in an SVG, in its order."""
    tree = ElementTree.parse(file)
    found = ("".join(each.itertext()) for each in tree.iter("{http://www.w3.org/2000/svg}text"))
    return [" ".join(text.split()) for text in found]


def images_in(file: Path) -> list[str]:
    """What each image of an SVG holds."""
    tree = ElementTree.parse(file)
    found = tree.iter("{http://www.w3.org/2000/svg}image")
    return [each.attrib["{http://www.w3.org/1999/xlink}href"] for each in found]


def test_text_and_entities_of_gold_and_each_run_stand_in_it(tmp_path: Path) -> None:
    """Signs of HTML and of formulas are text; a run's wrong type is dashed, what it got right is not."""
    post = example(tmp_path)
    assert post.spans is not None
    wrong = (replace(post.spans[0], label="ORG"), post.spans[2])
    draw(post, [seen(post, "object", OBJECTS, wrong, "ours & theirs")], tmp_path / "f.svg")
    written = texts(tmp_path / "f.svg")
    for word in TEXT.split():
        assert written.count(word) == 2 + (word in {"Kim", "Rio"}), word  # these name rows of the matrix, too
    assert [written.count(label) for label in ("PER", "LOC", "ORG")] == [2, 2, 1]
    assert written.count("ours & theirs") == 2
    assert {"gold", "person", "tower & sea", "Kim 50 %", "Rio 50 %", "object look"} <= set(written)
    assert (tmp_path / "f.svg").read_text().count("stroke-dasharray") == 1


@pytest.mark.parametrize(
    ("axis", "items", "expected"),
    [
        ("region", REGIONS, set()),
        ("neighbour", NEIGHBOURS, {"n1", "n2", "n3", "neighbour look"}),
        ("object", (), set()),
    ],
)
def test_what_a_run_looks_at_decides_what_is_drawn(
    tmp_path: Path, axis: Axis, items: tuple[Item, ...], expected: set[str]
) -> None:
    post = example(tmp_path)
    assert post.spans is not None
    looked = seen(post, axis, items or OBJECTS, post.spans)
    if not items:
        looked = replace(looked, prediction=replace(looked.prediction, evidence=()))
    beside = seen(post, "object", OBJECTS, post.spans)
    draw(post, [looked], tmp_path / "alone.svg")
    draw(post, [looked, beside], tmp_path / "two.svg")
    assert expected <= set(texts(tmp_path / "alone.svg"))
    said = "no attention from entities" in " ".join(texts(tmp_path / "two.svg"))
    assert said == (not expected)
    blind = replace(looked, prediction=replace(looked.prediction, evidence=()))
    draw(post, [blind], tmp_path / "blind.svg")
    images = [images_in(tmp_path / name) for name in ("alone.svg", "blind.svg")]
    assert len(images[1]) == 1
    assert len(images[0]) == (2 if axis == "neighbour" else 1)
    if axis != "neighbour":  # whose matrix leaves the picture another size
        assert (images[0][0] == images[1][0]) == (axis == "object"), "regions are drawn over the picture"


@pytest.mark.parametrize(
    "how", ["no picture", "missing file", "no labels", "long text", "no entity", "control characters"]
)
def test_what_is_missing_or_odd_is_drawn_all_the_same(tmp_path: Path, how: str) -> None:
    post = example(tmp_path, TEXT + (" again and again" * 30 if how == "long text" else ""))
    assert post.spans is not None
    spans = () if how == "no entity" else post.spans
    if how == "no labels":
        post = replace(post, spans=None)
    if how == "control characters":
        post = replace(post, text=post.text.replace("paid", "p\x01id"))
    if how in ("no picture", "missing file"):
        post = replace(post, image=None if how == "no picture" else tmp_path / "gone.png")
    draw(post, [seen(post, "object", OBJECTS, spans)], tmp_path / "f.svg")
    written = texts(tmp_path / "f.svg")
    assert ("no picture" in written) == (how in ("no picture", "missing file"))
    assert ("gold" in written) == (how != "no labels")
    if how == "long text":
        assert written.count("again") == 2 * 60


@pytest.mark.parametrize("ending", ["svg", "pdf", "SVG"])
def test_equal_inputs_write_equal_files(tmp_path: Path, ending: str) -> None:
    post = example(tmp_path)
    assert post.spans is not None
    for name in ("one", "two"):
        draw(post, [seen(post, "object", OBJECTS, post.spans)], tmp_path / f"{name}.{ending}")
    one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith(b"%PDF" if ending == "pdf" else b"<?xml")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny run and the posts that it was not trained on."""
    folder = tmp_path_factory.mktemp("figure")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNER_HOME", str(folder / "home"))
        assert main(["scenes", str(folder / "scenes"), "--size", "30", "--seed", "2"]) == 0
        train = ["train", "--model", "gei", "--profile", "tiny", "--epochs", "1", "--data", str(folder / "scenes")]
        assert main([*train, "--out", str(folder / "run")]) == 0
    return folder / "run", folder / "scenes" / "valid.jsonl"


def test_the_command_draws_a_stored_post(
    asked: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNER_HOME", str(asked[0].parent / "home"))
    record = json.loads(asked[1].read_text().splitlines()[0])
    common = ["figure", "--run", str(asked[0]), str(asked[0]), "--data", str(asked[1]), "--post", record["id"]]
    capsys.readouterr()
    assert main([*common, "--out", str(tmp_path / "f.pdf"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"file": str(tmp_path / "f.pdf")}
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["--out", "f.png"], "f.png has to end in .svg or .pdf"),
        (["--post", "nobody"], "There is no post 'nobody'"),
        (["--run", *["RUN"] * 5], "--run names 5 runs; at most 4"),
        (["--run", "nowhere"], "nowhere holds no finished run"),
        (["--out", "nowhere/f.svg"], "Cannot write f.svg"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(
    asked: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    change: list[str],
    sentence: str,
) -> None:
    monkeypatch.setenv("MNER_HOME", str(asked[0].parent / "home"))
    monkeypatch.chdir(tmp_path)
    record = json.loads(asked[1].read_text().splitlines()[0])
    given = {"--run": [str(asked[0])], "--data": [str(asked[1])], "--post": [record["id"]], "--out": ["f.svg"]}
    given |= {change[0]: [each.replace("RUN", str(asked[0])) for each in change[1:]]}
    assert main(["figure", *(part for name, values in given.items() for part in (name, *values))]) == 2
    assert sentence in capsys.readouterr().err
