"""`evaluate --boxes`: where entities are to be seen, and how runs score when that has to be right, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from mner_core.data.boxes import ENTITY_BOXES, read_entity_boxes, with_own_boxes
from mner_core.types import Example, InputError, Prediction

if TYPE_CHECKING:
    from mner_core.training.run import Run

OWN = ""
"""What `--boxes` without a file stands for: the data set's own places."""


@dataclass(frozen=True, slots=True)
class Places:
    """Posts with the places of their entities; only those with their row in `known` are spoken of."""

    posts: Sequence[Example]
    known: Sequence[int]

    def score(self, asked: Sequence[tuple["Run", Sequence[Prediction]]]) -> dict[str, Any]:
        """The grounded score over the posts that are spoken of; of several runs the mean of each figure.

        Args:
            asked: runs, each with its predictions of all the posts, evidence included.
        """
        from mner_core.evaluation.grounded import grounded_score
        from mner_core.evaluation.grounding import boxes_of

        gold = [self.posts[row] for row in self.known]
        found = [
            grounded_score(gold, [boxes_of(self.posts[row], said[row], run.box_threshold) for row in self.known])
            for run, said in asked
        ]
        mean = {name: fmean(getattr(each, name) for each in found) for name in ("precision", "recall", "f1")}
        return {**mean, "support": found[0].support, "posts": len(gold)}


def known_places(file: str, data: Path, posts: Sequence[Example]) -> Places:
    """What a file says of labelled posts: of those that it lists; a data set's own speaks of all its posts.

    Args:
        file: its path, or OWN.
        data: the folder or file that the posts come from.

    Raises:
        InputError: the file cannot be read, or nothing is said of any of the posts.
    """
    folder = data if data.is_dir() else data.parent
    tied = with_own_boxes(posts, folder) if file == OWN else read_entity_boxes(Path(file), posts).tied_to(posts)
    of_all = file == OWN and (folder / ENTITY_BOXES).is_file()
    known = [row for row, post in enumerate(tied) if of_all or post.boxes]
    if not any(tied[row].boxes for row in known):
        why = f"there is no {ENTITY_BOXES} beside them; name a file" if file == OWN else f"{Path(file).name} does not"
        raise InputError(f"Nothing says where the entities of {data.name} are to be seen: {why}.")
    return Places(tied, known)
