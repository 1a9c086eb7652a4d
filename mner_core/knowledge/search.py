"""What a graph knows about a post's picture, found by the mentions in its text (IAIK, section 3.2).

Mentions lead to candidates. The candidate that owns the picture likest to the post's is the answer; if none owns one
that is like enough, a neighbour of them, else a neighbour's neighbour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mner_core.knowledge.graph import Graph
from mner_core.knowledge.mentions import mentions
from mner_core.knowledge.names import NameIndex

LEAST = 0.9
"""The paper's threshold of the cosine between two pictures."""
DECIMALS = 6
"""Of a cosine: a picture's float32 cosine with itself may be 0.9999999."""
HOPS = 2
CANDIDATES = 32
"""Names that a mention brings at most; there are many Jordans, and only the picture can tell them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """A concept triple in words, and how it was found.

    `path` begins with the mention and the candidate it named; "—relation→" or "←relation—" lead on to neighbours, the
    last one being the triple's head. `score` is the cosine of the post's picture and `image`, a file of the graph.
    """

    head: str
    relation: str
    tail: str
    entity: str
    path: tuple[str, ...]
    score: float
    image: str

    @property
    def item(self) -> dict[str, Any]:
        """The same as an item of evidence."""
        named = {name: getattr(self, name) for name in ("head", "relation", "tail", "entity", "score", "image")}
        return {"text": f"{self.head} {self.relation} {self.tail}", **named, "path": list(self.path)}


class _Table:
    """Rows of numbers of any length: for each of `num` entities its targets, each with a label."""

    def __init__(self, num: int, entries: Sequence[tuple[int, int, int]]) -> None:
        made = np.array(entries, np.int64).reshape(-1, 3)
        made = made[np.argsort(made[:, 0], kind="stable")]
        self._starts = np.searchsorted(made[:, 0], np.arange(num + 1))
        self._targets, self._labels = made[:, 1], made[:, 2]

    def of(self, row: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The targets of one entity and their labels."""
        part = slice(self._starts[row], self._starts[row + 1])
        return self._targets[part], self._labels[part]

    def ends(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The targets of many entities, and for each the place in `rows` that it belongs to."""
        counts = self._starts[rows + 1] - self._starts[rows]
        places = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._targets[self._starts[rows][places] + within], places


class KnowledgeSearch:
    """Finds knowledge in one graph.

    Args:
        graph: where.
        vectors: [images, width] unit vectors of `graph.images`, zero where a picture does not open.
    """

    def __init__(self, graph: Graph, vectors: NDArray[np.float32]) -> None:
        assert len(vectors) == len(graph.images)
        self.graph = graph
        self.vectors = vectors
        self._entities = list(graph.entities.values())
        self._row_of = {entity.id: row for row, entity in enumerate(self._entities)}
        named = [(name, row) for row, entity in enumerate(self._entities) for name in entity.names]
        self._named = [row for _, row in named]
        self._names = NameIndex([name for name, _ in named])
        self._edges = self._join()
        self._pictures = self._owned()

    def find(self, words: Sequence[str], vector: NDArray[Any], least: float = LEAST) -> Knowledge | None:
        """The knowledge about a post with these words and a picture with this pooled vector [width]; None for none."""
        length = float(np.linalg.norm(vector))
        candidates = self._candidates(words) if length else {}
        rows, levels = np.array(list(candidates), np.int64), []
        seen = np.zeros(len(self._entities), bool)
        for _ in range(HOPS + 1):
            levels.append(rows)
            seen[rows] = True
            hit = self._likest_picture(rows, np.asarray(vector, np.float32) / length, least) if len(rows) else None
            if hit is not None:
                return self._answer(*hit, levels, candidates)
            near = np.zeros(len(seen), bool)
            near[self._edges.ends(rows)[0]] = True
            rows = np.flatnonzero(near & ~seen)
        return None

    def _candidates(self, words: Sequence[str]) -> dict[int, str]:
        """The entities that the mentions may name, likest first, each with its mention."""
        best: dict[int, tuple[float, str]] = {}
        for mention in mentions(words):
            for name in self._names.likest(mention.text, CANDIDATES):
                row = self._named[name.place]
                if row not in best or name.score > best[row][0]:
                    best[row] = (name.score, mention.text)
        return {row: best[row][1] for row in sorted(best, key=lambda row: -best[row][0])}

    def _likest_picture(
        self, rows: NDArray[np.int64], query: NDArray[np.float32], least: float
    ) -> tuple[int, int, float] | None:
        """(entity, picture, cosine) of the likest picture that these entities own, if it is like enough."""
        pictures, places = self._pictures.ends(rows)
        if not len(pictures):
            return None
        many = 4 * len(pictures) > len(self.vectors)  # then copying them costs more than looking at all
        cosines = (self.vectors @ query)[pictures] if many else self.vectors[pictures] @ query
        best = int(cosines.argmax())
        cosine = round(float(cosines[best]), DECIMALS)
        return (int(rows[places[best]]), int(pictures[best]), cosine) if cosine >= least else None

    def _answer(
        self, row: int, picture: int, cosine: float, levels: list[NDArray[np.int64]], candidates: dict[int, str]
    ) -> Knowledge:
        entity = self._entities[row]
        triple = self.graph.concept_of[entity.id]
        first, steps = self._way_back(row, levels)
        return Knowledge(
            head=entity.name,
            relation=triple.relation,
            tail=self.graph.phrase(triple.tail),
            entity=entity.id,
            path=(candidates[first], self._entities[first].name, *steps),
            score=round(cosine, 4),
            image=self.graph.images[picture],
        )

    def _way_back(self, row: int, levels: list[NDArray[np.int64]]) -> tuple[int, list[str]]:
        """The candidate from which a found entity was reached, and the steps from there."""
        steps: list[str] = []
        for level in reversed(levels[:-1]):
            near, labels = self._edges.of(row)
            before = int(level[np.isin(level, near)][0])
            relation = self._relations[labels[np.flatnonzero(near == before)[0]]]
            steps = [relation, self._entities[row].name, *steps]
            row = before
        return row, steps

    def _join(self) -> "_Table":
        """Every edge both ways; its label is how it reads when one comes along it."""
        pairs = [(self._row_of[a], relation, self._row_of[b]) for a, relation, b in self.graph.edges]
        texts = sorted({relation for _, relation, _ in pairs})
        number = {relation: place for place, relation in enumerate(texts)}
        self._relations = [f"←{relation}—" for relation in texts] + [f"—{relation}→" for relation in texts]
        backward = [(a, b, number[relation]) for a, relation, b in pairs]
        forward = [(b, a, number[relation] + len(texts)) for a, relation, b in pairs]
        return _Table(len(self._entities), [*forward, *backward])

    def _owned(self) -> "_Table":
        """The pictures of the entities that have something to say."""
        place = {image: number for number, image in enumerate(self.graph.images)}
        owned = [
            (row, place[image], 0)
            for row, entity in enumerate(self._entities)
            if entity.id in self.graph.concept_of
            for image in entity.images
        ]
        return _Table(len(self._entities), owned)
