"""What names a kept answer: everything that it follows from."""

from dataclasses import replace
from typing import Any

import pytest

from mner_core.run_record import RunRecord
from mner_core.types import Example, ImageObject, Token
from worker.evidence_cache import evidence_key

RUN = RunRecord(
    model="rgcn", variant="", profile="tiny", settings={}, seed=0, labels=("PER",), data={}, trained_posts=(),
    pool="pool", started_from="", versions={}, dev={}, best_epoch=1, epochs=(), weights="w", seconds=1.0, created=0.0,
)  # fmt: skip
POST = Example(id="a", text="Ann", tokens=(Token("Ann", 0, 3),))
ASKED: dict[str, Any] = {"run": RUN, "versions": ["code", "extractors"], "example": POST, "picture": "sha"}


@pytest.mark.parametrize(
    "changed",
    [
        {"versions": ["repaired", "extractors"]},
        {"versions": ["code", "newer"]},
        {"picture": ""},
        {"picture": "other"},
        {"run": replace(RUN, weights="x")},
        {"run": replace(RUN, pool="other")},
        {"run": replace(RUN, knowledge="graph")},
        {"example": replace(POST, text="Bob")},
        {"example": replace(POST, caption="a dog")},
        {"example": replace(POST, objects=(ImageObject("dog", (0, 0, 1, 1)),))},
    ],
)
def test_each_thing_that_an_answer_follows_from_makes_it_another_one(changed: dict[str, Any]) -> None:
    assert evidence_key(**ASKED) == evidence_key(**ASKED)
    assert evidence_key(**{**ASKED, **changed}) != evidence_key(**ASKED)
