"""The command that draws a post and what runs see in it, for a paper."""

import argparse

from mner_core.commands.inputs import load_run, must_be_run
from mner_core.commands.main import Answer, say_defects
from mner_core.data.dataset import read_dataset
from mner_core.types import Example, InputError


def figure(options: argparse.Namespace) -> Answer:
    """Draws one post of a file and what up to four runs see in it."""
    from mner_core.explain.figure import FORMATS, MOST, Seen, draw

    if options.out.suffix.lower() not in FORMATS:
        raise InputError(f"{options.out.name} has to end in {' or '.join(FORMATS)}.")
    if len(options.run) > MOST:
        raise InputError(f"--run names {len(options.run)} runs; at most {MOST} stand beside each other.")
    for run in options.run:
        must_be_run(run)
    data = read_dataset(options.data)
    say_defects(data.defects)
    post = post_named(data.posts, options.post, data.name)
    seen = [Seen(path.stem, load_run(path).predict_posts([post], evidence=True)[0]) for path in options.run]
    try:
        draw(post, seen, options.out)
    except OSError as error:
        raise InputError(f"Cannot write {options.out.name}: {error.strerror or error}.") from error
    return {"file": str(options.out)}


def post_named(posts: list[Example], name: str, data: str) -> Example:
    """The post with that id, or that SPLIT/ID where several splits have it.

    Raises:
        InputError: there is none, or the id stands in several splits.
    """
    found = [post for post in posts if name in (post.id, f"{post.split}/{post.id}")]
    if not found:
        raise InputError(f"There is no post {name!r} in {data}.")
    if len(found) > 1:
        splits = " or ".join(f"{post.split}/{post.id}" for post in found)
        raise InputError(f"Several splits of {data} have a post {name!r}; name {splits}.")
    return found[0]
