"""Tokenizer windows: a post as inputs that fit the text encoder, with the context that is read behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mner_core.text.encoder import WordPieces

MAX_CONTEXT = 64
"""Pieces of a caption that the encoder reads behind the post; fewer where a quarter of its input is less."""


@dataclass(frozen=True, slots=True)
class Window:
    """One input of the encoder: [CLS], pieces of the post, [SEP], and the context with its own [SEP].

    `words` holds for each piece the number of the word that it stands for, -1 for none; `spelled` that of the word that
    it is a piece of, be it read for that word or not. `text_length` is how many pieces come before the context.
    """

    ids: list[int]
    words: list[int]
    spelled: list[int]
    text_length: int


class Windows:
    """Cuts posts into windows.

    Args:
        pieces: the encoder's tokenizer.
        max_pieces: its longest input.
        pooling: under `first` only a word's first piece stands for it.
    """

    def __init__(self, pieces: WordPieces, max_pieces: int, pooling: Literal["first", "sum", "mean"]) -> None:
        self.pieces = pieces
        self.max_pieces = max_pieces
        self.pooling = pooling

    @property
    def max_context(self) -> int:
        """Pieces of a context that are read."""
        return min(MAX_CONTEXT, self.max_pieces // 4)

    def of(self, words: Sequence[str], context: str = "") -> list[Window]:
        """A post's windows: one, or several that overlap by half.

        A piece stands for its word in the window where it has most context on its nearer side, and nowhere else.
        """
        flat = [(piece, word) for word, of_word in enumerate(self.pieces.pieces(words)) for piece in of_word]
        first = {word: place for place, (_, word) in reversed(list(enumerate(flat)))}
        behind = self._behind(context)
        room = self.max_pieces - 2 - len(behind)
        starts = list(range(0, max(len(flat) - room, 0) + room // 2, room // 2)) if len(flat) > room else [0]
        windows = []
        for start in starts:
            inside = flat[start : start + room]
            standing = [
                word
                if _owner(start + place, starts, room, len(flat)) == start
                and (self.pooling != "first" or first[word] == start + place)
                else -1
                for place, (_, word) in enumerate(inside)
            ]
            ids = [self.pieces.cls, *(piece for piece, _ in inside), self.pieces.sep, *behind]
            spelled = [word for _, word in inside]
            around = [-1] * (1 + len(behind))
            windows.append(Window(ids, [-1, *standing, *around], [-1, *spelled, *around], len(inside) + 2))
        return windows

    def left_out(self, context: str) -> int:
        """Pieces at the end of a context that no window holds."""
        return max(len(self._of_context(context)) - self.max_context, 0)

    def _behind(self, context: str) -> list[int]:
        flat = self._of_context(context)
        return [*flat[: self.max_context], self.pieces.sep] if flat else []

    def _of_context(self, context: str) -> list[int]:
        if not context:
            return []
        return [piece for of_word in self.pieces.pieces(context.split()) for piece in of_word]


def _owner(place: int, starts: Sequence[int], room: int, total: int) -> int:
    """The start of the window in which a piece lies furthest from an edge that cuts the text."""
    if len(starts) == 1:
        return starts[0]

    def context(start: int) -> int:
        left = place - start if start > 0 else total
        right = start + room - 1 - place if start + room < total else total
        return min(left, right)

    return max((start for start in starts if start <= place < start + room), key=context)
