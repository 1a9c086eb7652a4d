"""The scorers of three published projects, faults included, so that a published figure can be reproduced.

Each is stated here from what the project's released code computes (read, not copied):

- `umt`: `ner_evaluate.py` of jefferyYu/UMT @ f478ee6, also the ruler of MAF and MGCMT;
- `umgf`: `metric.py` and `predict` of TransformersWsz/UMGF @ 55adc07;
- `rgcn`: `metrics.py` and `test.py` of 1429904852/R-GCN @ f4cab8f.

They read tags, not spans: what a stray X or [SEP] does is the point. docs/scorers.md shows each difference by example.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from mner_core.evaluation.scoring import Counts, Figures, count, pool
from mner_core.tags import decode, encode, split_tag
from mner_core.types import Example, InputError, Span

Tags: TypeAlias = Sequence[str]
PieceCounts: TypeAlias = Callable[[Sequence[str]], Sequence[int]]
"""How many word pieces each word of a post has under an uncased WordPiece tokenizer; 0 for an invisible word."""

BATCH = 64
"""R-GCN's `batch_test_size`."""
LONGEST = 98
"""R-GCN's `sequence_length`, in pieces, [CLS] and [SEP] among them."""

UMT_SPECIAL = frozenset({"X", "[SEP]"})
UMGF_SPECIAL = frozenset({"PAD", "X", "CLS", "SEP", "[PAD]", "[CLS]", "[SEP]"})
"""Gold tags whose words are left out of both sides."""


def tags_as_bio(post: Example) -> list[str]:
    """The tags that a legacy scorer reads: the file's own, or BIO2 where the post has spans or BIOES tags."""
    if post.tags is not None and not any(split_tag(tag)[0] in {"E", "S"} for tag in post.tags):
        return list(post.tags)
    spans = decode(post.tags) if post.tags is not None else post.spans or ()
    return encode(spans, len(post.tokens))


def umt_chunks(tags: Tags) -> list[Span]:
    """Every tag but O is in a chunk, X and [SEP] are types of their own; B- or another type begins a new chunk.

    Of a type with dashes only what stands behind the last one is read: B-creative-work I-team-work is one `work`.
    """
    chunks: list[Span] = []
    start, open_type = 0, ""
    for place, tag in enumerate([*tags, "O"]):
        parts = tag.split("-")
        prefix, kind = parts[0], "" if tag == "O" else parts[-1]
        if open_type and (kind != open_type or prefix == "B"):
            chunks.append(Span(start, place, open_type))
            open_type = ""
        if kind and not open_type:
            start, open_type = place, kind
    return chunks


def umt_counts(gold: Sequence[Tags], predicted: Sequence[Tags]) -> dict[str, Counts]:
    """Chunks of each post, counted by type and pooled. Words whose gold tag is X or [SEP] are left out of both."""

    def of_post(ours: Tags, theirs: Tags) -> dict[str, Counts]:
        kept = [pair for pair in zip(ours, theirs, strict=True) if pair[0] not in UMT_SPECIAL]
        return count(*(umt_chunks(side) for side in _unzipped(kept)))

    return pool(of_post(*pair) for pair in zip(gold, predicted, strict=True))


def umgf_counts(gold: Sequence[Tags], predicted: Sequence[Tags]) -> dict[str, Counts]:
    """Chunks, as `umt_chunks` reads them, of the whole split as one sequence: entities may merge over post borders.

    Words whose gold tag is special (PAD, X, CLS, SEP) are left out; a special prediction becomes O.
    """
    pairs = zip(chain.from_iterable(gold), chain.from_iterable(predicted), strict=True)
    kept = [(ours, "O" if theirs in UMGF_SPECIAL else theirs) for ours, theirs in pairs if ours not in UMGF_SPECIAL]
    return count(*(umt_chunks(side) for side in _unzipped(kept)))


def rgcn_chunks(tags: Tags) -> list[Span]:
    """O and X end a chunk. At the very last place a new chunk is lost, but a B- of the open chunk's type joins that.

    In R-GCN's own batches the last place is a [SEP] and nearly always O, so that this fault rarely shows.
    """
    chunks: list[Span] = []
    start, open_type = 0, ""
    for place, tag in enumerate(tags):
        prefix, kind = split_tag(tag)
        is_last = place == len(tags) - 1
        if open_type and (kind != open_type or (prefix == "B" and not is_last)):
            chunks.append(Span(start, place, open_type))
            open_type = ""
        elif open_type and is_last:
            chunks.append(Span(start, place + 1, open_type))
        if kind and not open_type:
            start, open_type = place, kind
    return chunks


def rgcn_tags(tags: Tags, pieces: Sequence[int]) -> list[str]:
    """One tag a piece: [CLS] and [SEP] are O, a word's first piece has its tag and the others X, cut after 98."""
    inside = [[tag] + ["X"] * (number - 1) if number else [] for tag, number in zip(tags, pieces, strict=True)]
    return ["O", *chain.from_iterable(inside), "O"][:LONGEST]


def rgcn_batches(gold: Sequence[Tags], predicted: Sequence[Tags]) -> list[dict[str, Counts]]:
    """The counts of each batch of 64 posts (one tag a piece), its posts put end to end; a last partial one is dropped.

    Raises:
        InputError: there are fewer than 64 posts, so that nothing is left.
    """
    must_fill_a_batch(len(gold))
    starts = range(0, len(gold) // BATCH * BATCH, BATCH)
    return [
        count(*(rgcn_chunks(list(chain.from_iterable(side[start : start + BATCH]))) for side in (gold, predicted)))
        for start in starts
    ]


def must_fill_a_batch(posts: int) -> None:
    """Refuses fewer posts than one batch has.

    Raises:
        InputError: nothing would be left.
    """
    if posts < BATCH:
        raise InputError(
            f"The protocol rgcn scores whole batches of {BATCH} posts and drops the rest: "
            f"of {posts} posts nothing is left; choose another protocol."
        )


def rgcn_batch_f1(batches: Sequence[Mapping[str, Counts]]) -> list[float]:
    """The rounded F1 of each batch, 0..1, as R-GCN computes it: the score is 100 times their mean."""
    return [_rounded(sum(batch.values(), Counts()))[2] for batch in batches]


def rgcn_figures(batches: Sequence[Mapping[str, Counts]], label: str | None = None) -> Figures:
    """Means over the batches of their figures, each rounded to 4 digits; of one type, or of all together.

    A batch without the type counts as 0. The support is the number of gold chunks in all batches.
    """
    counts = [sum(batch.values(), Counts()) if label is None else batch.get(label, Counts()) for batch in batches]
    precision, recall, f1 = (100 * sum(column) / len(counts) for column in zip(*map(_rounded, counts), strict=True))
    return Figures(precision=precision, recall=recall, f1=f1, support=sum(each.gold for each in counts))


def _rounded(counts: Counts) -> tuple[float, float, float]:
    """Precision, recall and F1 as shares, each computed as R-GCN does before it rounds to 4 digits."""
    if not counts.true_positives:
        return 0.0, 0.0, 0.0
    precision, recall = counts.true_positives / counts.predicted, counts.true_positives / counts.gold
    return round(precision, 4), round(recall, 4), round(2 * precision * recall / (precision + recall), 4)


def _unzipped(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [one for one, _ in pairs], [other for _, other in pairs]
