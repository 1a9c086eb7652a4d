"""What surrounds a model: extracted features and, where its system has neighbours, the pool they are found in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mner_core.batches.feature_providers import FeatureProviders
from mner_core.features.extract import extract
from mner_core.features.grounding import Grounding
from mner_core.features.shards import Shards
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.knowledge.search import LEAST
from mner_core.retrieval.entity_linking import GraphKnowledge, graph_folder, graph_posts
from mner_core.retrieval.neighbour_cache import Grids, PoolNeighbourhood, build_pool
from mner_core.retrieval.pool import Pool
from mner_core.run_record import RunRecord
from mner_core.text.sentences import PhraseVectors
from mner_core.training.plan import OnProgress, Plan
from mner_core.types import Example, InputError


@dataclass(frozen=True)
class ModelInputs:
    """What batches are made from; `pool` and `knowledge` are fingerprints of pool and knowledge graph, or empty."""

    providers: FeatureProviders
    pool: str = ""
    knowledge: str = ""


def prepare_model_inputs(
    plan: Plan,
    train: Sequence[Example],
    others: Sequence[Example],
    home: Home,
    on_progress: OnProgress,
    graph: Graph | None = None,
) -> ModelInputs:
    """Extracts what is not cached yet, joins words to objects, finds everybody's neighbours and knowledge.

    Args:
        plan: what is needed.
        train: the posts whose images are the pool `train`.
        others: all other posts; their images join the pool `all`.
        home: where caches lie.
        on_progress: told how far each part is.
        graph: the knowledge graph that came with the posts.
    """
    if not plan.needs_pictures:
        return ModelInputs(FeatureProviders())
    everybody = [*train, *others]
    extract(everybody, plan.profile, home, lambda done, total: on_progress("features", done, total))
    features = FeatureStore(plan.profile, home)
    providers = FeatureProviders(features=features)
    if "links" in plan.needs:
        providers = replace(providers, grounding=_grounding(plan, everybody, features, home, on_progress))
    pool = knowledge = ""
    if "neighbours" in plan.needs:
        pooled = everybody if getattr(plan.settings, "pool", "train") == "all" else train
        neighbourhood = _neighbourhood(plan, pooled, everybody, features, home, on_progress)
        providers, pool = replace(providers, neighbourhood=neighbourhood), neighbourhood.pool.fingerprint
    if plan.needs & {"attributes", "knowledge"}:
        providers = replace(providers, phrases=_phrases(plan, everybody, features))
    if "knowledge" in plan.needs and graph is not None:
        known = _knowledge(plan, graph, everybody, features, home, on_progress)
        providers, knowledge = replace(providers, knowledge=known), known.fingerprint
    return ModelInputs(providers, pool, knowledge)


def _grounding(
    plan: Plan, everybody: Sequence[Example], features: FeatureStore, home: Home, on_progress: OnProgress
) -> Grounding:
    grounding = _asking(plan, home)
    looked = [(example, features.features(example)) for example in everybody]
    grounding.sweep(looked, lambda done, total: on_progress("phrases", done, total))
    return grounding


def _asking(plan: Plan, home: Home) -> Grounding:
    return Grounding(plan.profile, home, general=getattr(plan.settings, "edges", "") != "phrase alone")


def _neighbourhood(
    plan: Plan,
    pooled: Sequence[Example],
    everybody: Sequence[Example],
    features: FeatureStore,
    home: Home,
    on_progress: OnProgress,
) -> PoolNeighbourhood:
    """The pool of those posts, kept, and everybody's neighbours in it, found."""

    def on_vectors(done: int, total: int) -> None:
        on_progress("neighbours", done, total)

    pool = build_pool(pooled, features, plan.profile.text, home, on_vectors)
    pool.save(pool_folder(home, pool.fingerprint))
    count: int = getattr(plan.settings, "neighbours", 0)
    neighbourhood = PoolNeighbourhood(pool, kept_grids(features.shards), features, plan.profile.text, count, home)
    neighbourhood.prepare(everybody, on_vectors)
    return neighbourhood


def _phrases(plan: Plan, everybody: Sequence[Example], features: FeatureStore) -> PhraseVectors:
    """The names of all pictures' classes as vectors, computed in one go."""
    phrases = PhraseVectors(plan.profile.text)
    if "attributes" in plan.needs:
        phrases.prepare(name for example in everybody for name, _ in features.features(example).attributes)
    return phrases


def _knowledge(
    plan: Plan, graph: Graph, everybody: Sequence[Example], features: FeatureStore, home: Home, on_progress: OnProgress
) -> GraphKnowledge:
    """Looks at the graph's pictures, keeps the graph for the run, and looks everybody up."""
    extract(graph_posts(graph), plan.profile, home, lambda done, total: on_progress("knowledge", done, total))
    known = GraphKnowledge.build(graph, features, _similarity(plan))
    known.save(graph_folder(home, known.fingerprint))
    for done, example in enumerate(everybody, 1):
        known.of(example, features.features(example))
        on_progress("knowledge", done, len(everybody))
    return known


def _similarity(plan: Plan) -> float:
    least: float = getattr(plan.settings, "similarity", LEAST)
    return least


def load_providers(run: Path, record: RunRecord, plan: Plan, home: Home) -> FeatureProviders:
    """What a stored run's batches are made from; its pool and its graph are its own where it brought them (exported).

    Raises:
        InputError: its pool or its knowledge graph cannot be found.
    """
    if not plan.needs_pictures:
        return FeatureProviders()
    features = FeatureStore(plan.profile, home)
    providers = FeatureProviders(features=features)
    if "links" in plan.needs:
        providers = replace(providers, grounding=_asking(plan, home))
    if record.pool:
        count: int = getattr(plan.settings, "neighbours", 0)
        providers = replace(providers, neighbourhood=load_neighbourhood(run, record.pool, features, count, home))
    if plan.needs & {"attributes", "knowledge"}:
        providers = replace(providers, phrases=PhraseVectors(plan.profile.text))
    if record.knowledge:
        own = run / "knowledge"
        folder = own if own.is_dir() else graph_folder(home, record.knowledge)
        providers = replace(providers, knowledge=GraphKnowledge.load(folder, record.knowledge, _similarity(plan)))
    return providers


def pool_folder(home: Home, fingerprint: str) -> Path:
    """Where the pool of that fingerprint lies in a home."""
    return home.root / "pools" / fingerprint


def load_neighbourhood(
    run: Path, fingerprint: str, features: FeatureStore, count: int, home: Home
) -> PoolNeighbourhood:
    """The neighbourhood of a stored run: its own pool if it brought one (an exported run), else the home's.

    Raises:
        InputError: neither has the pool.
    """
    own = run / "pool"
    profile = features.extractor.profile
    pool = Pool.load(own if own.is_dir() else pool_folder(home, fingerprint))
    grids = kept_grids(Shards(own / "grids") if own.is_dir() else features.shards)
    return PoolNeighbourhood(pool, grids, features, profile.text, count)


def kept_grids(shards: Shards) -> Grids:
    """The grids of pictures that a sweep has seen, by sha256."""

    def grid(digest: str) -> NDArray[np.float16]:
        known = shards.of_picture(digest)
        if known is None:
            raise InputError(
                f"The neighbour picture {digest[:12]} is not in the feature cache any more; "
                "run `features` on the run's data set, or use an exported run, which brings its pool."
            )
        return known.grid

    return grid
