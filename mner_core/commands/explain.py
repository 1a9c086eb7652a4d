"""The command that explains: attributions of one entity, or how good they are over a split."""

import argparse
import random
from dataclasses import asdict
from pathlib import Path

from mner_core.commands.inputs import load_run, must_be_run, post_named
from mner_core.commands.main import Answer, say_defects
from mner_core.data.dataset import read_dataset
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, InputError, Span

POSTS = 60
"""Posts over which curves are drawn by default."""


def explain(options: argparse.Namespace) -> Answer:
    """Explains one entity of a sentence or of a stored post; with --curves, says how good explanations are."""
    if (options.text is None) == (options.data is None):
        raise InputError("`explain` takes either --text (and perhaps --image), or --data with --post or --curves.")
    if options.data is not None and (options.post is None) == (not options.curves):
        raise InputError("`explain --data` takes either --post ID, or --curves.")
    posts = _posts(options)
    must_be_run(options.run)
    wanted = None if options.entity is None else entity(options.entity, posts[0])
    from mner_core.explain import attributions, curves

    run = load_run(options.run)
    if options.curves:
        return asdict(curves.curves(run, posts))
    return attributions.explain(run, posts[0], wanted, options.method).to_json()


def entity(said: str, post: Example) -> Span:
    """The words of the post that START:END:LABEL names; the numbers count code points, END is behind the last one.

    Raises:
        InputError: it is not written so, lies outside the text, or touches no word.
    """
    start, end, label = ([*said.split(":", 2), "", ""])[:3]
    if not (start.isdecimal() and end.isdecimal() and label):
        raise InputError(f"--entity {said!r} names no entity: write it as START:END:LABEL, such as 0:4:PER.")
    first, last = int(start), int(end)
    if not first < last <= len(post.text):
        raise InputError(f"--entity {first}:{last} lies outside the text, which has {len(post.text)} characters.")
    words = [place for place, token in enumerate(post.tokens) if token.start < last and token.end > first]
    if not words:
        raise InputError(f"--entity {first}:{last} touches no word of the text.")
    return Span(words[0], words[-1] + 1, label)


def _posts(options: argparse.Namespace) -> list[Example]:
    """The post that is to be explained, or those over which curves are drawn."""
    if options.text is not None:
        if options.image is not None and not options.image.is_file():
            raise InputError(f"There is no picture {options.image}.")
        return [_of_text(options.text, options.image, options.caption)]
    data = read_dataset(options.data)
    say_defects(data.defects)
    if options.curves:
        number = POSTS if options.posts is None else options.posts
        return random.Random(0).sample(data.posts, min(number, len(data.posts)))
    return [post_named(data.posts, options.post, data.name)]


def _of_text(text: str, image: Path | None, caption: str | None) -> Example:
    name = image.name if image else None
    return Example(id="", text=text, tokens=tokenize(text), image=image, image_name=name, caption=caption)
