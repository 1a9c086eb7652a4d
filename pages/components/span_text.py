"""Posts to read: marked spans filled, predicted ones underlined, every label written."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.character_spans import Mark
from mner_core.data.entity_types import EntityType
from pages.components.colours import label_colours
from pages.components.component import component
from pages.components.span_annotator import Suggestion

_mount = component("span_text", "marks")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A post's text with what was marked in it and what a model predicts. `note` stands in small type above it."""

    id: str
    text: str
    gold: Sequence[Mark] = ()
    predicted: Sequence[Suggestion] = ()
    note: str = ""


def span_text(
    posts: MarkedText | Sequence[MarkedText],
    labels: Sequence[str | EntityType],
    *,
    key: str,
    lines: int | None = None,
    open_label: str = "",
) -> str | None:
    """Draws one text or a list of them.

    Args:
        posts: what to draw. Texts may hold anything: they are shown as text and cannot leave their box.
        labels: the data set's types, or their names, for the colours.
        key: names the component in the session.
        lines: shows no more than this many lines of each text; None shows all.
        open_label: the words of a link on every post ("Open"), none where it is empty.

    Returns:
        The id of the post whose link was chosen just now, else None.
    """
    shown = [posts] if isinstance(posts, MarkedText) else posts
    result = _mount(
        key=key,
        data={
            "posts": [_post(post) for post in shown],
            "colours": {label: colour.css() for label, colour in label_colours(labels).items()},
            "lines": lines,
            "open": open_label,
        },
        on_open_change=lambda: None,
    )
    chosen = result.open
    return chosen if chosen in {post.id for post in shown} else None


def _post(post: MarkedText) -> dict[str, object]:
    return {
        "id": post.id,
        "text": post.text,
        "note": post.note,
        "gold": [{"start": mark.start, "end": mark.end, "label": mark.label} for mark in post.gold],
        "predicted": [
            {"start": each.start, "end": each.end, "label": each.label, "confidence": each.confidence}
            for each in post.predicted
        ],
    }
