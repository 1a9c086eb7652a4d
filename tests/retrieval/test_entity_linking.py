"""What a graph knows of a post's picture: which words, which picture, how like, and what is kept of it on disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mner_core.features.image import REGIONS, ImageFeatures
from mner_core.home import Home
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.retrieval.entity_linking import GraphKnowledge, graph_folder, graph_posts, pooled
from mner_core.types import Example, InputError
from tests.fakes import post

WIDTH = 6


def seen(vector: Sequence[float], ok: bool = True) -> ImageFeatures:
    """A picture whose regions differ and whose mean is the vector."""
    wave = np.linspace(-1, 1, REGIONS)[:, None] * np.ones(WIDTH)
    grid = (np.asarray(vector, np.float32) + wave).astype(np.float16)
    return ImageFeatures(
        image_ok=ok, grid=grid * ok, objects=(), object_vectors=np.zeros((0, 4), np.float16), attributes=(), caption=""
    )


class Looked:
    """Features of the graph's own pictures, by name, and which were asked for."""

    def __init__(self, of: dict[str, ImageFeatures]) -> None:
        self.of = of
        self.asked: list[str] = []

    def features(self, example: Example) -> ImageFeatures:
        self.asked.append(str(example.image_name))
        return self.of[str(example.image_name)]


AXES = np.eye(WIDTH) * 3


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """Two Jordans, each with a picture of their own, and a place whose picture does not open."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("player.png", "land.png", "dark.png"):
        (pictures / name).write_bytes(name.encode())
    entities = {
        "player": Entity(id="player", name="Jordan", images=("player.png",)),
        "land": Entity(id="land", name="Jordan", images=("land.png",)),
        "rio": Entity(id="rio", name="Rio", images=("dark.png",)),
    }
    triples = tuple(
        Triple(head, "isA", tail) for head, tail in (("player", "athlete"), ("land", "country"), ("rio", "city"))
    )
    return Graph(name="two Jordans", entities=entities, triples=triples, pictures=pictures)


@pytest.fixture
def features() -> Looked:
    return Looked({"player.png": seen(AXES[0]), "land.png": seen(AXES[1]), "dark.png": seen(AXES[2], ok=False)})


def test_a_picture_is_compared_by_the_mean_of_its_regions() -> None:
    grid = np.arange(REGIONS * WIDTH, dtype=np.float16).reshape(REGIONS, WIDTH)
    mean = pooled(replace(seen(AXES[0]), grid=grid))
    assert mean.dtype == np.float32
    assert mean.tolist() == [24 * WIDTH + column for column in range(WIDTH)]


def test_the_graphs_pictures_are_looked_at_as_posts_without_words(graph: Graph) -> None:
    made = graph_posts(graph)
    assert [(each.image_name, each.image) for each in made] == [(name, graph.picture(name)) for name in graph.images]
    assert all(each.words == [] or not each.words for each in made)


def test_the_picture_says_which_of_two_with_one_name_is_meant(graph: Graph, features: Looked) -> None:
    known = GraphKnowledge.build(graph, features, 0.9)
    assert sorted(features.asked) == sorted(graph.images)
    words = post(0, ["Jordan", "today"])
    for axis, entity, tail in ((0, "player", "athlete"), (1, "land", "country")):
        found = known.of(words, seen(AXES[axis] * 0.5))
        assert found is not None, "its length does not count"
        assert (found.entity, found.tail) == (entity, tail)
        assert found.score == pytest.approx(1, abs=1e-5)
    assert known.of(words, seen(AXES[3])) is None
    assert known.of(post(1, ["nobody", "there"]), seen(AXES[0])) is None
    assert known.of(post(2, ["Rio"]), seen(AXES[2])) is None, "a picture that does not open is like none"


def test_a_post_without_a_picture_has_no_knowledge(graph: Graph, features: Looked) -> None:
    known = GraphKnowledge.build(graph, features, -1)
    assert known.of(post(0, ["Jordan"]), seen(AXES[0])) is not None
    assert known.of(post(0, ["Jordan"]), seen(AXES[0], ok=False)) is None


@pytest.mark.parametrize(("least", "is_known"), [(0.79, True), (0.81, False)])
def test_the_threshold_is_a_cosine(graph: Graph, features: Looked, least: float, is_known: bool) -> None:
    known = GraphKnowledge.build(graph, features, least)
    asked = seen(0.8 * AXES[0] + 0.6 * AXES[4])  # cosine 0.8 with the player's picture
    assert (known.of(post(0, ["Jordan"]), asked) is not None) == is_known


@pytest.mark.parametrize("width", [16, 768, 2048])
@pytest.mark.parametrize("others", [0, 40])
def test_at_a_threshold_of_one_a_graphs_picture_still_shows_itself(width: int, others: int, tmp_path: Path) -> None:
    """From the regions to the answer, built or loaded; few pictures are looked at alone, many all at once."""
    random = np.random.default_rng(width)
    names = [f"{number}.png" for number in range(12)]
    looks = {
        name: replace(seen([0] * WIDTH), grid=random.gamma(0.3, size=(REGIONS, width)).astype(np.float16))
        for name in [*names, *(f"other{number}.png" for number in range(others))]
    }
    (tmp_path / "pictures").mkdir()
    for name in looks:
        (tmp_path / "pictures" / name).write_bytes(name.encode())
    entities = {
        str(row): Entity(id=str(row), name=f"Ann{row}x" if row < len(names) else "Zzz", images=(name,))
        for row, name in enumerate(looks)
    }
    triples = tuple(Triple(key, "isA", "cook") for key in entities)
    graph = Graph(name="g", entities=entities, triples=triples, pictures=tmp_path / "pictures")
    built = GraphKnowledge.build(graph, Looked(looks), 1.0)
    built.save(tmp_path / "kept")
    loaded = GraphKnowledge.load(tmp_path / "kept", built.fingerprint, 1.0, Looked(looks))
    for row, name in enumerate(names):
        for known in (built, loaded):
            found = known.of(post(row, [f"Ann{row}x"]), looks[name])
            assert found is not None, name
            assert (found.image, found.score) == (name, 1.0)
        assert built.of(post(row, [f"Ann{row}x"]), replace(looks[name], grid=looks[name].grid[:, ::-1])) is None


def test_an_answer_follows_from_words_and_picture_alone_whatever_was_asked_before(
    graph: Graph, features: Looked
) -> None:
    known = GraphKnowledge.build(graph, features, 0.9)
    questions = [
        (post(number, words), seen(AXES[axis]))
        for number, words in enumerate((["Jordan"], ["Jor", "dan"], ["Rio"], ["Jordan", "Rio"]))
        for axis in (0, 1, 5)
    ]
    fresh = [GraphKnowledge.build(graph, features, 0.9).of(*each) for each in questions]
    assert len({str(each) for each in fresh}) > 2
    for _ in range(2):
        assert [known.of(*each) for each in questions] == fresh
    assert [known.of(*each) for each in reversed(questions)] == fresh[::-1]


def test_the_fingerprint_names_the_graph_and_what_its_pictures_look_like(graph: Graph, features: Looked) -> None:
    same = GraphKnowledge.build(graph, features, 0.9).fingerprint
    assert GraphKnowledge.build(graph, features, 0.5).fingerprint == same
    repainted = Looked(features.of | {"land.png": seen(AXES[4])})
    renamed = replace(graph, triples=graph.triples[:2])
    assert len({
        same,
        GraphKnowledge.build(graph, repainted, 0.9).fingerprint,
        GraphKnowledge.build(renamed, features, 0.9).fingerprint,
    }) == 3  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    """Every file below the folder and the sha256 of its bytes."""
    return {
        str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_what_was_saved_is_loaded_without_looking_again(graph: Graph, features: Looked, tmp_path: Path) -> None:
    known = GraphKnowledge.build(graph, features, 0.9)
    folder = graph_folder(Home(tmp_path / "home"), known.fingerprint)
    known.save(folder)
    assert folder.parent == tmp_path / "home" / "knowledge"
    assert {"entities.jsonl", "triples.tsv", "vectors.safetensors"} <= set(contents(folder))
    nobody = Looked({})
    again = GraphKnowledge.load(folder, known.fingerprint, 0.9, nobody)
    assert nobody.asked == []
    assert again.fingerprint == known.fingerprint
    for axis in (0, 1, 3):
        asked = post(0, ["Jordan"]), seen(AXES[axis])
        assert again.of(*asked) == known.of(*asked)


@pytest.mark.parametrize("damage", ["lost", "cut off", "of fewer pictures", "one row for all", "with an axis too many"])
def test_vectors_that_are_damaged_are_made_again_from_the_pictures(
    graph: Graph, features: Looked, tmp_path: Path, damage: str
) -> None:
    known = GraphKnowledge.build(graph, features, 0.9)
    known.save(tmp_path / "kept")
    whole = contents(tmp_path / "kept")
    file = tmp_path / "kept" / "vectors.safetensors"
    vectors = load_file(file)["vectors"]
    if damage == "lost":
        file.unlink()
    elif damage == "cut off":
        file.write_bytes(file.read_bytes()[:-5])
    else:
        changed = {
            "of fewer pictures": vectors[1:],
            "one row for all": vectors[0],
            "with an axis too many": vectors[:, None],
        }[damage]
        save_file({"vectors": np.ascontiguousarray(changed)}, file)
    features.asked.clear()
    again = GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, features)
    assert sorted(features.asked) == sorted(graph.images)
    assert again.fingerprint == known.fingerprint
    assert contents(tmp_path / "kept") == whole, "and kept anew"


def test_pictures_that_look_otherwise_now_are_not_the_runs(graph: Graph, features: Looked, tmp_path: Path) -> None:
    """Vectors were lost and the extractor sees something else: the answers would not be those of the run."""
    known = GraphKnowledge.build(graph, features, 0.9)
    known.save(tmp_path / "kept")
    (tmp_path / "kept" / "vectors.safetensors").unlink()
    repainted = Looked(features.of | {"land.png": seen(AXES[4])})
    with pytest.raises(InputError, match="is not the one of the run any more; train the run again"):
        GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, repainted)
    assert not (tmp_path / "kept" / "vectors.safetensors").exists(), "what is wrong is not kept"


def test_what_lies_there_whole_stays_and_what_is_another_graph_is_replaced(
    graph: Graph, features: Looked, tmp_path: Path
) -> None:
    known, folder = GraphKnowledge.build(graph, features, 0.9), tmp_path / "kept"
    known.save(folder)
    marked = folder / "beside"
    marked.write_text("mine")
    known.save(folder)
    assert marked.exists(), "nothing was written again"
    other = GraphKnowledge.build(replace(graph, triples=graph.triples[:1]), features, 0.9)
    other.save(folder)
    assert not marked.exists()
    assert GraphKnowledge.load(folder, other.fingerprint, 0.9, features).fingerprint == other.fingerprint
    repainted = GraphKnowledge.build(graph, Looked(features.of | {"land.png": seen(AXES[4])}), 0.9)
    repainted.save(folder)
    assert GraphKnowledge.load(folder, repainted.fingerprint, 0.9, Looked({})).fingerprint == repainted.fingerprint


def test_what_cannot_be_written_is_a_sentence(graph: Graph, features: Looked, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError):
        GraphKnowledge.build(graph, features, 0.9).save(tmp_path / "file" / "kept")


def test_a_graph_without_pictures_knows_nothing(graph: Graph, features: Looked, tmp_path: Path) -> None:
    bare = replace(graph, entities={name: replace(each, images=()) for name, each in graph.entities.items()})
    known = GraphKnowledge.build(bare, features, 0.9)
    assert features.asked == []
    known.save(tmp_path / "kept")
    again = GraphKnowledge.load(tmp_path / "kept", known.fingerprint, 0.9, features)
    assert again.of(post(0, ["Jordan"]), seen(np.ones(1).repeat(WIDTH))) is None
