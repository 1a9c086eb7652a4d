"""What the screen knows of the post it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.annotations import Revision
from db.gold import CURRENT, ORIGINAL
from db.posts import GOLD, Post
from db.predictions import PostPrediction
from mner_core.data.entity_types import EntityType
from pages.shared.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class PostState:
    """A post with its revisions (oldest first), the one that is its gold, and what the run said of it when it read all.

    `gold` is None where nobody has labelled the post, `stored` where the run has not read it.
    """

    chosen: Selection
    post: Post
    types: tuple[EntityType, ...]
    past: Sequence[Revision]
    gold: Revision | None
    stored: PostPrediction | None
    has_worker: bool

    @property
    def question(self) -> dict[str, object]:
        """How the interactive lane is asked about it."""
        return {"run": self.chosen.run, "post": self.post.id}


def gold_revision(past: Sequence[Revision], gold: str) -> Revision | None:
    """The revision that counts for a post under a named gold (see `db.gold`)."""
    if gold == ORIGINAL:
        return next((each for each in past if each.track == GOLD and each.imported), None)
    track = GOLD if gold == CURRENT else gold
    return next((each for each in reversed(past) if each.track == track and each.status != "draft"), None)
