"""The lines of a tag file that are neither words nor blank: pictures' names, comments, marks of documents."""

import re
from collections.abc import Sequence
from itertools import pairwise

_MARK = r"(?i:(?:# *)?(?:IMG|IMAGE)[ _-]?ID) *[:：=]"
"""What stands before a picture's name: people write IMGID:5, imgid: 5, #IMGID:5, IMG_ID=5 and the like."""
_ANY_HEADER = re.compile(rf"{_MARK}.*")
_HEADER = re.compile(rf"{_MARK}([^\t]*)")
_UNTAGGED_HEADER = re.compile(rf"{_MARK}(?!.* (?:[Oo]|[BILUMESW][-_]\S+)$)([^\t]*)")
_TAGGED_HEADER = re.compile(rf"{_MARK}([^\t]*?)(?:[\t ,;]+[O_-])+")
_SPACED = re.compile(rf"(?!{_MARK})\S+ +(?:[Oo]|[BILUMESW][-_]\S+)")
COMMENT = re.compile(r"#[ \t]+\S.*")
DOCUMENT = re.compile(r"-DOCSTART-(?:[\t ,;].*)?")


def header_of(lines: Sequence[str]) -> re.Pattern[str]:
    """What a header looks like: it carries a tag where a post begins with such a one and none stands without.

    Where words and tags are apart by spaces, a line `IMGID:5 O` is a word and its tag, not a picture called "5 O".
    """
    plain = _UNTAGGED_HEADER if any(map(_SPACED.fullmatch, lines)) else _HEADER
    if any(_HEADER.fullmatch(line.rstrip(" \t")) and not _TAGGED_HEADER.fullmatch(line) for line in lines):
        return plain
    begins = (line for before, line in pairwise(["", *lines]) if not before.strip(" \t") or _is_mark(before))
    return _TAGGED_HEADER if any(_TAGGED_HEADER.fullmatch(line) for line in begins) else plain


def names_a_picture(line: str) -> bool:
    """Whether a line looks like a picture's header, with a tag or without one."""
    return bool(_ANY_HEADER.fullmatch(line))


def _is_mark(line: str) -> bool:
    return bool(COMMENT.fullmatch(line) or DOCUMENT.fullmatch(line))
