"""The command that draws a post and what runs see in it, for a paper."""

import argparse

from mner_core.commands.inputs import load_run, must_be_run, post_named
from mner_core.commands.main import Answer, say_defects
from mner_core.data.dataset import read_dataset
from mner_core.types import InputError


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
