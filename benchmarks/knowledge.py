"""A lookup among 100,000 entities at its longest: many mentions, hubs among their neighbours, nothing found."""

import random
import statistics
import time
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from mner_core.knowledge.graph import Entity, Graph, Triple
from mner_core.knowledge.mentions import mentions
from mner_core.knowledge.names import LEAST, normal
from mner_core.knowledge.search import CANDIDATES, KnowledgeSearch

ENTITIES, PICTURES, WIDTH, POSTS, LIMIT = 100_000, 20_000, 1280, 60, 50
PARTS = "ka mi to ra ne lo si be an der son berg wil jor dan mar co pe ter new york san rio bru no lin da".split()  # noqa: SIM905


def main() -> None:
    """Prints the median and the longest time of a lookup, in milliseconds."""
    chance = random.Random(0)
    graph = _graph(chance)
    vectors = np.random.default_rng(0).normal(size=(len(graph.images), WIDTH)).astype(np.float32)
    begin = time.perf_counter()
    search = KnowledgeSearch(graph, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    built = time.perf_counter() - begin
    posts = [
        f"Yesterday {_name(chance)} met {_name(chance)} near {_name(chance)} with {_name(chance)}".split()
        for _ in range(POSTS)
    ]
    times = []
    for post in posts:
        begin = time.perf_counter()
        assert search.find(post, np.ones(WIDTH)) is None
        times.append(1000 * (time.perf_counter() - begin))
    looked = statistics.mean(len(mentions(post)) for post in posts)
    print(
        f"\nA lookup among {ENTITIES} entities with {PICTURES} pictures, {looked:.0f} mentions, index in {built:.1f} s"
    )
    extract = _extract_ms([normal(name) for entity in graph.entities.values() for name in entity.names], posts[:2])
    median = statistics.median(times)
    print(f"  median {median:.0f} ms, longest {max(times):.0f} ms  (at most {LIMIT} ms)")
    print(f"  rapidfuzz's extract over the same names takes {extract:.0f} ms, {extract / median:.0f} x (at least 50)")


def _extract_ms(names: list[str], posts: list[list[str]]) -> float:
    """Milliseconds that the mentions of a post take when each is compared with all names."""
    begin = time.perf_counter()
    for post in posts:
        for mention in mentions(post):
            process.extract(
                normal(mention.text), names, scorer=fuzz.WRatio, processor=None, limit=CANDIDATES, score_cutoff=LEAST
            )
    return 1000 * (time.perf_counter() - begin) / len(posts)


def _graph(chance: random.Random) -> Graph:
    every = ENTITIES // PICTURES
    entities = {
        str(number): Entity(
            id=str(number),
            name=_name(chance),
            aliases=(_name(chance),) if number % 2 else (),
            images=(f"{number}.png",) if number % every == 0 else (),
            links=(str(chance.randrange(20)), str(chance.randrange(ENTITIES))),
        )
        for number in range(ENTITIES)
    }
    triples = tuple(Triple(key, "isA", "thing") for key in entities)
    return Graph(name="bench", entities=entities, triples=triples, pictures=Path())


def _name(chance: random.Random) -> str:
    words = range(chance.randint(1, 3))
    return " ".join("".join(chance.choice(PARTS) for _ in range(chance.randint(1, 3))).title() for _ in words)
