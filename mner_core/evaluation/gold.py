"""Which entities of labelled posts a protocol counts, of those that count post by post.

A tag file has one scheme. It is decided from all posts of the file (of both files, where one is scored against another)
and never from a single post: in a BIOES file `B-LOC O` is no entity, although nothing in that post says BIOES.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mner_core.tags import Scheme, decode_strict, split_tag
from mner_core.types import Example, InputError, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A named way to score: what it does, in a reader's words, and which spans of a labelled post it counts."""

    about: str
    entities: Callable[[Example, Scheme], Sequence[Span]]


def _as_read(post: Example, scheme: Scheme) -> Sequence[Span]:  # noqa: ARG001  a lenient reader knows no scheme
    return post.spans or ()


def _as_written(post: Example, scheme: Scheme) -> Sequence[Span]:
    return post.spans or () if post.tags is None else decode_strict(post.tags, scheme)


PROTOCOLS: Mapping[str, Protocol] = {
    "entity": Protocol(
        about="word level, exact span and type, pooled; an orphan I- tag begins an entity, "
        "as in conlleval and seqeval's default",
        entities=_as_read,
    ),
    "entity-strict": Protocol(
        about="the same, but only entities that are tagged as the file's scheme (BIO2 or BIOES) demands: an orphan I- "
        "tag is none, so support may be smaller (seqeval's strict mode)",
        entities=_as_written,
    ),
}


def protocol_named(name: str) -> Protocol:
    """The protocol of that name, of those that count post by post.

    Raises:
        InputError: there is none; the message lists the names. (`protocols` has the legacy ones, too.)
    """
    if name not in PROTOCOLS:
        names = ", ".join(PROTOCOLS)
        raise InputError(f"There is no scoring protocol {name!r} that counts post by post; choose one of {names}.")
    return PROTOCOLS[name]


def scheme_of(*files: Iterable[Example]) -> Scheme:
    """The scheme of files that belong together: BIOES where any tag of any post begins with E- or S-, else BIO2."""
    tags = (tag for posts in files for post in posts for tag in post.tags or ())
    return "BIOES" if any(split_tag(tag)[0] in {"E", "S"} for tag in tags) else "BIO2"


def gold_spans(post: Example, protocol: str, scheme: Scheme) -> frozenset[Span]:
    """The entities of one labelled post as the protocol reads them; `scheme` is that of its whole file.

    Raises:
        InputError: the protocol is unknown, or nobody has labelled the post.
    """
    if post.spans is None:
        raise InputError(f"Post {post.id!r} has no labels that could be scored; label it or leave it out.")
    return frozenset(protocol_named(protocol).entities(post, scheme))


def gold_entities(posts: Sequence[Example], protocol: str, scheme: Scheme | None = None) -> list[frozenset[Span]]:
    """The entities of each post of a file as the protocol reads them; the posts themselves decide a `scheme` of None.

    Raises:
        InputError: the protocol is unknown, or a post is not labelled.
    """
    chosen = scheme or scheme_of(posts)
    return [gold_spans(post, protocol, chosen) for post in posts]


def unknown_labels(posts: Iterable[Example], known: Collection[str]) -> dict[str, int]:
    """How many gold spans of each label are not among the labels that a run knows: it misses all of them."""
    labels = Counter(span.label for post in posts for span in post.spans or ())
    return {label: number for label, number in sorted(labels.items()) if label not in known}
