"""Where a stored run looks, judged by gold boxes, beside the same model untrained."""

from pathlib import Path
from typing import Any

from mner_core.data.boxes import ENTITY_BOXES, read_entity_boxes
from mner_core.data.dataset import Dataset
from mner_core.data.images import opens
from mner_core.evaluation.pointing import pointing
from mner_core.evaluation.scoring import post_digest
from mner_core.training.fit import predict
from mner_core.training.run import Run
from mner_core.types import InputError


def point(run: Run, data: Dataset, boxes: Path | None = None) -> dict[str, Any]:
    """Pointing of every kind of evidence, over the posts with a picture and a gold box that the run was not trained on.

    Args:
        run: a trained run.
        data: the posts; their split does not matter.
        boxes: the file of gold boxes; the data set's own where it is not given.

    Raises:
        InputError: there is no such post, or the boxes cannot be read.
    """
    gold = read_entity_boxes(boxes or data.root / ENTITY_BOXES, data.posts)
    boxed = {post for post, _ in gold.boxes}
    pictured = [post for post in data.posts if post.key in boxed and opens(post.image)]
    trained = set(run.record.trained_posts)
    posts = [post for post in pictured if post_digest(post) not in trained]
    if not posts:
        raise InputError(f"No post of {data.name} that the run was not trained on has a picture and a gold box.")
    after = run.predict_posts(posts, evidence=True)
    before = predict(run.untrained(), run.batcher, posts, run.plan.settings.batch, evidence=True)
    results = pointing(posts, gold, [each.evidence for each in after], [each.evidence for each in before])
    chosen = {post.key for post in posts}
    return {
        "posts": len(posts),
        "posts_trained_on": len(pictured) - len(posts),
        "entities": sum(post in chosen for post, _ in gold.boxes),
        "boxes_without_entity": gold.unmatched,
        "evidence": [each.to_json() for each in results],
    }
