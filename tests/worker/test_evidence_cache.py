"""What names a kept answer: everything that it follows from."""

import gzip
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mner_core.run_record import RunRecord
from mner_core.types import Example, ImageObject, Span, Token
from worker.evidence_cache import EvidenceCache, entity_key, evidence_key

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
        {"example": replace(POST, tokens=(Token("A", 0, 1), Token("nn", 1, 3)))},
        {"example": replace(POST, id="b")},
        {"example": replace(POST, split="test")},
        {"example": replace(POST, caption="a dog")},
        {"example": replace(POST, context="")},
        {"example": replace(POST, context="a dog")},
        {"example": replace(POST, objects=())},
        {"example": replace(POST, objects=(ImageObject("dog", (0, 0, 1, 1)),))},
    ],
)
def test_each_thing_that_an_answer_follows_from_makes_it_another_one(changed: dict[str, Any]) -> None:
    assert evidence_key(**ASKED) == evidence_key(**ASKED)
    assert evidence_key(**{**ASKED, **changed}) != evidence_key(**ASKED)


def test_every_field_of_an_object_makes_it_another_answer() -> None:
    whole = ImageObject("dog", (0, 0, 1, 1), 0.5)
    others = [replace(whole, label="cat"), replace(whole, box=(0, 0, 1, 0.5)), replace(whole, score=0.6)]
    keys = {
        evidence_key(**{**ASKED, "example": replace(POST, objects=objects)})
        for objects in ((whole,), *((other,) for other in others), (whole, whole))
    }
    assert len(keys) == 5


def test_what_was_kept_comes_back_and_what_is_no_record_does_not(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path / "kept", 10_000)
    assert cache.get("a") is None
    cache.put("a", {"said": "Zoë"})
    assert cache.get("a") == {"said": "Zoë"}
    assert EvidenceCache(tmp_path / "kept", 10_000).get("a") == {"said": "Zoë"}, "and in the next process"
    for wrong in (b"[1]", b'"a"', b"{"):
        (tmp_path / "kept" / "a.json.gz").write_bytes(gzip.compress(wrong))
        assert cache.get("a") is None
    cache.put("a", {"said": "again"})
    assert cache.get("a") == {"said": "again"}


def noise(size: int) -> dict[str, str]:
    return {"noise": os.urandom(size).hex()}


def test_beyond_the_limit_the_longest_unused_go_until_a_quarter_is_free(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path, 40_000)
    for number in range(30):
        cache.put(f"key{number}", noise(2500))
        os.utime(tmp_path / f"key{number}.json.gz", ns=(0, number))
        before = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
        if sum(before.values()) > 35_000:
            break
    assert sum(before.values()) <= 40_000
    assert cache.get("key0") is not None, "used just now"
    cache.put("last", noise(5000))
    left = {file.name for file in tmp_path.iterdir()}
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert sum(sizes) <= 30_000
    assert sum(sizes) + max(before.values()) > 30_000, "no more than that"
    gone = before.keys() - left
    assert gone == {f"key{number}.json.gz" for number in range(1, len(gone) + 1)}
    assert {"key0.json.gz", "last.json.gz"} <= left


def test_as_much_as_the_limit_is_kept(tmp_path: Path) -> None:
    record = noise(500)
    EvidenceCache(tmp_path / "measured", 10**9).put("a", record)
    [file] = (tmp_path / "measured").iterdir()
    for limit, stays in ((file.stat().st_size, True), (file.stat().st_size - 1, False)):
        cache = EvidenceCache(tmp_path / str(stays), limit)
        cache.put("a", record)
        assert (cache.get("a") is not None) == stays


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = EvidenceCache(tmp_path / "file" / "kept", 10_000)
    cache.put("a", {"said": "x"})
    assert cache.get("a") is None


def test_each_entity_and_method_has_an_explanation_of_its_own() -> None:
    keys = {
        entity_key(post, span, method)
        for post in ("a", "b")
        for span in (Span(0, 1, "PER"), Span(0, 2, "PER"), Span(1, 2, "PER"), Span(0, 1, "LOC"))
        for method in ("ablation", "integrated-gradients")
    }
    assert len(keys) == 16
    assert entity_key("a", Span(0, 1, "PER"), "ablation") in keys
