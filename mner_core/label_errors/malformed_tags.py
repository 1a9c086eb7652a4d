"""Entities that a file's tags do not really write: an I- that follows nothing, or an entity of another type.

A lenient reader takes such a tag for the beginning of an entity. One of the tags around it is wrong whatever was meant.
"""

from collections.abc import Sequence

from mner_core.tags import Scheme, decode_strict, split_tag
from mner_core.types import Example, Span

OWN_SCHEME = 0.5
"""Where the scheme's strict reading keeps fewer of the spans, the file is in another scheme (IOB1) and nothing is
malformed."""


def malformed(posts: Sequence[Example]) -> list[frozenset[Span]]:
    """For each post the gold spans whose tags are malformed, and those that end where such a one begins.

    A post whose labels came as offsets has none.
    """
    prefixes = {split_tag(tag)[0] for post in posts for tag in post.tags or ()}
    scheme: Scheme = "BIOES" if prefixes & {"E", "S"} else "BIO2"
    found = [_of_post(post, scheme) for post in posts]
    all_of_them = sum(len(post.spans or ()) for post in posts if post.tags is not None)
    if sum(map(len, found)) > (1 - OWN_SCHEME) * all_of_them:
        return [frozenset()] * len(posts)
    return found


def _of_post(post: Example, scheme: Scheme) -> frozenset[Span]:
    if post.tags is None:
        return frozenset()
    spans = frozenset(post.spans or ())
    orphans = spans - set(decode_strict(post.tags, scheme))
    begins = {span.start for span in orphans}
    return orphans | {span for span in spans if span.end in begins}
