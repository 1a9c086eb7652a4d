"""What a protocol counts, post by post, so that runs can be compared and looked into under each of them.

A post's units under `entity` and `entity-strict` are its entities. The legacy scorers read tags; each chunk that they
find is a unit here, given as the words that it covers in the post where it begins:

- `umt`: the chunks of each post; their pooled counts are the protocol's score.
- `umgf`: the chunks of the whole split. One that goes on in the next post belongs to the post where it begins and has
  `Span.chars` that end behind that post's text, so that it equals no shorter one; pooled, they are the score.
- `rgcn`: the chunks of each batch of word pieces, without the posts of a last partial batch. Each is a part of an
  entity whose words are not split. Pooled, they are not the score, which is a mean over batches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from mner_core.evaluation import legacy
from mner_core.evaluation.gold import PROTOCOLS, gold_entities
from mner_core.evaluation.legacy import PieceCounts, Tags, tags_as_bio
from mner_core.evaluation.protocols import NEEDS_PIECES, must_be_known, must_be_tags
from mner_core.evaluation.scoring import must_match
from mner_core.tags import encode
from mner_core.types import Example, Span

_Owner: TypeAlias = tuple[int, int] | None
"""The post and the word to which a tag belongs; None for [CLS] and [SEP]."""
_Sequence: TypeAlias = tuple[Sequence[_Owner], Tags, Tags]
"""Tags that are read in one go: whose they are, gold, predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The posts that a protocol counts (`rgcn` drops some at the end), and of each the units of gold and predictions.

    `begun_by[post][unit]` is the number of the predicted span with which a predicted unit begins.
    """

    posts: Sequence[Example]
    gold: Sequence[frozenset[Span]]
    said: Sequence[Sequence[Span]]
    begun_by: Sequence[Sequence[int]]


def units_of(
    posts: Sequence[Example], predicted: Sequence[Sequence[Span]], protocol: str, pieces: PieceCounts | None = None
) -> Units:
    """The units of labelled posts and of what is predicted in them. `pieces` is asked by `rgcn` alone.

    Raises:
        InputError: the protocol is unknown, cannot score so few posts or reads tags that cannot say the spans, a post
            is not labelled, or the numbers differ.
    """
    must_be_known(protocol)
    must_match(posts, predicted)
    if protocol in PROTOCOLS:
        numbers = [range(len(spans)) for spans in predicted]
        return Units(posts=posts, gold=gold_entities(posts, protocol), said=predicted, begun_by=numbers)
    must_be_tags(posts, protocol)
    tags = [encode(list(set(spans)), len(post.tokens)) for post, spans in zip(posts, predicted, strict=True)]
    sides: tuple[list[list[Span]], list[list[Span]]] = ([[] for _ in posts], [[] for _ in posts])
    for owners, *read in _sequences(posts, tags, protocol, pieces):
        for found, side in zip(read, sides, strict=True):
            for chunk in legacy.rgcn_chunks(found) if protocol == NEEDS_PIECES else legacy.umt_chunks(found):
                post, span = _placed(chunk, owners, posts)
                side[post].append(span)
    counted = len(posts) // legacy.BATCH * legacy.BATCH if protocol == NEEDS_PIECES else len(posts)
    return Units(
        posts=posts[:counted],
        gold=[frozenset(units) for units in sides[0][:counted]],
        said=sides[1][:counted],
        begun_by=[
            [_begun_by(unit, spans) for unit in units]
            for units, spans in zip(sides[1][:counted], predicted[:counted], strict=True)
        ],
    )


def _sequences(
    posts: Sequence[Example], said: Sequence[Tags], protocol: str, pieces: PieceCounts | None
) -> Iterator[_Sequence]:
    """What the scorer reads in one go: a post, the split, or a batch of posts."""
    gold = [tags_as_bio(post) for post in posts]
    if protocol == NEEDS_PIECES:
        assert pieces is not None, "rgcn scores word pieces: pass what counts them"
        legacy.must_fill_a_batch(len(posts))
        numbers = [pieces(post.words) for post in posts]
        for begin in range(0, len(posts) // legacy.BATCH * legacy.BATCH, legacy.BATCH):
            batch = range(begin, begin + legacy.BATCH)
            owners = chain.from_iterable(_piece_owners(post, numbers[post]) for post in batch)
            sides = [
                list(chain.from_iterable(legacy.rgcn_tags(side[post], numbers[post]) for post in batch))
                for side in (gold, said)
            ]
            yield list(owners), sides[0], sides[1]
        return
    special = legacy.UMT_SPECIAL if protocol == "umt" else legacy.UMGF_SPECIAL
    parts = [_kept(post, *pair, special) for post, pair in enumerate(zip(gold, said, strict=True))]
    if protocol == "umt":
        yield from parts
    else:
        yield (
            list(chain.from_iterable(part[0] for part in parts)),
            list(chain.from_iterable(part[1] for part in parts)),
            list(chain.from_iterable(part[2] for part in parts)),
        )


def _kept(post: int, gold: Tags, said: Tags, special: frozenset[str]) -> _Sequence:
    """The words of a post whose gold tag is not special."""
    words = [word for word, tag in enumerate(gold) if tag not in special]
    return [(post, word) for word in words], [gold[word] for word in words], [said[word] for word in words]


def _piece_owners(post: int, numbers: Sequence[int]) -> list[_Owner]:
    """Whose the pieces of a post are, as `legacy.rgcn_tags` puts them."""
    inside = [(post, word) for word, number in enumerate(numbers) for _ in range(number)]
    return [None, *inside, None][: legacy.LONGEST]


def _placed(chunk: Span, owners: Sequence[_Owner], posts: Sequence[Example]) -> tuple[int, Span]:
    """The post in which a chunk begins, and its words there."""
    first, last = owners[chunk.start], owners[chunk.end - 1]
    assert first is not None, "no chunk begins with [CLS] or [SEP]"
    assert last is not None, "no chunk ends with [CLS] or [SEP]"
    here = posts[first[0]]
    if first[0] == last[0]:
        return first[0], Span(first[1], last[1] + 1, chunk.label)
    between = sum(len(post.text) + 1 for post in posts[first[0] : last[0]])
    end = between + posts[last[0]].tokens[last[1]].end
    return first[0], Span(first[1], len(here.tokens), chunk.label, (here.tokens[first[1]].start, end))


def _begun_by(unit: Span, spans: Sequence[Span]) -> int:
    return next(number for number, span in enumerate(spans) if span.start <= unit.start < span.end)
