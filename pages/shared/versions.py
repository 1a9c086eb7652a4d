"""A post's revisions, in sentences."""

from datetime import datetime

from db.annotations import Revision, diff
from db.character_spans import Mark
from pages.shared.text import quoted


def version_sentence(text: str, revision: Revision, before: Revision | None) -> str:
    """A version in one line: number, who, when, and what changed since the one before."""
    author = "as imported" if revision.imported else f"by {quoted(revision.author, marks=False)}"
    head = f"{revision.number}, {author}, {when(revision.created)}, {state(revision)}"
    changed = changes(text, before, revision)
    return f"{head}: {changed}" if changed else head


def changes(text: str, before: Revision | None, after: Revision) -> str:
    """What one has to do to get from one version to the next, in words."""
    if before is None:
        number = len(after.marks)
        return "no entity" if not number else f"{number} {'entity' if number == 1 else 'entities'}"
    found = diff(before, after)
    parts = [f"added {_named(text, mark)}" for mark in found.added]
    parts += [f"removed {_named(text, mark)}" for mark in found.removed]
    parts += [f"{_named(text, one)} became {_named(text, other)}" for one, other in found.changed]
    return ", ".join(parts) or ("" if before.status != after.status else "same labels")


def when(seconds: float) -> str:
    """A time as people write it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%-d %b %Y, %H:%M")


def state(revision: Revision) -> str:
    """A revision's status, in the screens' words."""
    return {"draft": "draft", "submitted": "done", "discarded": "left out"}[revision.status]


def _named(text: str, mark: Mark) -> str:
    return f"{quoted(text[mark.start : mark.end])} {mark.label}"
