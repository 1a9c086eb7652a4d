"""The kinds of mistake in the order of the screens, and a post with its mistakes as screens draw it."""

from dataclasses import dataclass

from db.evaluations import Judged
from db.mistakes import StoredCase
from mner_core.evaluation.errors import Kind

MISTAKES: tuple[Kind, ...] = ("type", "boundary", "boundary and type", "missed", "spurious")


@dataclass(frozen=True, slots=True)
class PostCases:
    """A post with its mistakes, in the order of the text."""

    judged: Judged
    cases: tuple[StoredCase, ...]

    @property
    def post(self) -> int:
        """The post's number in the store."""
        return self.judged.gold_post.post
