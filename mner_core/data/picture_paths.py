"""Names of pictures as posts and people's machines write them: paths of any kind, other capitals, unsafe ones."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from mner_core.data.images import PICTURE_ENDINGS
from mner_core.data.lines import Defect, Report

_PICTURE_FIELD = re.compile(
    r"(?:ima?ge?|picture|photo)s?_?(?:id|ids|name|names|path|paths|file|files|filename|url|urls)?|media", re.IGNORECASE
)


def is_unsafe(name: str) -> bool:
    """Whether a name leads out of its folder, or holds control characters or halves of surrogate pairs.

    Joining, invisible and no-break characters are harmless in a name: a joined emoji is made of them.
    """
    parts = re.split(r"[/\\]", name)
    return ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", name) is not None or _has_control(name)


def foreign_parts(name: str) -> list[str]:
    """Folders and file name of a path that begins at a drive, at the root or above, of another machine; else none."""
    begin = re.match(r"file:(?=[/\\])|[A-Za-z]:|(?=[/\\])|(?=\.\.[/\\])", name)
    parts = re.split(r"[/\\]+", name[begin.end() :]) if begin else []
    while parts and parts[0] in {"", ".", ".."}:
        del parts[0]
    is_path = all(parts) and ".." not in parts and not _has_control(name)
    return parts if is_path else []


def report_no_picture(name: str, report: Report) -> None:
    """A `missing-image`, or a `bad-id` where the name leads out of the data set's folder."""
    parts = foreign_parts(name)
    if not is_unsafe(name):
        report("missing-image", f"There is no picture {name}.")
    elif parts:
        where = f"no picture called {parts[-1]}, or several, lie in it; put the picture into images"
        report("bad-id", f"The path {name!r} leads out of the data set's folder, and {where}.")
    else:
        report("bad-id", f"{name!r} could lead out of its folder: no picture is looked up.")


def plain_path(name: str) -> str:
    """A path as it is compared: composed letters, forward slashes, no `.` on the way."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    return "/".join([parts[0], *(part for part in parts[1:] if part not in {"", "."})]).removeprefix("./") or name


def without_ending(name: str) -> str:
    """The name without the ending of a picture's file."""
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in PICTURE_ENDINGS else name


def _has_control(name: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in name)


def unread_picture(record: Mapping[str, Any]) -> str:
    """The name under which a JSON record without `image` seems to name pictures, which are not read; else ""."""
    if record.get("image") is not None:
        return ""
    named = (name for name, value in record.items() if _PICTURE_FIELD.fullmatch(name) and _names_pictures(value))
    return next(named, "")


def of_unread_pictures(called: str, lines: Mapping[str, Sequence[int]]) -> list[Defect]:
    """A defect for each such name, from the lines on which it stands."""
    found = []
    for name, numbers in lines.items():
        posts = "the post has" if len(numbers) == 1 else f"{len(numbers)} posts have"
        detail = (
            f"{name}: this looks like pictures, which are not read from there; name one as "
            f'"image": "a1.png"; {posts} no picture.'
        )
        found.append(Defect("unread-pictures", called, numbers[0], detail))
    return found


def _names_pictures(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_names_pictures, value))
    return type(value) is int or (isinstance(value, str) and bool(value.strip()) and "\n" not in value)
