"""Scores are exact sums over posts, on one named gold, and follow every correction."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from db import gold
from db.annotations import save
from db.character_spans import Mark, marks_from_spans
from db.engine import Store, open_store
from db.evaluations import evaluate, judged
from db.imports import import_examples
from db.posts import post_ids
from db.predictions import PostPrediction, from_prediction, predictions, record, waiting
from db.tables import Counts, Evaluations
from mner_core.evaluation import scoring
from mner_core.home import Home
from mner_core.tags import decode
from mner_core.types import Example, InputError, Prediction, Span, Token
from tests.db.test_runs import write_run


def said(example: Example, *spans: Span) -> Prediction:
    return Prediction(spans=spans, confidences=(0.5,) * len(spans), confidence_source="crf")


@pytest.fixture
def runs(store: Store, ids: list[int]) -> list[str]:
    """Two runs: one says the original gold, the other nothing."""
    from db.runs import add_run

    posts = gold.gold_posts(store, "set", "original")
    for name in ("right", "silent"):
        add_run(store, write_run(store.home, name))
        spans = [post.example.spans or () if name == "right" else () for post in posts]
        record(
            store,
            name,
            [
                from_prediction(post.post, post.example.tokens, said(post.example, *each), {"entropy": 0.5})
                for post, each in zip(posts, spans, strict=True)
            ],
        )
    return ["right", "silent"]


def test_predictions_come_back(store: Store, ids: list[int], runs: list[str]) -> None:
    kept = predictions(store, "right", "set")
    assert sorted(kept) == sorted(ids)
    assert kept[ids[0]].summary == {"entropy": 0.5}
    (mark,) = kept[ids[0]].marks
    assert (mark.start, mark.end, mark.label, mark.confidence) == (3, 8, "LOC", 0.5)
    assert list(predictions(store, "right", "set", "valid")) == [ids[5]]
    assert len(predictions(store, "right")) == 6


def test_two_runs_on_one_named_gold(store: Store, runs: list[str]) -> None:
    right, silent = evaluate(store, runs, "set", gold="original")
    assert (right.posts, right.score.f1, silent.score.f1) == (5, 100.0, 0.0)
    assert right.score.gold_sha256 == silent.score.gold_sha256 == gold.fingerprint(store, "set", "original")
    assert right.score.support == 6
    (strict,) = evaluate(store, ["right"], "set", gold="original", protocol="entity-strict")
    assert strict.score.support == 5  # the orphan I- tag is none


def test_a_correction_counts_one_post_again(store: Store, ids: list[int], runs: list[str]) -> None:
    evaluate(store, runs, "set")
    with store.read() as session:
        before = session.scalar(select(func.count()).select_from(Counts))
    save(store, ids[0], "gold", base=1, marks=[Mark(start=3, end=8, label="PER")], author="anna")
    with store.read() as session:  # two runs and two protocols, at once
        assert session.scalar(select(func.count()).select_from(Counts)) == before + 4
    right, _ = evaluate(store, runs, "set")
    assert right.score.micro.f1 == pytest.approx(100 * 5 / 6)
    assert evaluate(store, ["right"], "set", gold="original")[0].score.f1 == 100.0
    with store.read() as session:
        rows = session.execute(select(Evaluations.gold_sha256, Evaluations.gold, Evaluations.posts)).all()
    assert len({row[0] for row in rows}) == 2
    assert {row[2] for row in rows} == {5}


def test_a_word_cut_by_a_correction_still_compares(store: Store, ids: list[int], runs: list[str]) -> None:
    text = gold.examples(store, "set")[1].text
    durant, warriors = text.index("Kevin"), text.index("Warriors")
    marks = [Mark(start=durant, end=durant + 12, label="PER"), Mark(start=warriors, end=len(text), label="ORG")]
    save(store, ids[1], "gold", base=1, marks=marks, author="anna")
    (right,) = evaluate(store, ["right"], "set")
    assert right.score.per_type["PER"].f1 == 100.0
    (place,) = [each for each in judged(store, "right", "set") if each.gold_post.post == ids[1]]
    assert place.gold == (Span(durant, durant + 12, "PER"), Span(warriors, len(text), "ORG"))
    assert [mark.span for mark in place.prediction.marks] == [Span(durant, durant + 12, "PER")]


def test_discarded_and_unlabelled_posts_do_not_count(store: Store, ids: list[int], runs: list[str]) -> None:
    save(store, ids[0], "gold", base=1, marks=[], author="anna", status="discarded")
    assert evaluate(store, runs, "set")[0].posts == 4
    assert len(judged(store, "right", "set")) == 4
    save(store, ids[4], "gold", base=0, marks=[Mark(start=0, end=5, label="PER")], author="anna")
    assert evaluate(store, runs, "set")[0].posts == 5


def test_new_predictions_take_the_place_of_old_ones(store: Store, ids: list[int], runs: list[str]) -> None:
    evaluate(store, runs, "set")
    assert record(store, "right", [PostPrediction(post=ids[0], marks=())]) == 1
    assert evaluate(store, ["right"], "set", gold="original")[0].score.recall == pytest.approx(100 * 5 / 6)


def test_a_run_that_has_not_looked_at_all_posts(store: Store, ids: list[int]) -> None:
    from db.runs import add_run

    add_run(store, write_run(store.home, "half"))
    record(store, "half", [PostPrediction(post=post, marks=()) for post in ids[:2]])
    assert waiting(store, "half", "set") == ids[2:]
    assert waiting(store, "half", "set", "valid") == [ids[5]]
    with pytest.raises(InputError, match="half has not predicted 3 labelled posts of set yet"):
        evaluate(store, ["half"], "set")


def test_what_cannot_be_scored(store: Store, ids: list[int], runs: list[str]) -> None:
    with pytest.raises(InputError, match="no scoring protocol"):
        evaluate(store, runs, "set", protocol="loose")
    with pytest.raises(InputError, match="no run 'other'"):
        evaluate(store, ["other"], "set")
    with pytest.raises(InputError, match="Nobody has labelled a post of set"):
        evaluate(store, runs, "set", gold="ben")
    with pytest.raises(InputError, match="about a post that is not in the store"):
        record(store, "right", [PostPrediction(post=999, marks=())])


WORDS = 4
SPANS = st.lists(st.sampled_from([Span(0, 1, "A"), Span(0, 1, "B"), Span(1, 3, "A"), Span(3, 4, "B")]), max_size=2)


def _apart(spans: Sequence[Span]) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in spans:
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return tuple(sorted(kept))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=4), st.lists(st.tuples(st.integers(0, 3), SPANS), max_size=4)
)
def test_totals_equal_scoring_everything_anew(
    tmp_path_factory: pytest.TempPathFactory,
    posts: list[tuple[list[Span], list[Span]]],
    corrections: list[tuple[int, list[Span]]],
) -> None:
    from db.runs import add_run

    tokens = tuple(Token("ab", 3 * word, 3 * word + 2) for word in range(WORDS))
    store = open_store(Home(Path(tmp_path_factory.mktemp("home"))))
    examples = [
        Example(id=str(place), text="ab ab ab ab", tokens=tokens, spans=_apart(spans), split="train")
        for place, (spans, _) in enumerate(posts)
    ]
    labels = [
        Example(id="all", text="ab ab ab ab", tokens=tokens, spans=(Span(0, 1, "A"), Span(1, 2, "B")), split="train")
    ]
    import_examples(store, "set", [*examples, *labels])
    numbers = list(post_ids(store, "set").values())
    add_run(store, write_run(store.home, "run"))
    guesses = [*(_apart(guess) for _, guess in posts), ()]
    record(
        store,
        "run",
        [from_prediction(post, tokens, said(examples[0], *each)) for post, each in zip(numbers, guesses, strict=True)],
    )
    evaluate(store, ["run"], "set")
    bases = dict.fromkeys(numbers, 1)
    for place, spans in corrections:
        post = numbers[place % len(numbers)]
        save(store, post, "gold", base=bases[post], marks=marks_from_spans(tokens, _apart(spans)), author="anna")
        bases[post] += 1
    (found,) = evaluate(store, ["run"], "set")
    assert (
        found.score.to_json()["per_type"] == scoring.score(gold.examples(store, "set"), guesses).to_json()["per_type"]
    )
    assert found.score.micro == scoring.score(gold.examples(store, "set"), guesses).micro
    store.close()


@pytest.mark.parametrize(
    ("tags", "support"),
    [
        ((("O", "S-PER"), ("B-LOC", "O")), 1),
        ((("O", "B-PER"), ("B-LOC", "O")), 2),
        ((("O", "B-S-X"), ("B-LOC", "O")), 2),  # a type that looks like a prefix
        ((("B-PER", "E-PER"), ("I-LOC", "E-LOC")), 1),
    ],
)
def test_strict_scores_read_the_tags_by_the_data_sets_scheme(
    store: Store, tags: Sequence[tuple[str, ...]], support: int
) -> None:
    """`B-LOC O` is an entity in a BIO2 set and none in a BIOES one, whatever that post alone looks like."""
    from db.runs import add_run

    import_examples(store, "set", [tagged(f"post {number}", row) for number, row in enumerate(tags)])
    add_run(store, write_run(store.home, "run"))
    posts = gold.gold_posts(store, "set")
    record(store, "run", [from_prediction(one.post, one.example.tokens, said(one.example), {}) for one in posts])
    (found,) = evaluate(store, ["run"], "set", protocol="entity-strict")
    assert found.score.support == support


def tagged(name: str, tags: tuple[str, ...]) -> Example:
    tokens = tuple(Token("ab", 3 * place, 3 * place + 2) for place in range(len(tags)))
    text = " ".join(token.text for token in tokens)
    return Example(id=name, text=text, tokens=tokens, spans=tuple(decode(tags)), tags=tags, split="test")
