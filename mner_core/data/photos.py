"""Hand-written posts over real photographs, on which the photo detector has something to find.

The photographs come with scikit-image, a declared dependency; only those are used whose documentation says public
domain or CC0. Texts, labels and credits stand in `photos.json` beside this file; the posts are invented.
"""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mner_core.files import fresh_folder, write_json, write_jsonl
from mner_core.types import InputError

_SOURCE = Path(__file__).with_name("photos.json")


def write_photos(out: Path) -> int:
    """Writes the posts as a data set folder with copies of their photographs; returns how many posts there are.

    They are too few to learn from: a handful in train and valid keeps the folder complete, most are in test. There are
    no captions and no boxes, so that the extractors fill these slots. `subsets` names the spans that only the picture
    settles, as in the scenes.

    Raises:
        InputError: `out` exists already and is not empty, or scikit-image is not installed.
    """
    content = json.loads(_SOURCE.read_text(encoding="utf-8"))
    photographs = _photographs()
    numbered = [{"id": f"photo-{number:02d}", **post} for number, post in enumerate(content["posts"], start=1)]
    with fresh_folder(out) as folder:
        (folder / "images").mkdir()
        for name in content["photos"]:
            shutil.copyfile(photographs / name, folder / "images" / name)
        for split in ("train", "valid", "test"):
            write_jsonl(folder / f"{split}.jsonl", [_record(post) for post in numbered if post["split"] == split])
        write_json(folder / "dataset.json", _about(content["photos"]))
    return len(numbered)


def _photographs() -> Path:
    """Where scikit-image keeps its pictures; it is found without being imported, which would take a second."""
    package = find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise InputError("The photographs come with scikit-image, which is not installed; run `make setup`.")
    return Path(package.submodule_search_locations[0]) / "data"


def _record(post: dict[str, Any]) -> dict[str, Any]:
    """A post as a line of its split's file."""
    text = post["text"]
    ambiguous = _spans(text, post.get("ambiguous", []))
    spans = sorted([*_spans(text, post.get("entities", [])), *ambiguous], key=lambda span: int(span["start"]))
    record = {"id": post["id"], "text": text, "spans": spans, "image": post["image"]}
    return {**record, "subsets": {"ambiguous": ambiguous}} if ambiguous else record


def _spans(text: str, entities: list[list[str]]) -> list[dict[str, Any]]:
    """Where each name stands; in `photos.json` each occurs once in its text."""
    return [{"start": (at := text.index(name)), "end": at + len(name), "label": label} for name, label in entities]


def _about(photos: dict[str, dict[str, str]]) -> dict[str, Any]:
    credits = [f"{name}: {photo['credit']} {photo['licence']}, {photo['source']}" for name, photo in photos.items()]
    return {
        "name": "Photographs",
        "images": "images",
        "licence": "photographs: public domain or CC0, see credits; texts: made by this project, under its licence",
        "credits": "\n".join(credits),
    }
