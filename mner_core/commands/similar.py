"""The command that finds the posts most like a post, a picture or a sentence."""

import argparse
from typing import Any

from mner_core.catalog.profiles import profile
from mner_core.commands.inputs import post_named
from mner_core.commands.main import Answer, say_defects
from mner_core.commands.progress_bars import Bar
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.data.images import open_image
from mner_core.data.jsonl import to_record
from mner_core.home import Home
from mner_core.types import Example, InputError


def similar(options: argparse.Namespace) -> Answer:
    """The K posts of a data set, or of one of its splits, that are most like what is asked for."""
    if sum(given is not None for given in (options.image, options.text, options.post)) != 1:
        raise InputError("`similar` takes one of --post SPLIT/ID, --image FILE and --text TEXT.")
    if options.k < 1:
        raise InputError(f"--k {options.k} asks for no post; it is a whole number from 1.")
    data = read_dataset(options.data)
    say_defects(data.defects)
    asked = _asked(options, data)
    among = data.posts if options.split is None else data.split(options.split)
    from mner_core.features.store import FeatureStore
    from mner_core.retrieval.similar import PostVectors, SimilarIndex

    chosen, home = profile(options.profile), Home.from_environment()
    vectors = PostVectors(options.by, FeatureStore(chosen, home), chosen.slots["text"], home)
    query = vectors.query(asked)  # what has nothing to compare is refused before the others are read
    index = SimilarIndex.build(among, vectors, Bar(f"vectors by {options.by}"))
    others = [post.key != asked.key for post in among]
    return {
        "by": options.by,
        "neighbours": [_shown(among[place], score) for place, score in index.nearest(query, options.k, others)],
    }


def _shown(post: Example, score: float) -> dict[str, Any]:
    return {"split": post.split, "post": post.id, "score": score, "spans": to_record(post)["spans"], "text": post.text}


def _asked(options: argparse.Namespace, data: Dataset) -> Example:
    """What the others are compared with; a sentence and a picture are no post of the set."""
    if options.text is not None:
        return Example(id="", text=options.text, tokens=())
    if options.image is not None:
        open_image(options.image)
        return Example(id="", text="", tokens=(), image=options.image, image_name=options.image.name)
    return post_named(data.posts, options.post, data.name)
