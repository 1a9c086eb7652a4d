"""The knowledge graphs that came with data sets, kept as folders below the home, each once."""

import hashlib

from db.engine import Store
from db.posts import dataset as dataset_named
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.knowledge.graph_files import read_graph, write_graph
from mner_core.types import InputError


def keep_graph(home: Home, graph: Graph) -> str:
    """Copies a graph with its pictures into the home, unless it is there, and returns its key.

    Raises:
        InputError: it cannot be written.
    """
    key = _key(graph)
    folder = home.graphs / key
    if not folder.is_dir():
        try:
            write_graph(graph, folder)
        except InputError:
            if not folder.is_dir():  # else another process has written the same meanwhile
                raise
    return key


def graph_of(store: Store, dataset: str) -> Graph | None:
    """The knowledge graph that came with a data set, None where none did.

    Raises:
        InputError: there is no such data set, or its graph is gone from the home.
    """
    key = dataset_named(store, dataset).knowledge
    if key is None:
        return None
    try:
        return read_graph(store.home.graphs / key)[0]
    except InputError as error:
        raise InputError(f"The knowledge graph of {dataset} is damaged; import the data set again. {error}") from None


def _key(graph: Graph) -> str:
    """sha256 of what the graph says and of its pictures."""
    digest = hashlib.sha256(graph.fingerprint.encode())
    for image in graph.images:
        digest.update(hashlib.sha256(graph.picture(image).read_bytes()).digest())
    return digest.hexdigest()
