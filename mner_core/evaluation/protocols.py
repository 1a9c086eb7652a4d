"""Every scoring protocol by name: those that count entities post by post, and the legacy ones that read whole splits.

Light: the word pieces that one of them scores are counted by whoever calls.
"""

from collections.abc import Iterable, Mapping, Sequence

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation import legacy
from mner_core.evaluation.gold import PROTOCOLS, gold_entities, scheme_of
from mner_core.evaluation.legacy import PieceCounts, Tags, tags_as_bio
from mner_core.evaluation.scoring import Counts, Score, from_counts, from_figures, must_match
from mner_core.evaluation.scoring import score as score_spans
from mner_core.tags import encode
from mner_core.types import Example, InputError, Span

NEEDS_PIECES = "rgcn"
"""The protocol that scores word pieces and has to be told how many each word has."""

ABOUT: Mapping[str, str] = {
    **{name: protocol.about for name, protocol in PROTOCOLS.items()},
    "umt": "as UMT's released scorer (also MAF's and MGCMT's): every tag but O is in an entity, so that a stray X "
    "counts as one; pooled over the posts",
    "rgcn": "as R-GCN's released scorer: over word pieces, where the rest of a split word ends the entity; the mean of "
    "the rounded scores of batches of 64 posts, a last partial batch dropped",
    "umgf": "as UMGF's released scorer: the whole split is one sequence, so that an entity at a post's end may merge "
    "with one at the next post's beginning",
}
"""What each protocol does, in a reader's words. docs/scorers.md says more."""


def must_be_known(protocol: str) -> None:
    """Refuses a name that is no protocol.

    Raises:
        InputError: there is none of that name; the message lists the names.
    """
    if protocol not in ABOUT:
        raise InputError(f"There is no scoring protocol {protocol!r}; choose one of {', '.join(ABOUT)}.")


def score(
    gold: Sequence[Example],
    predicted: Sequence[Sequence[Span]],
    protocol: str = "entity",
    pieces: PieceCounts | None = None,
) -> Score:
    """Scores predicted spans, one sequence a post, against labelled posts. `pieces` is asked by `rgcn` alone.

    Raises:
        InputError: the protocol is unknown or cannot score so few posts, a post is not labelled, or the numbers differ.
    """
    must_be_known(protocol)
    if protocol in PROTOCOLS:
        return score_spans(gold, predicted, protocol)
    must_match(gold, predicted)
    must_be_tags(gold, protocol)
    tags = [encode(list(set(spans)), len(post.tokens)) for post, spans in zip(gold, predicted, strict=True)]
    return _score_tags(gold, tags, protocol, pieces)


def score_posts(
    gold: Sequence[Example], predicted: Sequence[Example], protocol: str = "entity", pieces: PieceCounts | None = None
) -> Score:
    """Scores labelled posts against the same posts with other labels; the legacy protocols see the tags of both files.

    Raises:
        InputError: as `score`.
    """
    must_be_known(protocol)
    if protocol in PROTOCOLS:
        scheme = scheme_of(gold, predicted)
        said = [sorted(spans) for spans in gold_entities(predicted, protocol, scheme)]
        return score_spans(gold, said, protocol, scheme)
    must_match(gold, predicted)
    must_be_tags([*gold, *predicted], protocol)
    return _score_tags(gold, [tags_as_bio(post) for post in predicted], protocol, pieces)


def must_be_tags(posts: Iterable[Example], protocol: str) -> None:
    """Refuses gold that tags cannot say, where a protocol reads tags.

    Raises:
        InputError: an entity begins or ends inside a word.
    """
    cut = next((post.id for post in posts for span in post.spans or () if span.chars), None)
    if cut is not None:
        raise InputError(
            f"The protocol {protocol} reads tags, but an entity of post {cut!r} begins or ends inside a word, which no "
            "tag can say; choose the protocol entity."
        )


def batches_of(
    gold: Sequence[Example], predicted: Sequence[Tags], pieces: PieceCounts | None
) -> list[dict[str, Counts]]:
    """What `rgcn` counts in each batch of labelled posts, whose predicted tags are given; `pieces` is asked.

    Raises:
        InputError: there are fewer posts than one batch has.
    """
    assert pieces is not None, "rgcn scores word pieces: pass what counts them"
    numbers = [pieces(post.words) for post in gold]
    ours = [tags_as_bio(post) for post in gold]
    return legacy.rgcn_batches(*([*map(legacy.rgcn_tags, side, numbers)] for side in (ours, predicted)))


def _score_tags(gold: Sequence[Example], predicted: Sequence[Tags], protocol: str, pieces: PieceCounts | None) -> Score:
    ours, fingerprint = [tags_as_bio(post) for post in gold], gold_fingerprint(gold)
    if protocol == NEEDS_PIECES:
        batches = batches_of(gold, predicted, pieces)
        labels = sorted({label for batch in batches for label in batch})
        per_type = {label: legacy.rgcn_figures(batches, label) for label in labels}
        return from_figures(legacy.rgcn_figures(batches), per_type, protocol=protocol, gold_sha256=fingerprint)
    counts: dict[str, Counts] = (legacy.umt_counts if protocol == "umt" else legacy.umgf_counts)(ours, predicted)
    return from_counts(counts, protocol=protocol, gold_sha256=fingerprint)
