"""Pictures as the browser gets them: small enough to send, upright, free of whatever else the file held."""

import base64
from io import BytesIO
from pathlib import Path

import streamlit as st

from mner_core.data.images import open_image
from mner_core.types import Example, InputError

SHOWN = 640
"""The height in pixels at which a post's picture is shown."""

THUMBNAIL = 200
"""The height in pixels of a picture in a strip or a list."""


def picture_uri(path: Path | None, height: int = SHOWN) -> str | None:
    """The picture as a JPEG data URI, at most `height` pixels high, 2.5 times as wide; None where it does not open."""
    if path is None:
        return None
    try:
        return _encoded(str(path), path.stat().st_mtime_ns, height)
    except (InputError, OSError):
        return None


def why_no_picture(example: Example) -> str:
    """Why a post is shown without a picture: it names none, its file did not come along, or the file does not open."""
    if example.image_name is None:
        return "This post has no picture."
    if example.image is None or not example.image.is_file():
        return "The file of this post's picture is missing."
    return "The picture of this post does not open."


@st.cache_data(max_entries=300, show_spinner=False)
def _encoded(path: str, changed: int, height: int) -> str:  # noqa: ARG001  `changed` is part of the cache's key
    image = open_image(Path(path))
    image.thumbnail((height * 5 // 2, height))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
