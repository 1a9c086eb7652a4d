"""The knowledge graph that came with a data set stays with it: in, kept, out again, and no reason to lose posts."""

import json
import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from db.connection import make_engine, store_url
from db.engine import Store, open_store
from db.exchange import export_folder, import_folder
from db.knowledge import graph_of
from db.migrate import _FOLDER, prepare_folder
from db.posts import dataset, defects
from mner_core.data.dataset import read_dataset
from mner_core.home import Home
from mner_core.knowledge.graph_files import read_graph
from mner_core.types import InputError
from tests.knowledge.samples import write_sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One post with a graph beside it."""
    posts = tmp_path / "films"
    write_sample(posts / "knowledge")
    (posts / "train.jsonl").write_text(json.dumps({"id": "1", "text": "King Kong again"}), encoding="utf-8")
    return posts


def test_the_graph_comes_in_with_its_pictures_and_goes_out_again(store: Store, folder: Path, tmp_path: Path) -> None:
    given, _ = read_graph(folder / "knowledge")
    import_folder(store, folder)
    shutil.rmtree(folder / "knowledge")
    kept = graph_of(store, "films")
    assert kept is not None
    assert kept.fingerprint == given.fingerprint
    assert all(kept.picture(image).is_file() for image in given.images)
    export_folder(store, tmp_path / "out", "films")
    again = read_dataset(tmp_path / "out")
    assert again.knowledge is not None
    assert read_graph(again.knowledge)[0].fingerprint == given.fingerprint


def test_an_import_without_a_graph_leaves_the_one_that_is_there(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    before = dataset(store, "films").knowledge
    shutil.rmtree(folder / "knowledge")
    import_folder(store, folder)
    assert dataset(store, "films").knowledge == before


def test_other_pictures_are_another_graph(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    before = dataset(store, "films").knowledge
    pictures = folder / "knowledge" / "images"
    shutil.copyfile(pictures / "blue.png", pictures / "red.png")
    import_folder(store, folder)
    assert dataset(store, "films").knowledge != before
    assert len(list(store.home.graphs.iterdir())) == 2


def test_a_graph_that_cannot_be_read_costs_no_post(store: Store, folder: Path) -> None:
    (folder / "knowledge" / "entities.jsonl").write_text("{}\n")
    assert import_folder(store, folder).added == 1
    assert graph_of(store, "films") is None
    assert "bad-knowledge" in [each.kind for each in defects(store, "films")]


def test_a_graph_that_is_gone_is_a_sentence(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    shutil.rmtree(store.home.graphs)
    with pytest.raises(InputError, match="The knowledge graph of films is damaged; import the data set again"):
        graph_of(store, "films")


def test_a_set_from_before_graphs_were_kept_has_none(home: Home) -> None:
    url = store_url(home)
    prepare_folder(url)
    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "insert into datasets (name, licence, credits, labels, mapping, created) "
            "values ('old', '', '', '[]', '{}', 1.0)"
        )
    engine.dispose()
    store = open_store(home)
    assert dataset(store, "old").knowledge is None
    assert graph_of(store, "old") is None
    store.close()
