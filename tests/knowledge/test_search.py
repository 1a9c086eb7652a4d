"""From a post's words and picture to a concept triple: mentions, likest names, pictures, hops."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.knowledge.graph_files import read_graph
from mner_core.knowledge.mentions import MOST, mentions
from mner_core.knowledge.names import LEAST, NameIndex, normal
from mner_core.knowledge.search import KnowledgeSearch
from tests.knowledge.samples import write_sample


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("saw Kobe Bryant", ["Kobe Bryant", "Kobe", "Bryant"]),
        ("The Lord of the Rings", ["The Lord", "Lord of the Rings", "Lord", "Rings"]),
        ("it is # BlackMamba and @KingJames23", ["Black Mamba", "BlackMamba", "King James 23"]),
        ("@ Rio_de_Janeiro !", ["Rio de Janeiro", "Rio_de_Janeiro"]),
        ("The RT I nothing # @ ! https://T.co/Xy", ["The RT", "The RT I", "RT I"]),
        ("#wow #wow WOW", ["wow"]),
        ("", []),
    ],
)
def test_mentions_are_capitals_hashtags_and_handles(text: str, wanted: list[str]) -> None:
    assert sorted(each.text for each in mentions(text.split())) == sorted(wanted)


@given(st.lists(st.text(min_size=1, max_size=9), max_size=120))
def test_mentions_stand_in_the_text(words: list[str]) -> None:
    found = mentions(words)
    assert len(found) <= MOST
    assert all(0 <= each.start < each.end <= len(words) and each.text for each in found)
    assert len({each.text.casefold() for each in found}) == len(found)


NAMES = [
    "Kobe Bryant",
    "Kobe",
    "Beyoncé",
    "Brooklyn Nets",
    "Michael Jordan",
    "U2",
    "\u79d1\u6bd4",
    "\u0f56\u0f7c\u0f51",
    "!!!",
]


@pytest.mark.parametrize(
    ("mention", "names"),
    [
        ("Kobe", {"Kobe", "Kobe Bryant"}),
        ("kobe bryan", {"Kobe", "Kobe Bryant"}),
        ("Beyonce", {"Beyoncé"}),
        ("brooklynnets", {"Brooklyn Nets"}),
        ("JORDAN", {"Michael Jordan"}),
        ("U2", {"U2"}),
        ("u", set()),
        ("\u79d1\u6bd4", {"\u79d1\u6bd4"}),
        ("\u0f56\u0f7c\u0f51", {"\u0f56\u0f7c\u0f51"}),
        ("Paris", set()),
        ("?", {"!!!"}),
    ],
)
def test_the_likest_names(mention: str, names: set[str]) -> None:
    assert {NAMES[each.place] for each in NameIndex(NAMES).likest(mention, 5)} == names


@given(
    st.lists(st.text("abco ", min_size=1, max_size=9), min_size=1, max_size=40), st.integers(0, 39), st.integers(1, 9)
)
def test_every_name_finds_itself_and_scores_are_those_of_the_paper(names: list[str], place: int, num: int) -> None:
    asked = names[place % len(names)]
    found = NameIndex(names).likest(asked, num)
    same = [each for each in range(len(names)) if normal(names[each]) == normal(asked)]
    assert {each.place for each in found} >= set(same) or len(found) == num
    assert [-each.score for each in found] == sorted(-each.score for each in found)
    for each in found:
        if normal(names[each.place]) != normal(asked):
            assert each.score == pytest.approx(fuzz.WRatio(normal(asked), normal(names[each.place])), abs=1e-3)
            assert each.score >= LEAST


def searching(folder: Path, **cosines: float) -> KnowledgeSearch:
    """The sample graph; each picture's cosine to the post's picture (1, 0) is as told."""
    graph, _ = read_graph(write_sample(folder))
    angles = [np.arccos(cosines.get(Path(image).stem, 0.0)) for image in graph.images]
    return KnowledgeSearch(graph, np.array([[np.cos(a), np.sin(a)] for a in angles], np.float32))


POST = np.array([2.0, 0.0])


def test_the_picture_tells_the_candidates_apart(tmp_path: Path) -> None:
    words = ["Kobe", "was", "great"]
    found = searching(tmp_path / "a", red=0.95, blue=0.92).find(words, POST)
    assert found is not None
    assert (found.head, found.relation, found.tail) == ("Kobe Bryant", "isA", "basketball player")
    assert (found.path, found.image) == (("Kobe", "Kobe Bryant"), "red.png")
    assert found.score == pytest.approx(0.95, abs=1e-3)
    found = searching(tmp_path / "b", red=0.92, blue=0.95).find(words, POST)
    assert found is not None
    assert (found.head, found.tail) == ("Kobe", "city")
    assert found.item["text"] == "Kobe isA city"


def test_neighbours_are_asked_when_no_candidate_has_the_picture(tmp_path: Path) -> None:
    found = searching(tmp_path / "a", green=0.93, black=0.99).find(["Kobe"], POST)
    assert found is not None
    assert (found.head, found.path) == (
        "Los Angeles Lakers",
        ("Kobe", "Kobe Bryant", "—linked to→", "Los Angeles Lakers"),
    )
    found = searching(tmp_path / "b", black=0.99).find(["Jackson", "is"], POST)
    assert found is not None
    assert (found.head, found.tail) == ("King Kong", "film")
    assert found.path == ("Jackson", "Peter Jackson", "—directed→", "King Kong")
    found = searching(tmp_path / "c", red=0.99).find(["#Lakers"], POST)
    assert found is not None
    assert found.path == ("Lakers", "Los Angeles Lakers", "←linked to—", "Kobe Bryant")


def test_a_candidate_comes_before_a_likelier_neighbour(tmp_path: Path) -> None:
    found = searching(tmp_path / "a", red=0.91, green=0.99).find(["Kobe"], POST)
    assert found is not None
    assert found.head == "Kobe Bryant"


@pytest.mark.parametrize(
    ("words", "vector", "cosine"),
    [("kobe", POST, 1.0), ("Kobe", POST, 0.89), ("Kobe", POST * 0, 1.0), ("Nobody", POST, 1.0), ("", POST, 1.0)],
)
def test_nothing_found_is_no_knowledge(tmp_path: Path, words: str, vector: np.ndarray, cosine: float) -> None:  # type: ignore[type-arg]
    assert searching(tmp_path / "a", red=cosine, blue=cosine, green=cosine).find(words.split(), vector) is None


def test_an_entity_with_nothing_to_say_is_a_way_and_no_answer(tmp_path: Path) -> None:
    entities = {
        "a": Entity(id="a", name="Ann", images=("1.png",), links=("b",)),
        "b": Entity(id="b", name="Bob", images=("1.png",)),
    }
    graph = Graph(name="", entities=entities, triples=(Triple("b", "isA", "cook"),), pictures=tmp_path)
    found = KnowledgeSearch(graph, np.array([[1, 0]], np.float32)).find(["Ann"], POST)
    assert found is not None
    assert (found.head, found.tail, found.path) == ("Bob", "cook", ("Ann", "Ann", "—linked to→", "Bob"))


def written_out(
    graph: Graph, cosine: Mapping[str, float], starts: Sequence[str], least: float
) -> tuple[int, float] | None:
    """(hops, cosine) of the best hit, with sets and loops."""
    near: dict[str, set[str]] = {key: set() for key in graph.entities}
    for one, _, other in graph.edges:
        near[one].add(other)
        near[other].add(one)
    level, seen = set(starts), set(starts)
    for hops in range(3):
        scores = [
            cosine[image]
            for key in level
            if key in graph.concept_of
            for image in graph.entities[key].images
            if cosine[image] >= least
        ]
        if scores:
            return hops, max(scores)
        level = {other for key in level for other in near[key]} - seen
        seen |= level
    return None


@pytest.mark.parametrize("seed", range(30))
def test_hops_equal_sets_and_loops(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    num = 30
    entities = {
        f"e{i}": Entity(
            id=f"e{i}",
            name=f"Name{i:02d}x{'abcdefghij'[i % 10] * 6}",
            images=(f"{i}.png",) if random.random() < 0.5 else (),
            links=tuple(f"e{j}" for j in random.choice(num, int(random.integers(0, 3)), replace=False)),
        )
        for i in range(num)
    }
    triples = [Triple(f"e{i}", "isA", "thing") for i in range(num) if random.random() < 0.7]
    triples += [Triple(f"e{i}", "knows", f"e{random.integers(num)}") for i in range(0, num, 4)]
    graph = Graph(name="", entities=entities, triples=tuple(triples), pictures=tmp_path)
    angles = np.arccos(random.uniform(0.5, 1, len(graph.images)))
    search = KnowledgeSearch(graph, np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32))
    start = f"e{random.integers(num)}"
    found = search.find([entities[start].name], POST, least=0.9)
    candidates = [search._entities[row].id for row in search._candidates([entities[start].name])]
    wanted = written_out(graph, dict(zip(graph.images, np.cos(angles), strict=True)), candidates, 0.9)
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert ((len(found.path) - 2) // 2, found.score) == (wanted[0], pytest.approx(wanted[1], abs=1e-3))
        assert found.path[-1] == found.head


def test_the_right_one_is_found_among_very_many(tmp_path: Path) -> None:
    """`make bench` says how long that takes."""
    random = np.random.default_rng(0)
    parts = np.array(["ka", "mi", "to", "ra", "ne", "lo", "si", "jor", "dan"])
    names = [" ".join("".join(random.choice(parts, 3)).title() for _ in range(2)) for _ in range(20_000)]
    entities = {
        str(i): Entity(id=str(i), name=name, images=(f"{i}.png",), links=(str(i // 100),))
        for i, name in enumerate(names)
    }
    triples = tuple(Triple(key, "isA", "thing") for key in entities)
    graph = Graph(name="", entities=entities, triples=triples, pictures=tmp_path)
    search = KnowledgeSearch(graph, np.eye(len(graph.images), 8, dtype=np.float32))
    picture = np.zeros(8)
    picture[0] = 1
    found = search.find(names[0].split(), picture)
    assert found is not None
    assert found.path == (names[0], names[0])


@pytest.mark.parametrize("width", [7, 64, 1280, 2048])
def test_a_picture_always_shows_what_it_shows_itself(tmp_path: Path, width: int) -> None:
    """theta = 1: float32 cosines of a vector with itself lie up to 2e-7 below 1, at the paper's widths above all."""
    entity = {"a": Entity(id="a", name="Ann", images=("1.png",))}
    graph = Graph(name="", entities=entity, triples=(Triple("a", "isA", "cook"),), pictures=tmp_path)
    below = 0
    for seed in range(40):
        vector = np.random.default_rng(seed).gamma(0.3, size=width).astype(np.float32)
        unit = vector / np.linalg.norm(vector)
        below += bool(unit @ (vector / float(np.linalg.norm(vector))) < 1)
        found = KnowledgeSearch(graph, unit[None]).find(["Ann"], vector, least=1.0)
        assert found is not None
        assert found.score == 1.0
        other = np.roll(vector, 1)
        assert KnowledgeSearch(graph, unit[None]).find(["Ann"], other, least=1.0) is None
    assert below, "some are below 1 as they are computed"
