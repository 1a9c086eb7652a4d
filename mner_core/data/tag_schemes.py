"""Several schemes in one set of tags: BILOU beside BIOES, BIO beside BIOES. Such tags are read, and it is said."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mner_core.data.lines import Defect, FilePlace
from mner_core.data.tag_columns import NumberedLine
from mner_core.data.tag_layout import Layout
from mner_core.tags import decode, decode_strict, encode, split_tag
from mner_core.types import Example

_SAME = (frozenset("IM"), frozenset("EL"), frozenset("SUW"))
"""Letters that say the same (inside, last, the only one), each in another scheme."""


def mixed_letters(called: str, layout: Layout, lines: Iterable[NumberedLine]) -> list[Defect]:
    """A `mixed-schemes` that names two tags of a file which no scheme has both, with their lines."""
    if not any(len(layout.letters & same) > 1 for same in _SAME):
        return []
    first: dict[str, int] = {}
    for number, line in lines:
        columns = layout.columns(line)
        letter = layout.letter(columns[layout.tag]) if len(columns) == layout.width else ""
        first.setdefault(letter, number)
    pairs = (sorted(same & first.keys(), key=lambda letter: first[letter])[:2] for same in _SAME)
    one, other = next(pair for pair in pairs if len(pair) == 2)
    return [_mixed(called, first[one], f"the tag {one}- here", f"{other}- in line {first[other]}")]


def mixed_posts(posts: Sequence[tuple[Example, FilePlace]]) -> list[Defect]:
    """A `mixed-schemes` for a file in which one post has whole entities of BIO only and another one of BIOES only."""
    first: dict[str, tuple[Example, FilePlace]] = {}
    for example, place in posts:
        if scheme := _scheme(example.tags or ()):
            first.setdefault(scheme, (example, place))
    if len(first) < 2:
        return []
    (one, (_, here)), (other, (_, there)) = first.items()
    return [_mixed(here.file, here.line, f"the tags of this post are {one}", f"those of line {there.line} {other}")]


def in_one_scheme(examples: list[Example]) -> list[Example]:
    """The posts, of which those without tags of their own (somebody corrected them) get BIOES where others have it.

    Raises:
        InputError: an entity overlaps another one, or ends inside a word.
    """
    if not any(split_tag(tag)[0] in {"E", "S"} for example in examples for tag in example.tags or ()):
        return examples
    return [
        each
        if each.tags is not None or each.spans is None
        else replace(each, tags=tuple(encode(each.spans, len(each.tokens), "BIOES")))
        for each in examples
    ]


def _scheme(tags: Sequence[str]) -> str:
    """BIO or BIOES, as all entities of a post are written; empty where there are none or others."""
    spans = decode(tags)
    has_ends = any(split_tag(tag)[0] in {"E", "S"} for tag in tags)
    if not spans or spans != decode_strict(tags, "BIOES" if has_ends else "BIO2"):
        return ""
    return "BIOES" if has_ends else "BIO"


def _mixed(file: str, line: int, one: str, other: str) -> Defect:
    said = "each entity is read as its own tags say, and the strict protocol counts those of one scheme only"
    return Defect("mixed-schemes", file, line, f"Schemes are mixed: {one}, {other}; {said}.")
