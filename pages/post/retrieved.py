"""The posts whose pictures a run brought in: found in the store, drawn as a strip of thumbnails."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import ImageOps

from db.images import image_path
from db.posts import Post, numbers_of, post
from db.posts import dataset as dataset_named
from mner_core.data.images import open_image
from mner_core.evidence import neighbour_key
from mner_core.types import Evidence, InputError
from pages.shared.selection import page_link
from pages.shared.store import store
from pages.shared.text import plain

STRIP = 5
"""Thumbnails in a row."""
_SIZE = (320, 240)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A neighbour: the post it is, where the store has it, and its picture as a data URI, where it opens."""

    name: str
    post: Post | None
    picture: str | None

    @property
    def text(self) -> str:
        """What the post says, or else its name."""
        return self.post.example.text if self.post else self.name


def retrieved(dataset: str, pictures: Mapping[str, Any]) -> dict[str, Retrieved]:
    """The neighbours of an answer by the key that its evidence calls them.

    Where the answer does not know which post one is, the data set's post of that name and with that picture is it.
    """
    names = {each for name in pictures for each in (name, name.partition("/")[2])}
    numbers = numbers_of(store(), dataset, dataset_named(store(), dataset).splits, names)
    found = {}
    for name, where in pictures.items():
        if where["post"] is not None:
            known: Post | None = post(store(), where["post"])
        else:
            alike = [number for (split, of), number in numbers.items() if name in (of, f"{split}/{of}")]
            posts = [post(store(), number) for number in alike]
            known = next((each for each in posts if each.image_sha256 == where["image"]), None)
        found[name] = Retrieved(name, known, _thumbnail(image_path(store().home, where["image"])))
    return found


def draw_strip(evidence: Evidence, found: Mapping[str, Retrieved]) -> None:
    """One list of neighbours, best first: picture, score, text, and the way there."""
    st.markdown(f"**Retrieved posts: {plain(evidence.name)}**")
    if not evidence.items[0]:
        st.caption("No similar post was found.")
    pairs = sorted(zip(evidence.items[0], evidence.values, strict=True), key=lambda pair: -pair[1])
    for start in range(0, len(pairs), STRIP):
        columns = st.columns(STRIP)
        for column, (item, value) in zip(columns, pairs[start : start + STRIP], strict=False):
            name = neighbour_key(item)
            with column:
                _draw(found.get(name, Retrieved(name, None, None)), float(value))


def _draw(each: Retrieved, value: float) -> None:
    if each.picture:
        st.image(each.picture, width="stretch", alt=f"Picture of the post {each.name}")
    else:
        st.caption("no picture to show")
    st.caption(f"**{value:.2f}** {plain(each.text, 110)}")
    if each.post:
        example = each.post.example
        page_link("post", "Look closer", dataset=each.post.dataset, split=example.split, post=example.id)


@st.cache_data(max_entries=500, show_spinner=False)
def _thumbnail(path: Path) -> str | None:
    """The picture, cut to one shape so that a row of them is even; imported pictures never change."""
    try:
        image = ImageOps.fit(open_image(path), _SIZE)
    except (InputError, OSError):
        return None
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
