"""Our browser components: plain JavaScript and CSS beside this file, put together as text, no build step.

Everything below `browser/` is one scope: the shared files define functions, the component's own file comes last and
holds the `export default` that Streamlit calls at mount and whenever the data or the theme changes.
"""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_BROWSER = Path(__file__).parent / "browser"


def component(name: str, *scripts: str) -> ComponentRenderer:
    """Declares the component `name` from `browser/<name>.html`, `.css` and `.js`.

    `scripts` are shared files that its own script builds on, without their ending; a shared file's style comes along.
    """
    parts = [*scripts, name]
    return st.components.v2.component(
        f"mner_{name}",
        html=_read(f"{name}.html"),
        css="\n".join(_read(f"{part}.css") for part in ["base", *parts] if (_BROWSER / f"{part}.css").exists()),
        js="\n".join(_read(f"{part}.js") for part in ["base", *parts]),
    )


def _read(name: str) -> str:
    return (_BROWSER / name).read_text(encoding="utf-8")
