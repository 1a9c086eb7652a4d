"""A hook of the site: README and CONTRIBUTING become pages, and each room of the code gets a page of its docstrings."""

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.rooms import ROOMS, Room, modules, room_of  # noqa: E402 - the path is set above

PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the pages of the code to the navigation."""
    pages = [{room.name: f"code/{room.name}.md"} for room in ROOMS if _parts(room)]
    config.nav = [*(config.nav or []), {"Code": pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the documents of the top folder and a page for each room."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=_as_page((ROOT / source).read_text(encoding="utf-8"))))
    for room in filter(_parts, ROOMS):
        parts = "\n\n".join(f"::: {name}" for name in _parts(room))
        text = f"# {room.name}\n\n{room.about[:1].upper()}{room.about[1:]}.\n\n{parts}\n"
        files.append(File.generated(config, f"code/{room.name}.md", content=text))
    return files


def _parts(room: Room) -> list[str]:
    """The modules of a room that have something to describe."""
    return [name for name in modules() if room_of(name) is room and not name.endswith("__main__")]


def _as_page(text: str) -> str:
    """Links of a document of the top folder, as seen from the site's top."""
    text = re.sub(r"\]\(docs/", "](", text)
    return text.replace("](README.md", "](index.md")
