"""A home with a few posts that are hard to show, two runs that say something about them, and the app opened on it.

Nothing is trained: the runs are records, and what they say is made up here.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import delete, select
from streamlit.testing.v1 import AppTest

from db.connection import StoreError
from db.engine import Store, open_store
from db.figures import JOB, Question
from db.imports import About, import_examples
from db.job_leases import claim, finish
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.runs import add_run
from db.tables import JobEvents, Jobs
from mner_core.data.tokenize import entity_at, tokenize
from mner_core.home import Home
from mner_core.types import Example, InputError
from pages.shared.store import store
from tests.db.test_runs import write_run
from worker.child_protocol import Reporter
from worker.jobs import figures

ROOT = Path(__file__).parents[2]
SET = "Little set"
HOSTILE = "<script>alert(1)</script> **Bob** :red[x] \u202e evil \u202c $a$ Z" + "\u0301" * 10_000
TEXTS: Mapping[str, tuple[str, list[tuple[str, str]]]] = {
    "match": ("Kevin Durant 🔥 and the Warriors in San Francisco", [("Kevin Durant", "PER"), ("Warriors", "ORG")]),
    "paris": ("Paris Hilton came to Paris", [("Paris Hilton", "PER")]),
    "hostile": (HOSTILE, [("Bob", "PER")]),
    "broken": ("Google in Berlin", [("Google", "ORG"), ("Berlin", "LOC")]),
    "bare": ("Ann met Maria in Rome", [("Ann", "PER"), ("Maria", "PER"), ("Rome", "LOC")]),
    "wordless": ("", []),
}
SAID: Mapping[str, Mapping[str, list[tuple[str, str, float]]]] = {
    "first": {"match": [("Kevin Durant", "PER", 0.9)], "bare": [("Ann", "PER", 0.6), ("Rome", "LOC", 0.7)]},
    "second": {
        "match": [("Kevin Durant", "PER", 0.97), ("Warriors", "LOC", 0.81), ("San Francisco", "LOC", 0.66)],
        "paris": [("Paris Hilton", "PER", 0.55)],
        "broken": [("Google in", "ORG", 0.4), ("Berlin", "LOC", 0.9)],
        "bare": [("Ann", "PER", 0.8), ("Maria in", "LOC", 0.52), ("Rome", "LOC", 0.7)],
    },
}
"""What the runs find. The second's mistakes: type and spurious in match, missed in hostile, boundary in broken,
boundary and type in bare; it fixes what the first misses in paris."""


def fill(root: Path) -> Store:
    """Imports the posts into a new home and adds the runs."""
    root.mkdir(parents=True, exist_ok=True)
    store = open_store(Home(root))
    import_examples(store, SET, examples(root), About(labels=("LOC", "MISC", "ORG", "PER")))
    numbers = {name: number for (_, name), number in post_ids(store, SET).items()}
    for place, (run, said) in enumerate(SAID.items()):
        data = {"name": SET, "fingerprint": "d", "gold": "g", "train": 1, "dev": 5}
        add_run(store, write_run(store.home, run, data=data, created=1000.0 + place))
        record(store, run, [_prediction(numbers[name], name, said.get(name, [])) for name in TEXTS])
    return store


def examples(root: Path) -> list[Example]:
    """The posts: two pictures open, one is broken, the others have none."""
    picture, broken = root / "sky.png", root / "broken.jpg"
    Image.new("RGB", (400, 300), "#9cc3e6").save(picture)
    broken.write_bytes(b"no picture at all")
    images = {"match": picture, "paris": picture, "broken": broken}
    posts = [_example(name, *TEXTS[name]) for name in TEXTS]
    posts = [replace(each, image=images.get(each.id), image_name=_name(images.get(each.id))) for each in posts]
    train = _example("trained", "Warriors win", [("Warriors", "ORG")])
    return [replace(train, split="train"), *posts]


def open_app(screen: str, **parameters: str) -> AppTest:
    """The app at the address of a screen."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    forget_figures()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(f"pages/{screen}/view.py").run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    """Every sentence on the screen, without what keeps Markdown from reading it."""
    parts: list[Any] = [
        *app.title, *app.header, *app.markdown, *app.caption, *app.text, *app.info, *app.warning, *app.success,
        *app.error,
    ]  # fmt: skip
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def _example(name: str, text: str, names: list[tuple[str, str]]) -> Example:
    tokens = tokenize(text)
    spans = [entity_at(tokens, *place(text, part), label) for part, label in names]
    return Example(id=name, text=text, tokens=tokens, spans=tuple(sorted(spans)), split="valid", source="valid.jsonl")


def _prediction(number: int, name: str, said: list[tuple[str, str, float]]) -> PostPrediction:
    text = TEXTS[name][0]
    return PostPrediction(
        post=number,
        marks=tuple(
            PredictedMark(start=start, end=end, label=label, confidence=confidence)
            for part, label, confidence in said
            for start, end in [place(text, part)]
        ),
    )


def forget_figures() -> None:
    """Takes away the jobs that the app's first screen has asked for: a test begins with the screen that it opens."""
    try:
        opened = store()
    except (StoreError, InputError):
        return  # the screen says so
    with opened.write() as session:
        asked = select(Jobs.id).where(Jobs.kind == JOB)
        session.execute(delete(JobEvents).where(JobEvents.job_id.in_(asked)))
        session.execute(delete(Jobs).where(Jobs.kind == JOB))


def settled(app: AppTest, store: Store) -> AppTest:
    """The screen once the worker has computed all that it waits for."""
    while compute_figures(store):
        app.run()
        assert not app.exception, app.exception
    return app


def compute_figures(store: Store) -> list[Question]:
    """Does the jobs that compute figures, as the worker does; returns what was asked."""
    asked = []
    while job := claim(store, "test", "here", (JOB,)):
        with Reporter(os.open(os.devnull, os.O_WRONLY)) as report:
            finish(store, job, figures.run(store, job, report))
        asked.append(Question.of(job.payload["question"]))
    return asked


def place(text: str, part: str) -> tuple[int, int]:
    """Where a part of a text is, in code points."""
    return text.index(part), text.index(part) + len(part)


def _name(path: Path | None) -> str | None:
    return path.name if path else None
