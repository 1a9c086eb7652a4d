"""Types by whatever name: mistakes are counted and found in the confusion matrix's cells."""

import pytest

from db.engine import Store
from db.gold import CURRENT
from db.imports import About, import_examples
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import cells, facet, figures_of, number_of
from db.posts import post_ids
from db.predictions import PostPrediction, PredictedMark, record
from db.runs import add_run
from mner_core.data.tokenize import tokenize
from mner_core.types import Example, Span
from tests.db.test_runs import write_run


@pytest.mark.parametrize("name", ["none", '"none"', '""none""', "null", "no>ne"])
def test_a_type_may_be_called_as_no_entity_is(store: Store, name: str) -> None:
    """What is found, missed, made up or taken for another type is counted as such, whatever a type is called."""
    words = ("Ann", "Bob", "Cy", "Dee", "Eve")
    text, starts = " ".join(words), [sum(len(word) + 1 for word in words[:place]) for place in range(5)]
    gold = (name, name, "PER", "none", None)
    said = (name, None, name, "PER", name)
    spans = tuple(Span(place, place + 1, label) for place, label in enumerate(gold) if label)
    post = Example(id="a", text=text, tokens=tokenize(text), spans=spans, split="train")
    import_examples(store, "set", [post], About(labels=("PER",)))
    add_run(store, write_run(store.home, "mine", labels=("PER", name)))
    marks = [
        PredictedMark(start=start, end=start + len(word), label=label, confidence=0.5)
        for start, word, label in zip(starts, words, said, strict=True)
        if label
    ]
    number = post_ids(store, "set")["train", "a"]
    record(store, "mine", [PostPrediction(post=number, marks=tuple(marks))])
    of = MistakesOf(run="mine", dataset="set", split="train", gold=CURRENT)
    found = cells(store, of, CaseFilter())
    assert found is not None
    figures = figures_of(found)
    assert (figures.precision, figures.recall, figures.support) == (25.0, 25.0, 4)
    wrong = [cell for cell in found if cell.kind != "correct"]
    assert {(cell.kind, cell.gold, cell.predicted) for cell in wrong} == {
        ("missed", name, None), ("type", "PER", name), ("type", "none", "PER"), ("spurious", None, name),
    }  # fmt: skip
    counts = facet(wrong, CaseFilter(), "pair")
    assert dict(counts) == dict.fromkeys({cell.pair for cell in wrong}, 1)
    assert len(counts) == 4
    for cell in wrong:
        assert number_of(store, of, CaseFilter(pair=cell.pair)) == (1, 1), cell.pair
