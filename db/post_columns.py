"""The columns of a post, as an import writes them."""

from dataclasses import replace
from typing import Any

from db.gold import words_of
from db.tables import Posts
from mner_core.data.tokenize import character_offsets, entity_at
from mner_core.types import Example, InputError


def beside_the_text(example: Example, sha256: str | None) -> dict[str, Any]:
    """The columns that a later import may bring up to date."""
    objects = example.objects
    return {
        "image_sha256": sha256,
        "image_name": example.image_name,
        "caption": example.caption,
        "objects": None if objects is None else [[thing.label, list(thing.box), thing.score] for thing in objects],
    }


def in_words_of(row: Posts, example: Example) -> Example | None:
    """The same post in the words that it has here, which its revisions count; None where these lack an entity's."""
    if row.tokens == tokens_to_json(example):
        return example
    words = words_of(row)
    try:
        moved = {
            span: entity_at(words, *character_offsets(example.tokens, span), span.label) for span in example.spans or ()
        }
    except InputError:
        return None
    subsets = {name: frozenset(moved[span] for span in part) for name, part in example.subsets.items()}
    spans = None if example.spans is None else tuple(moved.values())
    return replace(example, tokens=words, spans=spans, tags=None, subsets=subsets)


def tokens_to_json(example: Example) -> list[Any]:
    """The words, as [[start, end], ...]."""
    return [[token.start, token.end] for token in example.tokens]


def subsets_to_json(example: Example) -> dict[str, Any]:
    """The named parts of the gold, as `db.posts.subsets_from_json` reads them."""
    return {
        name: [
            [span.start, span.end, span.label, *([list(span.chars)] if span.chars else [])] for span in sorted(spans)
        ]
        for name, spans in example.subsets.items()
    }
