"""Posts of two splits that have one id, looked at beside all splits: each link and each step leads to the one meant."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import newest
from db.engine import Store
from db.imports import import_examples
from db.posts import post_ids
from db.predictions import PostPrediction, record
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, Span
from pages.shared.selection import resolve
from tests.app.filled import SET, open_app, shown
from tests.app.test_corrections_reach import press

TWIN = "Kim in Rio"
BOTH = pytest.mark.parametrize("split", ["train", "valid"])


@pytest.fixture
def twins(store: Store) -> Store:
    """Train, too, has a post called `match`; the first run misses Kim in it."""
    spans = (Span(0, 1, "PER"),)
    twin = Example(id="match", text=TWIN, tokens=tokenize(TWIN), spans=spans, split="train", source="train.jsonl")
    import_examples(store, SET, [twin])
    record(store, "first", [PostPrediction(post=post_ids(store, SET)["train", "match"], marks=())])
    return store


def text_of(split: str) -> str:
    """A part of its text that no other post has; signs outside ASCII are escaped on the way to the browser."""
    return TWIN if split == "train" else "Warriors in San Francisco"


def marked_text(app: AppTest) -> str:
    """What the post's own text says, where the browser draws it."""
    return "\n".join(str(each.proto) for each in app.get("bidi_component"))


@BOTH
def test_the_address_says_the_split_beside_all_splits(twins: Store, split: str) -> None:
    numbers = post_ids(twins, SET)
    found = resolve(twins, {"dataset": SET, "split": "all", "post": f"{split}/match"})
    assert (found.split, found.post, found.post_id) == (None, f"{split}/match", numbers[split, "match"])
    assert resolve(twins, found.parameters()) == found
    other = "valid" if split == "train" else "train"
    there = resolve(twins, {"dataset": SET, "split": other, "post": f"{split}/match"})
    assert (there.split, there.post, there.post_id) == (split, "match", numbers[split, "match"])
    assert resolve(twins, {"dataset": SET, "split": split, "post": "match"}).post_id == numbers[split, "match"]
    assert resolve(twins, {"dataset": SET, "split": "all", "post": "test/match"}).post is None


def test_a_step_leads_to_the_next_post_and_not_to_its_namesake(twins: Store) -> None:
    """The list of all posts holds each once."""
    app = open_app("post", dataset=SET, split="all", list="all", run="first")
    seen = []
    for _ in range(len(post_ids(twins, SET)) - 1):
        seen.append(app.query_params["post"])
        press(app, "Next")
    seen.append(app.query_params["post"])
    assert sorted(seen) == sorted(f"{split}/{name}" for split, name in post_ids(twins, SET))
    assert next(each for each in app.button if each.label == "Next").disabled


@BOTH
@pytest.mark.parametrize("label", ["Look closer", "Correct"])
def test_a_mistake_links_to_its_own_post(twins: Store, split: str, label: str) -> None:
    app = open_app("errors", dataset=SET, split="all", run="first")
    asked = [parse_qs(link.proto.query_string) for link in app.main if link.type == "page_link" and link.label == label]
    [address] = [each for each in asked if each["post"] == [f"{split}/match"]]
    opened = open_app(
        "post" if label == "Look closer" else "annotate", **{name: said[0] for name, said in address.items()}
    )
    assert text_of(split) in marked_text(opened)
    assert opened.query_params["post"] == f"{split}/match"
    if label == "Correct":
        [back] = [link for link in opened.main if link.type == "page_link" and link.label == "Look closer"]
        assert parse_qs(back.proto.query_string)["post"] == [f"{split}/match"]
        press(opened, "Leave this post out")
        there = newest(twins, post_ids(twins, SET)[split, "match"])
        assert there is not None
        assert there.status == "discarded"
        press(opened, "Undo")
        assert opened.query_params["post"] == f"{split}/match"
        assert text_of(split) in marked_text(opened)
        assert "Nothing was changed" not in shown(opened)
