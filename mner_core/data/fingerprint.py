"""Names for data and for gold that say whether two are the same, wherever they lie."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mner_core.data.images import image_digest, opens
from mner_core.tags import SCHEMES, encode
from mner_core.types import Example, ImageObject, InputError, Span


def data_fingerprint(examples: Iterable[Example]) -> str:
    """sha256 over all that a model learns from, in this order: ids, words, gold, pictures' names, captions, objects.

    Where the folder lies does not matter.
    """
    return _digest(
        _canonical(
            [
                example.id,
                example.text,
                example.words,
                _gold(example),
                example.image_name,
                example.caption,
                _objects(example.objects),
            ]
        )
        for example in examples
    )


def pictures_fingerprint(examples: Iterable[Example]) -> str:
    """sha256 over the contents of the posts' pictures, in this order; a missing file has none, whatever its name.

    `data_fingerprint` holds their names alone.
    """
    return _digest(_picture(example) for example in examples)


def pictures_found(examples: Iterable[Example]) -> int:
    """How many of the posts have a picture that is there and opens."""
    return sum(opens(example.image) for example in examples)


def gold_fingerprint(examples: Iterable[Example]) -> str:
    """sha256 over exactly what scoring depends on: words, spans, tags that say more than the spans, and subsets.

    The order of the posts and their ids do not matter.
    """
    return _digest(sorted(_canonical([example.words, _gold(example)]) for example in examples))


def _objects(objects: Sequence[ImageObject] | None) -> Any:
    """The objects that came with a post; where none are in the picture, that differs from nobody having said so.

    A post of which nobody has said anything has the empty list, as in the fingerprints of earlier versions.
    """
    if objects is None:
        return []
    return [[item.label, item.box, item.score] for item in objects] or "no object"


def _picture(example: Example) -> str:
    try:
        return "" if example.image is None else image_digest(example.image)
    except InputError:
        return ""


def _gold(example: Example) -> Any:
    if example.spans is None:
        return None
    tags = example.tags
    if tags is not None and list(tags) in [encode(example.spans, len(tags), scheme) for scheme in SCHEMES]:
        tags = None
    subsets = {name: sorted(_triples(part)) for name, part in example.subsets.items()}
    return [sorted(_triples(example.spans)), tags, subsets]


def _triples(spans: Iterable[Span]) -> Iterator[tuple[int | str, ...]]:
    """Start, end and label, and behind them the characters of an entity that begins or ends inside a word."""
    return ((span.start, span.end, span.label, *span.chars) for span in spans)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _digest(records: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.encode() + b"\n")
    return digest.hexdigest()
