"""By what posts are compared, as data: screens and the store name it without loading what computes it."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

By: TypeAlias = Literal["objects", "grid", "caption", "text"]
"""The mean of a picture's objects' vectors, the mean of its 7 x 7 grid, its caption, or the post's text."""
KINDS: tuple[By, ...] = get_args(By)
WORDS: Mapping[By, str] = {"objects": "objects", "grid": "picture", "caption": "caption", "text": "text"}
"""What a person reads for each: a grid is the whole picture."""

_LACKS: Mapping[By, str] = {
    "objects": "it has no picture that opens, or no object is known in it",
    "grid": "it has no picture that opens",
    "caption": "it has no caption, and no picture that opens of which one could be made",
    "text": "it has no text",
}


def nothing_to_compare(by: By) -> str:
    """Why something has no neighbours, as a sentence."""
    return f"There is nothing to compare by {by}: {_LACKS[by]}."
