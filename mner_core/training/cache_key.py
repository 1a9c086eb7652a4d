"""What a training's result follows from, as plain data: the key under which it may be kept and met again."""

from collections.abc import Mapping
from typing import Any

from mner_core.data.fingerprint import data_fingerprint, pictures_fingerprint
from mner_core.features.extractor import extractor
from mner_core.retrieval.entity_linking import graph_posts
from mner_core.text.encoder import encoder_version
from mner_core.training.plan import Plan
from mner_core.training.train import TrainingRequest
from mner_core.training.versions import library_versions, system_digest


def training_key(request: TrainingRequest, *more: str) -> dict[str, Any]:
    """Everything that decides what the request's run will say: settings, posts, the pictures' bytes, and the code.

    `more` are further modules from which an answer follows that is kept beside the run.
    """
    return {
        **request.identity(),
        "others": data_fingerprint(request.others),
        "pictures": _pictures(request),
        "code": system_digest(request.plan.system, *more),
        "libraries": library_versions(),
        "weights": _weights(request.plan),
    }


def _pictures(request: TrainingRequest) -> Mapping[str, str]:
    """The contents of the pictures that the system reads: those of the posts, and those of the knowledge graph."""
    plan, posts = request.plan, [*request.train, *request.dev, *request.others]
    found = {"posts": pictures_fingerprint(posts)} if plan.needs_pictures else {}
    if request.graph is not None and plan.needs.knowledge:
        found["knowledge"] = pictures_fingerprint(graph_posts(request.graph))
    return found


def _weights(plan: Plan) -> Mapping[str, str]:
    """The versions of what is not trained from nothing: the text encoder and the extractors."""
    pictures = extractor(plan.profile).version if plan.needs_pictures else ""
    return {"text": encoder_version(plan.profile.text), "pictures": pictures}
