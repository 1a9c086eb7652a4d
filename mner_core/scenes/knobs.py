"""What can be set about the controlled set: for each cause of an answer, the share of posts in which it is at work."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import floor

from mner_core.types import InputError

PER_TOPIC = {"train": 4, "valid": 2, "test": 2}
"""How many quadruples of one knob use the same four topics: fewer where scores are taken, since a guess at what a topic
stands for is right or wrong for all its posts."""
SIBLINGS = 4
"""How many posts of train show what a topic stands for."""

_QUADRUPLES = ("ambiguous", "absent", "blurred", "pairs", "leftmost", "posters")


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """Shares of all posts, 0..1, each independent of the others; what they leave is told by the text.

    `pattern` alone is no share of the posts, and takes none.

    Args:
        ambiguous: the text leaves the type of a name open, an object of the post's own picture decides it.
        absent: the same, but only pictures of other posts, with captions like the text, show the object.
        blurred: the same, but it is illegible in the post's own picture; others with like objects show it clearly.
        pairs: two such names and two objects: the text says by colour or side which one stands for which name.
        leftmost: one such name and two objects: it is always the left one, which only a system that is told where
            objects lie can tell.
        decoys: a capitalised word that is no entity, beside a picture of a person.
        irrelevant: the text tells the type of an ambiguous name, and the picture shows an object of another type.
        posters: the picture shows an emblem, and only the knowledge graph knows whose.
        pattern: of the quadruples (`ambiguous`, `absent`, `blurred`, `pairs`, `leftmost`, `posters`) the share in which
            each name is read once as each type. In the others the types are drawn by chance, so that a type which
            occurs twice gives no wrong label away.
    """

    ambiguous: float = 0.6
    absent: float = 0.0
    blurred: float = 0.0
    pairs: float = 0.0
    leftmost: float = 0.0
    decoys: float = 0.0
    irrelevant: float = 0.0
    posters: float = 0.0
    pattern: float = 1.0

    def __post_init__(self) -> None:
        for name, share in (self.shares | {"pattern": self.pattern}).items():
            if not 0 <= share <= 1:
                raise InputError(f"{_is_share(name)}, got {share}.")
        if (total := sum(self.shares.values())) > 1 + 1e-9:
            turned = ", ".join(f"{name}={share:g}" for name, share in self.shares.items() if share)
            raise InputError(f"The knobs take {total:g} of the posts ({turned}), which is more than all; lower one.")

    @property
    def shares(self) -> dict[str, float]:
        """The shares of the posts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "pattern"}

    def with_changes(self, changes: Iterable[tuple[str, str]]) -> "Knobs":
        """The same knobs with some set anew, as a person wrote them: ("absent", "0.2").

        Raises:
            InputError: there is no such knob, a share is no number in 0..1, or they add up to more than 1.
        """
        shares: dict[str, float] = {}
        known = [field.name for field in fields(self)]
        for name, text in changes:
            if name not in known:
                raise InputError(f"The scenes have no knob {name!r}; they have: {', '.join(known)}.")
            try:
                shares[name] = float(text)
            except ValueError:
                raise InputError(f"{_is_share(name)}, got {text!r}.") from None
        return replace(self, **shares)

    def counts(self, size: int) -> dict[str, int]:
        """How many of a split's `size` posts each knob has: whole quadruples where it has them, never none."""
        found = {}
        for name, share in self.shares.items():
            together = 4 if name in _QUADRUPLES else 1
            found[name] = max(1, floor(size * share / together + 1e-9)) * together if share else 0
        return found

    def topic_groups(self, split: str, size: int) -> int:
        """How many groups of four topics a split of `size` posts needs, for `absent` and `blurred` alike."""
        counts = self.counts(size)
        return -(-max(counts["absent"], counts["blurred"]) // (4 * PER_TOPIC[split]))


def _is_share(name: str) -> str:
    return f"The knob {name} is a share of the {'quadruples' if name == 'pattern' else 'posts'} and lies in 0..1"


def split_sizes(size: int) -> dict[str, int]:
    """70, 15 and 15 in a hundred, but no split too small for one quadruple."""
    held_out = max(4, round(size * 0.15))
    return {"train": size - 2 * held_out, "valid": held_out, "test": held_out}


def rest_sizes(size: int, knobs: Knobs) -> dict[str, int]:
    """How many posts of each split no knob takes, and no sibling that train owes to `absent` and `blurred`.

    Raises:
        InputError: they do not fit.
    """
    sizes = split_sizes(size)
    siblings = sum(knobs.topic_groups(split, posts) for split, posts in sizes.items()) * 4 * SIBLINGS
    rest = {}
    for split, posts in sizes.items():
        taken = sum(knobs.counts(posts).values()) + (siblings if split == "train" else 0)
        if taken > posts:
            also = f", {siblings} of them pictures that absent and blurred look for" if split == "train" else ""
            raise InputError(
                f"The knobs need {taken} posts in {split}{also}, which has {posts}; lower a share or take more posts."
            )
        rest[split] = posts - taken
    return rest
