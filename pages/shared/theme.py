"""What a screen needs of the theme beyond what Streamlit draws by itself; the theme is `.streamlit/config.toml`."""

from collections.abc import Iterable, Mapping

import streamlit as st

from mner_core.data.entity_types import EntityType
from pages.components.colours import Mode, label_colours

# Streamlit writes the chosen pill in the accent on a tint of the accent. An accent that bears white text cannot be read
# there on a dark surface, so the chosen one is written like the others and told by its frame and tint. A row of pills
# that is too long goes on below, where it would be cut off.
_PILLS = """
[data-testid="stButtonGroup"] button[aria-checked="true"] { color: inherit !important; }
[data-testid="stButtonGroup"] [role="radiogroup"] {
  flex-wrap: wrap !important; row-gap: 0.25rem; mask-image: none !important;
}
"""
# The icon's name is a ligature of its font: behind the slash stands what is read aloud of it, nothing.
_ICON = """
[data-testid="stSidebarNavLink"][href*="/%s"]::before {
  content: "%s" / ""; font: 1.15rem/1 "Material Symbols Rounded"; font-feature-settings: "liga";
  opacity: 0.8; flex: none;
}
"""


def refine(icons: Mapping[str, str]) -> None:
    """Adds to the theme what its file has no word for; once in every run of a script.

    `icons` are names of Material symbols by screen, for the navigation: of the font that Streamlit itself serves.
    """
    st.html(f"<style>{_PILLS}{''.join(_ICON % pair for pair in icons.items())}</style>")


def mode() -> Mode:
    """Whether the reader looks at light or dark surfaces.

    Streamlit learns it from the browser and may say light on the very first run of a session; the components of this
    folder do not depend on it, charts do and are drawn again.
    """
    return "dark" if st.context.theme.type == "dark" else "light"


def label_inks(labels: Iterable[str | EntityType]) -> dict[str, str]:
    """The colour of each label for lines, bars and points of a chart, on the surface that the reader looks at."""
    return {label: colour.ink(mode()) for label, colour in label_colours(labels).items()}
