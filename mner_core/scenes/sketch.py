"""What a post's picture must show; everything else in it is drawn at random."""

from dataclasses import dataclass

from mner_core.scenes.drawings.canvas import rgb

LABELS = ("PER", "LOC", "ORG", "MISC")
"""The entity types, in the order in which quadruples go through them."""

COLOURS = {
    "red": rgb("cf4a45"),
    "orange": rgb("e8923a"),
    "yellow": rgb("edcf4f"),
    "green": rgb("5aa469"),
    "blue": rgb("4777b8"),
    "purple": rgb("83599f"),
    "pink": rgb("e391b5"),
}
"""Colours that a text can name; further apart than the palette's, so that a picture can show which one is meant."""

PROP_NAMES = (
    "kite",
    "umbrella",
    "suitcase",
    "drum",
    "tent",
    "pinwheel",
    "mushroom",
    "guitar",
    "ladder",
    "sailboat",
    "mailbox",
    "teapot",
)


@dataclass(frozen=True, slots=True)
class Prop:
    """A small thing of a colour that a text can name."""

    colour: str
    name: str

    @property
    def phrase(self) -> str:
        """For example: a red kite."""
        return coloured(self.colour, self.name)


def coloured(colour: str, name: str) -> str:
    """For example: an orange frame."""
    return f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {name}"


Topic = tuple[Prop, Prop]
"""Two things which only the pictures of a few posts show together."""


@dataclass(frozen=True, slots=True)
class Emblem:
    """The emblem of the one of this name and type; the drawing says neither, and equal seeds give equal emblems."""

    name: str
    label: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One picture as asked for.

    Args:
        kinds: the entity types of its deciding objects: none, one, or one for each frame.
        props: what stands around it; None leaves that to chance.
        blurred: whether there is something illegible in it, whatever that was.
        frames: the colours of frames from left to right, one deciding object in each; empty for none.
        emblem: shows this on a poster and nothing else.
    """

    kinds: tuple[str, ...] = ()
    props: Topic | None = None
    blurred: bool = False
    frames: tuple[str, ...] = ()
    emblem: Emblem | None = None
