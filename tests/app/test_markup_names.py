"""A data set may be named like markup: wherever a screen reads Markdown, the name stands escaped, as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from db.engine import Store
from db.imports import About, import_examples
from db.job_leases import claim, fail, finish
from db.jobs import Kind, enqueue
from pages.shared.text import plain
from tests.app import filled
from tests.app.filled import open_app

NAMES = ("<b>x</b>", "**x**", "[a](b)", "www.example.com :smile: a->b `x`")
SCREENS = ("overview", "errors", "post", "annotate", "runs", "experiments", "data")
READS_NO_MARKDOWN = {
    ("Selectbox", "options"), ("Selectbox", "raw_value"), ("MultiSelect", "options"), ("TextInput", "default"),
    ("TextInput", "value"), ("TextInput", "placeholder"), ("PageLink", "query_string"), ("Arrow", "data"),
    ("PlotlyChart", "spec"),
    ("ComponentInstance", "json_args"), ("BidiComponent", "json"), ("DownloadButton", "url"), ("Text", "body"),
    ("Code", "code_text"),
}  # fmt: skip
"""Fields that show a text as it is, or that nobody sees."""
NAMES_OF_WIDGETS = {"id", "form_id", "user_key", "key", "unique_id", "element_id", "url", "page"}


def markdown(app: AppTest) -> Iterator[tuple[str, str]]:
    """Every string of the screen that the browser reads as Markdown, with the widget and field that hold it."""
    for element in _elements(app._tree):
        yield from _strings(element)


def _elements(block: Block) -> Iterator[Any]:
    """The protocol buffer messages that the browser is sent."""
    for child in block.children.values():
        proto = getattr(child, "proto", None)
        if hasattr(proto, "ListFields"):
            yield proto
        if isinstance(child, Block):
            yield from _elements(child)


def _strings(proto: Any) -> Iterator[tuple[str, str]]:
    widget = type(proto).__name__
    for field, value in proto.ListFields():
        if (widget, field.name) in READS_NO_MARKDOWN or field.name in NAMES_OF_WIDGETS:
            continue
        for each in value if field.is_repeated else [value]:
            if isinstance(each, str):
                yield f"{widget}.{field.name}", each
            elif hasattr(each, "ListFields"):
                yield from _strings(each)


@pytest.fixture(params=NAMES)
def named(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, str]]:
    """A home whose only labelled data set has such a name, with runs and with jobs of every kind in every state."""
    name = str(request.param)
    monkeypatch.setattr(filled, "SET", name)
    store = filled.fill(home)
    import_examples(store, f"raw {name}", [each.with_spans(None) for each in filled.examples(home)], About())
    kinds: tuple[Kind, ...] = ("import", "train", "predict", "suspicious", "cross-validate")
    payload = {"dataset": name, "name": name, "run": "second", "model": "bert-crf", "split": "train", "gold": "current"}
    for kind in kinds:
        enqueue(store, kind, payload, author="ann")
        job = claim(store, "w", "cpu", (kind,))
        assert job is not None
        fail(store, job, f"The data set {name} is broken.")
    enqueue(store, "import", payload, author="ann")
    job = claim(store, "w", "cpu", ("import",))
    assert job is not None
    finish(store, job, {"dataset": name, "added": 1, "updated": 1, "unchanged": 0, "defects": {}, "left_out": [name]})
    for kind in kinds:
        enqueue(store, kind, payload, author="ann")
    assert claim(store, "w", "cpu", ("import",)) is not None
    yield store, name
    store.close()


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("run", ["second", ""])
def test_the_name_of_a_data_set_is_text_on_every_screen(named: tuple[Store, str], screen: str, run: str) -> None:
    _, name = named
    asked = {"dataset": name, "run": run, "compare": "first", "post": "bare", "split": "valid"} if run else {
        "dataset": f"raw {name}", "split": "train"
    }  # fmt: skip
    app = open_app(screen, **asked)
    for toggle in app.toggle:
        toggle.set_value(True)
    app.run()
    assert not app.exception
    found = list(markdown(app))
    assert len(found) > 5
    raw = [(where, text) for where, text in found if name in text]
    assert raw == []
    if screen in ("overview", "data", "runs"):
        assert any(plain(name) in text for _, text in found), "the name is shown"
