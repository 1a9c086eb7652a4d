"""The inputs of a model besides text: extracted features and, where its system has neighbours, their pool."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mner_core.batches.feature_providers import FeatureProviders
from mner_core.features.extract import extract
from mner_core.features.grounding import Grounding
from mner_core.features.shards import Shards
from mner_core.features.store import FeatureStore
from mner_core.home import Home
from mner_core.knowledge.graph import Graph
from mner_core.retrieval.entity_linking import GraphKnowledge, graph_folder, graph_posts
from mner_core.retrieval.neighbour_cache import PoolNeighbourhood, build_pool
from mner_core.run_record import RunRecord
from mner_core.text.sentences import PhraseVectors
from mner_core.training.plan import OnProgress, Plan
from mner_core.training.run_parts import GRIDS, POOL, Grids, graph_of_run, pool_folder, pool_of_run
from mner_core.types import Example


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
    everybody, needs = [*train, *others], plan.needs
    extract(everybody, plan.profile, home, lambda done, total: on_progress("features", done, total))
    features = FeatureStore(plan.profile, home)
    providers = FeatureProviders(features=features)
    pool = knowledge = ""
    if needs.links != "none":
        providers = replace(providers, grounding=_grounding(plan, everybody, features, home, on_progress))
    if needs.neighbours:
        pooled = everybody if needs.pool == "all" else train
        neighbourhood = _neighbourhood(plan, pooled, everybody, features, home, on_progress)
        providers, pool = replace(providers, neighbourhood=neighbourhood), neighbourhood.pool.fingerprint
    if needs.attributes or needs.knowledge:
        providers = replace(providers, phrases=_phrases(plan, everybody, features))
    if needs.knowledge and graph is not None:
        known = _knowledge(plan, graph, everybody, features, home, on_progress)
        providers, knowledge = replace(providers, knowledge=known), known.fingerprint
    return ModelInputs(providers, pool, knowledge)


def _grounding(
    plan: Plan, everybody: Sequence[Example], features: FeatureStore, home: Home, on_progress: OnProgress
) -> Grounding:
    grounding = _new_grounding(plan, home)
    grounding.sweep(everybody, features, lambda done, total: on_progress("phrases", done, total))
    return grounding


def _new_grounding(plan: Plan, home: Home) -> Grounding:
    return Grounding(plan.profile, home, general=plan.needs.links == "phrases and general words")


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

    pool = build_pool(pooled, features, plan.profile.text, plan.needs, home, on_vectors)
    pool.save(pool_folder(home, pool.fingerprint))
    neighbourhood = PoolNeighbourhood(
        pool, Grids(features, home).of, plan.profile.text, plan.needs, indexes=home.indexes
    )
    neighbourhood.prepare(everybody, features, home, on_vectors)
    return neighbourhood


def _phrases(plan: Plan, everybody: Sequence[Example], features: FeatureStore) -> PhraseVectors:
    """The names of all pictures' classes as vectors, computed in one go."""
    phrases = PhraseVectors(plan.profile.text)
    if plan.needs.attributes:
        phrases.prepare(name for example in everybody for name, _ in features.features(example).attributes)
    return phrases


def _knowledge(
    plan: Plan, graph: Graph, everybody: Sequence[Example], features: FeatureStore, home: Home, on_progress: OnProgress
) -> GraphKnowledge:
    """Looks at the graph's pictures, keeps the graph for the run, and looks everybody up."""
    extract(graph_posts(graph), plan.profile, home, lambda done, total: on_progress("knowledge", done, total))
    known = GraphKnowledge.build(graph, features, plan.needs.similarity)
    known.save(graph_folder(home, known.fingerprint))
    for done, example in enumerate(everybody, 1):
        known.of(example, features.features(example))
        on_progress("knowledge", done, len(everybody))
    return known


def load_providers(run: Path, record: RunRecord, plan: Plan, home: Home) -> FeatureProviders:
    """What a stored run's batches are made from: its own pool and graph, or those of the home.

    Raises:
        InputError: its pool or its knowledge graph cannot be found; the sentence says how to make it again.
    """
    if not plan.needs_pictures:
        return FeatureProviders()
    features = FeatureStore(plan.profile, home)
    providers = FeatureProviders(features=features)
    if plan.needs.links != "none":
        providers = replace(providers, grounding=_new_grounding(plan, home))
    if record.pool and plan.needs.neighbours:
        providers = replace(providers, neighbourhood=load_neighbourhood(run, record, plan, features, home))
    if plan.needs.attributes or plan.needs.knowledge:
        providers = replace(providers, phrases=PhraseVectors(plan.profile.text))
    if record.knowledge:
        folder = graph_of_run(run, record, home)
        known = GraphKnowledge.load(folder, record.knowledge, plan.needs.similarity, features)
        providers = replace(providers, knowledge=known)
    return providers


def load_neighbourhood(
    run: Path, record: RunRecord, plan: Plan, features: FeatureStore, home: Home
) -> PoolNeighbourhood:
    """The neighbourhood of a stored run; an exported run brought its pictures' grids along.

    Raises:
        InputError: its pool cannot be found or is damaged.
    """
    pool, _ = pool_of_run(run, record, home)
    own = run / POOL / GRIDS
    grids = Grids(features, home, Shards(own) if own.is_dir() else None)
    return PoolNeighbourhood(pool, grids.of, plan.profile.text, plan.needs, indexes=home.indexes)
