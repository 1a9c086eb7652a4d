"""The folder of a knowledge graph: what is read, what is refused and where it says so."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mner_core.data.dataset import read_dataset
from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.knowledge.graph_files import read_graph, write_files, write_graph
from mner_core.types import InputError
from tests.knowledge.samples import COLOURS, ENTITIES, TRIPLES, write_sample


def test_a_graph_is_read_as_it_was_written(tmp_path: Path) -> None:
    graph, defects = read_graph(write_sample(tmp_path / "graph"))
    assert defects == []
    assert list(graph.entities) == [each["id"] for each in ENTITIES]
    assert graph.entities["kobe"].names == ("Kobe Bryant", "Black Mamba")
    assert graph.triples == tuple(Triple(*each) for each in TRIPLES)
    assert graph.images == tuple(sorted(COLOURS))
    write_graph(graph, tmp_path / "copy")
    again, defects = read_graph(tmp_path / "copy")
    assert defects == []
    assert (again.entities, again.triples) == (graph.entities, graph.triples)
    assert again.fingerprint == graph.fingerprint
    assert again.picture("sub/green.png").read_bytes() == graph.picture("sub/green.png").read_bytes()


def test_concepts_say_what_an_entity_is_and_join_nobody(tmp_path: Path) -> None:
    graph, _ = read_graph(write_sample(tmp_path / "graph"))
    assert {key: triple.tail for key, triple in graph.concept_of.items()} == {
        "kobe": "basketball player",
        "kobe-city": "city",
        "lakers": "basketball club",
        "jackson": "director",
        "kong": "film",
    }
    assert set(graph.edges) == {("kobe", "linked to", "lakers"), ("jackson", "directed", "kong")}


def test_a_graph_may_name_its_concepts(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "graph")
    (folder / "graph.json").write_text(json.dumps({"name": "films", "concepts": ["Directed"]}))
    graph, defects = read_graph(folder)
    assert (graph.name, defects) == ("films", [])
    assert {key: graph.phrase(triple.tail) for key, triple in graph.concept_of.items()} == {"jackson": "King Kong"}


BAD_ENTITIES: list[tuple[Any, str, str]] = [
    ("{", "bad-line", "not valid JSON"),
    ("[1]", "bad-line", "not a JSON object"),
    ({"name": "x"}, "bad-id", "id: expected a text"),
    ({"id": " x", "name": "x"}, "bad-id", "without spaces at its ends"),
    ({"id": "../x", "name": "x"}, "bad-id", "lead out of a folder"),
    ({"id": "/etc/x", "name": "x"}, "bad-id", "lead out of a folder"),
    ({"id": "a\u0000b", "name": "x"}, "bad-id", "refused"),
    ({"id": "x"}, "bad-line", "name: expected a text"),
    ({"id": "x", "name": "\ud800"}, "bad-line", "name: expected a text"),
    ({"id": "kobe", "name": "Another"}, "duplicate-id", "kobe was there before"),
    ({"id": "x", "name": "x", "images": ["../../secret.png"]}, "bad-image", "refused"),
    ({"id": "x", "name": "x", "images": ["/etc/passwd"]}, "bad-image", "refused"),
    ({"id": "x", "name": "x", "images": ["none.png"]}, "missing-image", "no picture images/none.png"),
    ({"id": "x", "name": "x", "images": "red.png"}, "bad-line", "images: expected a list"),
    ({"id": "x", "name": "x", "aliases": [1, "y"]}, "bad-line", "1 entries are no text"),
    ({"id": "x", "name": "x", "links": ["nobody"]}, "unknown-id", "no entity nobody"),
]


@pytest.mark.parametrize(("line", "kind", "detail"), BAD_ENTITIES)
def test_what_is_wrong_with_an_entity_is_said_with_its_line(tmp_path: Path, line: Any, kind: str, detail: str) -> None:
    graph, defects = read_graph(write_sample(tmp_path / "graph", [*ENTITIES, line]))
    (defect,) = defects
    assert (defect.kind, defect.file, defect.line) == (kind, "entities.jsonl", len(ENTITIES) + 1)
    assert detail in defect.detail
    assert {each["id"] for each in ENTITIES} <= set(graph.entities)
    assert graph.images == tuple(sorted(COLOURS)), "nothing from outside the folder came in"


@pytest.mark.parametrize(
    ("triple", "kind"),
    [(("kobe", "isA"), "bad-line"), (("kobe", " ", "x"), "bad-line"), (("nobody", "isA", "x"), "unknown-id")],
)
def test_what_is_wrong_with_a_triple_is_said_with_its_line(tmp_path: Path, triple: tuple[str, ...], kind: str) -> None:
    graph, defects = read_graph(write_sample(tmp_path / "graph", triples=[*TRIPLES, triple]))
    assert [(each.kind, each.file, each.line) for each in defects] == [(kind, "triples.tsv", len(TRIPLES) + 1)]
    assert len(graph.triples) == len(TRIPLES)


def test_a_link_that_leads_out_of_the_folder_is_no_picture(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "graph", [{"id": "x", "name": "x", "images": ["out.png"]}], [])
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "images" / "out.png").symlink_to(tmp_path / "secret.png")
    graph, defects = read_graph(folder)
    assert [each.kind for each in defects] == ["missing-image"]
    assert graph.images == ()


@pytest.mark.parametrize("about", ['{"concepts": "isA"}', "[]", '{"name": 7}', '{"colour": "red"}', "{"])
def test_what_graph_json_cannot_say_is_reported(tmp_path: Path, about: str) -> None:
    folder = write_sample(tmp_path / "graph")
    (folder / "graph.json").write_text(about)
    graph, defects = read_graph(folder)
    assert [(each.kind, each.file) for each in defects] == [("bad-line", "graph.json")]
    assert graph.concept_of["kong"].tail == "film"


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"empty is no knowledge graph: there is no entities.jsonl in it"):
        read_graph(tmp_path / "empty")
    (tmp_path / "graph").mkdir()
    for content in (b"", b"\0\xff" * 50, b"no json\n"):
        (tmp_path / "graph" / "entities.jsonl").write_bytes(content)
        with pytest.raises(InputError, match="Not one entity"):
            read_graph(tmp_path / "graph")


def test_a_data_set_knows_its_graph(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "Kobe"}\n')
    assert read_dataset(tmp_path).knowledge is None
    write_sample(tmp_path / "knowledge")
    assert read_dataset(tmp_path).knowledge == tmp_path / "knowledge"
    assert read_dataset(tmp_path / "train.jsonl").knowledge == tmp_path / "knowledge"
    write_sample(tmp_path / "other")
    (tmp_path / "dataset.json").write_text('{"knowledge": "other"}')
    assert read_dataset(tmp_path).knowledge == tmp_path / "other"
    (tmp_path / "dataset.json").write_text('{"knowledge": "nowhere"}')
    data = read_dataset(tmp_path)
    assert data.knowledge == tmp_path / "knowledge"
    assert "knowledge: expected a folder" in data.defects[0].detail


texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda text: text == " ".join(text.split()) and ".." not in text and text[0] not in "/\\" and text[1:2] != ":"
)


@given(st.dictionaries(texts, st.tuples(texts, st.lists(texts, max_size=3, unique=True)), min_size=1, max_size=6))
def test_any_names_come_back(
    tmp_path_factory: pytest.TempPathFactory, named: Mapping[str, tuple[str, list[str]]]
) -> None:
    ids = list(named)
    entities = {
        key: Entity(id=key, name=name, aliases=tuple(aliases), links=(ids[-1],))
        for key, (name, aliases) in named.items()
    }
    triples = tuple(Triple(ids[0], name, alias) for name, aliases in named.values() for alias in aliases)
    folder = tmp_path_factory.mktemp("graph")
    graph = Graph(name="any", entities=entities, triples=triples, pictures=folder / "images")
    write_files(graph, folder)
    again, defects = read_graph(folder)
    assert defects == []
    assert (again.entities, again.triples, again.fingerprint) == (entities, triples, graph.fingerprint)
