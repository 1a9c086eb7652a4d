"""What a screen needs of the theme beyond what Streamlit draws by itself; the theme is `.streamlit/config.toml`."""

from collections.abc import Iterable

import streamlit as st

from pages.shared.colours import Mode, label_colours


def mode() -> Mode:
    """Whether the reader looks at light or dark surfaces.

    Streamlit learns it from the browser and may say light on the very first run of a session; the components of this
    folder do not depend on it, charts do and are drawn again.
    """
    return "dark" if st.context.theme.type == "dark" else "light"


def label_inks(labels: Iterable[str]) -> dict[str, str]:
    """The colour of each label for lines, bars and points of a chart, on the surface that the reader looks at."""
    return {label: colour.ink(mode()) for label, colour in label_colours(labels).items()}
