"""A small graph about people, clubs and films, as a folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

ENTITIES: Sequence[Mapping[str, Any]] = (
    {
        "id": "kobe",
        "name": "Kobe Bryant",
        "aliases": ["Black Mamba"],
        "images": ["red.png"],
        "links": ["lakers"],
    },
    {"id": "kobe-city", "name": "Kobe", "images": ["blue.png"]},
    {"id": "lakers", "name": "Los Angeles Lakers", "images": ["sub/green.png"]},
    {"id": "jackson", "name": "Peter Jackson"},
    {"id": "kong", "name": "King Kong", "images": ["black.png"]},
)
TRIPLES = (
    ("kobe", "isA", "basketball player"),
    ("kobe-city", "isA", "city"),
    ("lakers", "instance of", "basketball club"),
    ("jackson", "directed", "kong"),
    ("jackson", "isA", "director"),
    ("kong", "isA", "film"),
)
COLOURS = {"red.png": "red", "blue.png": "blue", "sub/green.png": "green", "black.png": "black"}


def write_sample(folder: Path, entities: Sequence[Any] = ENTITIES, triples: Sequence[Sequence[str]] = TRIPLES) -> Path:
    (folder / "images" / "sub").mkdir(parents=True)
    for name, colour in COLOURS.items():
        Image.new("RGB", (16, 16), colour).save(folder / "images" / name)
    lines = (each if isinstance(each, str) else json.dumps(each) for each in entities)
    (folder / "entities.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "triples.tsv").write_text("".join("\t".join(each) + "\n" for each in triples), encoding="utf-8")
    return folder
