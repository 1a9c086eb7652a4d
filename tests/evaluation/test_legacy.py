"""The legacy scorers: each difference on a case worked out by hand, and what they must share with `entity`."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given

from mner_core.catalog.profiles import profile
from mner_core.commands.cli import main
from mner_core.data.posts import write_posts
from mner_core.evaluation.gold import PROTOCOLS
from mner_core.evaluation.legacy import LONGEST, rgcn_chunks, rgcn_figures, rgcn_tags, tags_as_bio, umt_chunks
from mner_core.evaluation.prediction_files import score_files
from mner_core.evaluation.protocols import ABOUT, score, score_posts
from mner_core.evaluation.scoring import Counts, Score
from mner_core.tags import decode
from mner_core.types import Example, InputError, Span
from mner_core.weights.packages import weight_file
from tests.evaluation.posts import post, split_of, tagged_splits


def each_word_whole(words: object) -> list[int]:
    return [1] * len(words)  # type: ignore[arg-type]


def scored(gold: list[list[str]], predicted: list[list[str]], protocol: str, pieces: object = each_word_whole) -> Score:
    return score_posts(split_of(gold), split_of(predicted), protocol, pieces)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "chunks"),
    [
        (["I-PER", "I-PER", "O"], [Span(0, 2, "PER")]),
        (["B-PER", "X", "I-PER"], [Span(0, 1, "PER"), Span(1, 2, "X"), Span(2, 3, "PER")]),
        (["B-creative-work", "I-team-work", "O"], [Span(0, 2, "work")]),  # what stands behind the last dash
        (["B-a-b-c", "I-c", "B-c"], [Span(0, 2, "c"), Span(2, 3, "c")]),
        (["I-x-PER", "I-y-LOC"], [Span(0, 1, "PER"), Span(1, 2, "LOC")]),
        (["X", "X", "[SEP]"], [Span(0, 2, "X"), Span(2, 3, "[SEP]")]),
        (["B-PER", "B-PER", "I-LOC"], [Span(0, 1, "PER"), Span(1, 2, "PER"), Span(2, 3, "LOC")]),
    ],
)
def test_umt_takes_every_tag_but_o_for_an_entity(tags: list[str], chunks: list[Span]) -> None:
    assert umt_chunks(tags) == chunks


def test_a_stray_x_costs_umt_precision_and_entity_nothing() -> None:
    gold, predicted = [["B-PER", "O", "O"]], [["B-PER", "X", "O"]]
    assert scored(gold, predicted, "entity").f1 == 100.0
    result = scored(gold, predicted, "umt")
    assert (result.precision, result.recall, result.support) == (50.0, 100.0, 1)
    assert result.per_type["X"].support == 0
    assert scored(gold, predicted, "umgf").f1 == 100.0  # there a special prediction is O


def test_umt_leaves_out_the_words_whose_gold_is_x() -> None:
    gold, predicted = [["B-PER", "X", "I-PER", "O"]], [["B-PER", "B-LOC", "I-PER", "O"]]
    result = scored(gold, predicted, "umt")
    assert (result.precision, result.recall, result.support) == (100.0, 100.0, 1)
    result = scored(gold, predicted, "entity")  # there X ends an entity and the orphan begins another one
    assert (result.recall, result.support) == (100.0, 2)


def test_umgf_merges_entities_over_the_border_of_posts() -> None:
    gold = [["O", "B-PER"], ["I-PER", "O"]]  # an orphan I- at the beginning of the second post
    result = scored(gold, [["O", "B-PER"], ["O", "O"]], "umgf")
    assert (result.support, result.f1) == (1, 0.0)
    assert scored(gold, gold, "umgf").f1 == 100.0
    result = scored(gold, [["O", "B-PER"], ["O", "O"]], "entity")
    assert (result.support, result.precision, result.recall) == (2, 100.0, 50.0)


@pytest.mark.parametrize(
    ("tags", "chunks"),
    [
        (["B-PER", "X", "I-PER", "O"], [Span(0, 1, "PER"), Span(2, 3, "PER")]),
        (["O", "B-PER"], []),  # begins at the very last place: lost
        (["B-PER", "B-LOC"], [Span(0, 1, "PER")]),
        (["B-PER", "I-PER"], [Span(0, 2, "PER")]),
        (["B-PER", "B-PER"], [Span(0, 2, "PER")]),  # at the last place a B- joins
        (["B-PER", "B-PER", "O"], [Span(0, 1, "PER"), Span(1, 2, "PER")]),
    ],
)
def test_rgcn_ends_a_chunk_at_x_and_loses_one_at_the_end(tags: list[str], chunks: list[Span]) -> None:
    assert rgcn_chunks(tags) == chunks


def test_rgcn_reads_pieces_between_cls_and_sep() -> None:
    assert rgcn_tags(["B-PER", "I-PER", "O"], [2, 1, 0]) == ["O", "B-PER", "X", "I-PER", "O"]
    assert len(rgcn_tags(["O"] * 60, [2] * 60)) == LONGEST


NEW_YORK, NOTHING = ["B-LOC", "I-LOC"], ["O", "O"]


def test_rgcn_counts_the_parts_of_a_split_entity_one_by_one() -> None:
    """`York` is wrong in every post: the first word's pieces still score, where whole entities all are wrong."""
    gold, predicted = [NEW_YORK] * 64, [["B-LOC", "O"]] * 64
    first_word_split = lambda words: [2, 1]  # noqa: E731
    assert scored(gold, predicted, "entity").f1 == 0.0
    assert scored(gold, predicted, "rgcn").f1 == 0.0
    result = scored(gold, predicted, "rgcn", first_word_split)
    assert (result.precision, result.recall, result.f1, result.support) == (100.0, 50.0, 66.67, 128)


def test_rgcn_averages_rounded_batches_and_drops_the_last_partial_one() -> None:
    gold = [NEW_YORK] * 64 + [NEW_YORK] * 3 + [NOTHING] * 61 + [NEW_YORK] * 63
    predicted = [NEW_YORK] * 64 + [NOTHING] * 2 + [NEW_YORK] + [NOTHING] * 61 + [NOTHING] * 63
    result = scored(gold, predicted, "rgcn")
    assert result.support == 67
    assert result.recall == pytest.approx(100 * (1 + 0.3333) / 2, abs=1e-12)
    assert (result.precision, result.f1) == (100.0, 75.0)  # (100 + 50) / 2; pooled it would be 98.5
    assert result.per_type["LOC"] == result.micro
    assert scored(gold[:128], predicted[:128], "entity").f1 == pytest.approx(100 * 2 * 65 / (65 + 67))


def test_rgcn_gives_a_type_nothing_for_a_batch_without_it() -> None:
    gold = [NEW_YORK] * 64 + [["B-PER", "O"]] * 64
    result = scored(gold, gold, "rgcn")
    assert result.f1 == 100.0
    assert {label: figures.f1 for label, figures in result.per_type.items()} == {"LOC": 50.0, "PER": 50.0}


def test_rgcn_refuses_a_split_of_which_nothing_is_left() -> None:
    with pytest.raises(InputError, match="of 63 posts nothing is left"):
        scored([NOTHING] * 63, [NOTHING] * 63, "rgcn")


def test_bioes_and_spans_are_read_as_bio() -> None:
    bioes = post("a b c d", tags=["B-PER", "E-PER", "S-PER", "O"])
    expected = ["B-PER", "I-PER", "B-PER", "O"]
    assert tags_as_bio(bioes) == expected
    assert tags_as_bio(post("a b c d", [Span(2, 3, "PER"), Span(0, 2, "PER")])) == expected
    assert tags_as_bio(post("a b", tags=["I-PER", "[CLS]"])) == ["I-PER", "[CLS]"]


@given(tagged_splits())
def test_on_plain_tags_umt_is_entity_and_umgf_too_where_posts_do_not_touch(
    tags: tuple[list[list[str]], list[list[str]]],
) -> None:
    gold, predicted = ([[*row, "O"] for row in side] for side in tags)
    expected = scored(gold, predicted, "entity")
    for protocol in ("umt", "umgf"):
        result = scored(gold, predicted, protocol)
        assert (result.micro, result.macro, result.per_type) == (expected.micro, expected.macro, expected.per_type)
    spans = [decode(row) for row in predicted]
    assert score(split_of(gold), spans, "umt").micro == expected.micro


@given(tagged_splits())
def test_one_batch_of_whole_words_is_entity_but_for_rounding(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = ([*side, *[["O"]] * (64 - len(side))] for side in tags)
    expected = scored(gold, predicted, "entity")
    assume(expected.support)
    result = scored(gold, predicted, "rgcn")
    assert result.support == expected.support
    assert result.f1 == pytest.approx(expected.f1, abs=0.0051)
    assert result.recall == pytest.approx(round(result.recall, 2), abs=1e-9)


@pytest.mark.parametrize("protocol", sorted(ABOUT.keys() - PROTOCOLS.keys()))
def test_what_cannot_be_scored_is_refused(protocol: str) -> None:
    unlabelled: Example = post("a b", None)
    with pytest.raises(InputError, match="'a b' has no labels"):
        score([unlabelled], [[]], protocol, each_word_whole)
    with pytest.raises(InputError, match="1 gold posts but predictions for 0"):
        score([post("a", [])], [], protocol, each_word_whole)
    with pytest.raises(InputError, match="choose one of entity, entity-strict, umt, rgcn, umgf"):
        score([], [], "umt2")
    assert ABOUT[protocol]


def test_files_keep_their_stray_tags_for_the_scorers_that_count_them(tmp_path: Path) -> None:
    gold, pred = tmp_path / "gold.txt", tmp_path / "pred.txt"
    gold.write_text("Jordan\tB-PER\nin\tO\nParis\tB-LOC\n")
    pred.write_text("Jordan\tB-PER\nin\tX\nParis\t[SEP]\n")
    assert score_files(gold, pred, "entity")[0].precision == 100.0
    assert score_files(gold, pred, "umt")[0].precision == pytest.approx(100 / 3)
    assert score_files(gold, pred, "umgf")[0].precision == 100.0


def has_tokenizer() -> bool:
    try:
        return weight_file(profile("compact").text).exists()
    except InputError:
        return False


@pytest.mark.skipif(not has_tokenizer(), reason="needs the compact profile's tokenizer (`weights`)")
def test_the_command_line_counts_the_pieces_of_real_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`Kevork` is several pieces, `Paris` one: 64 posts with 2 gold entities each."""
    gold = [post("Kevork Paris", [Span(0, 2, "PER")], id=f"p{n}") for n in range(64)]
    files = [tmp_path / "gold.txt", tmp_path / "pred.txt"]
    for file, spans in zip(files, ([Span(0, 2, "PER")], [Span(0, 1, "PER")]), strict=True):
        write_posts([each.with_spans(spans) for each in gold], file)
    assert main(["score", "--gold", str(files[0]), "--pred", str(files[1]), "--protocol", "rgcn", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["protocol"], answer["support"], answer["recall"], answer["f1"]) == ("rgcn", 128, 50.0, 66.67)
    assert answer["macro"]["f1"] == answer["per_type"]["PER"]["f1"] == 66.67


@pytest.mark.parametrize(
    ("counts", "figures"),
    [
        ((1, 3, 7), (33.33, 14.29, 20.0)),
        ((2, 3, 7), (66.67, 28.57, 40.0)),
        ((5, 7, 9), (71.43, 55.56, 62.5)),
        ((7, 13, 19), (53.85, 36.84, 43.75)),
        ((3, 11, 13), (27.27, 23.08, 25.0)),
        ((3, 11, 17), (27.27, 17.65, 21.43)),
        ((0, 3, 7), (0.0, 0.0, 0.0)),
    ],
)
def test_rgcn_rounds_the_shares_of_a_batch_to_four_digits(
    counts: tuple[int, int, int], figures: tuple[float, float, float]
) -> None:
    """100 x 0.3333 and not 33.33333, in each of the three figures."""
    right, predicted, gold = counts
    found = rgcn_figures([{"PER": Counts(true_positives=right, predicted=predicted, gold=gold)}])
    assert (found.precision, found.recall, found.f1) == pytest.approx(figures, abs=1e-9)
    assert found.support == gold
