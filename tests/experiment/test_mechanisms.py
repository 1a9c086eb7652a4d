import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mner_core.catalog.systems import SYSTEMS
from mner_core.data.dataset import read_dataset
from mner_core.evaluation.significance import Finding
from mner_core.experiment import mechanisms, run_cache, runner
from mner_core.experiment.mechanisms import subset_f1
from mner_core.experiment.result_table import ResultTable
from mner_core.experiment.run_cache import RunCache
from mner_core.experiment.runner import Order, Result, experiment
from mner_core.experiment.suite import Size, Suite, read_suite
from mner_core.home import Home
from mner_core.scenes.knobs import Knobs, rest_sizes
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError, Span, Token

TWO_ROWS = """
title = "Two mechanisms"
kind = "mechanisms"
[quick]
profile = "tiny"
epochs = 2
seeds = 2
posts = 60
set = { encoder_rate = 0.001 }
[[rows]]
name = "a picture at all"
model = "umgf"
against = "bert-crf"
knobs = { ambiguous = 0.5 }
[[rows]]
name = "parameters of their own"
model = "umgf"
variant = "w/o Ind"
knobs = { ambiguous = 0.5 }
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("mechanisms")
    (folder / "mine.toml").write_text(TWO_ROWS)
    order = Order(suite=str(folder / "mine.toml"), quick=True, out=folder / "out")
    return experiment(order, Home(folder / "home")), folder


def test_the_table_pairs_both_sides_over_seeds(made: tuple[Result, Path]) -> None:
    result, folder = made
    for record in result.grid.records():
        assert {"slice": "ambiguous", "seeds": 2, "protocol": "entity"}.items() <= record.items()
        assert record["text-only ceiling"] == 25.0
        assert record["difference"] == pytest.approx(record["with"] - record["without"])
        if record["low"] != record["high"]:
            assert (record["low"] + record["high"]) / 2 == pytest.approx(record["difference"])
        assert record["supported"] == (record["p_holm"] is not None and record["p_holm"] < 0.05)
        assert (record["p"] is None) == (record["low"] is None) == (record["p_holm"] is None)
    assert [line.source for line in result.grid.lines] == ["BERT-CRF; ambiguous", "w/o Ind; ambiguous"]
    first, second = result.grid.records()
    assert first["with"] == second["with"], "both rows have the same whole system"
    assert len(list((folder / "out" / "runs").iterdir())) == 6, "the whole system is trained once a seed"
    assert {file.suffix for file in result.files} == {".md", ".csv", ".tex"}
    notes = " ".join(result.grid.notes)
    for part in ("tiny-text", "seeds: 2", "BERT-CRF 2", "encoder_rate = 0.001", "Quick form"):
        assert part in notes
    json.dumps(result.grid.records(), allow_nan=False)


@pytest.mark.parametrize(
    ("alone", "held", "supported"),
    [((0.03, 0.04), (0.06, 0.06), [False] * 2), ((0.01, 0.2), (0.02, 0.2), [True, False])],
)
def test_the_rows_of_the_table_are_judged_together(
    made: tuple[Result, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    alone: tuple[float, ...],
    held: tuple[float, ...],
    supported: list[bool],
) -> None:
    shutil.copytree(made[1], tmp_path / "again")
    measure, given = mechanisms._measured, iter(alone)

    def measured(*parts: Any) -> Any:
        return replace(measure(*parts), test=Finding(p=next(given), low=0.1, high=9.0))

    monkeypatch.setattr(mechanisms, "_measured", measured)
    order = Order(suite=str(tmp_path / "again" / "mine.toml"), quick=True, out=tmp_path / "again" / "out")
    records = experiment(order, Home(tmp_path / "again" / "home")).grid.records()
    assert [record["p"] for record in records] == list(alone)
    assert [record["p_holm"] for record in records] == pytest.approx(list(held))
    assert [record["supported"] for record in records] == supported


def test_the_knobs_own_posts_pick_the_epoch(made: tuple[Result, Path]) -> None:
    _, folder = made
    (drawn,) = (folder / "out" / "data").glob("*/")
    isolated = [post for post in read_dataset(drawn).split("valid") if "ambiguous" in post.subsets]
    assert 0 < len(isolated) < len(read_dataset(drawn).split("valid"))
    for kept in (folder / "out" / "runs").iterdir():
        dev = [json.loads(line)["id"] for line in (kept / "predictions.jsonl").read_text().splitlines()]
        assert dev == [post.id for post in isolated]


def test_what_shows_no_gain_is_said_with_its_figures(made: tuple[Result, Path]) -> None:
    result, _ = made
    (verdict,) = (note for note in result.grid.notes if note.startswith(("No gain", "Every row")))
    for line, record in zip(result.grid.lines, result.grid.records(), strict=True):
        assert (f"{line.name} ({record['difference']:+.2f}" in verdict) == (not record["gain"])
        assert line.blocks["F1"][3].marked == record["supported"]


def test_a_table_cut_off_while_drawing_draws_again_and_gives_the_same(made: tuple[Result, Path]) -> None:
    result, folder = made
    shutil.copytree(folder / "out", folder / "cut")
    (report,) = (folder / "cut" / "data").glob("*.json")
    report.unlink()
    order = Order(suite=str(folder / "mine.toml"), quick=True, out=folder / "cut")
    again = experiment(order, Home(folder / "home"))
    assert [file.read_text() for file in again.files] == [file.read_text() for file in result.files]
    assert report.is_file()


def _post(number: int, text: str, gold: list[Span], subsets: dict[str, frozenset[Span]]) -> Example:
    tokens = tuple(Token(found[0], *found.span()) for found in re.finditer(r"\S+", text))
    return Example(id=str(number), text=text, tokens=tokens, spans=tuple(gold), subsets=subsets)


def test_a_subset_is_scored_by_its_entities_or_by_its_posts() -> None:
    juno, bern = Span(0, 1, "PER"), Span(2, 3, "LOC")
    posts = [
        _post(0, "Juno in Bern", [juno, bern], {"ambiguous": frozenset([juno])}),
        _post(1, "Karaoke Night !", [], {"decoys": frozenset()}),
        _post(2, "Juno sings here", [juno], {"decoys": frozenset()}),
        _post(3, "Juno and Bern", [juno, bern], {}),
    ]
    said = [[juno, Span(2, 3, "ORG")], [Span(0, 2, "MISC")], [juno], []]
    assert subset_f1(posts, said, "ambiguous") == 100.0, "what is said of Bern does not count"
    assert subset_f1(posts, said, "decoys") == pytest.approx(200 * 1 / (2 + 1)), "one right of two given, one gold"
    assert subset_f1(posts, [[], *said[1:]], "ambiguous") == 0.0


def test_the_suite_isolates_every_system_on_knobs_that_fit() -> None:
    suite = read_suite("mechanisms")
    assert {row.model for row in suite.rows} == set(SYSTEMS) - {"bert-crf"}
    for row in suite.rows:
        for size in (suite.quick, suite.full):
            rest_sizes(row.times * size.posts, Knobs(**{"ambiguous": 0.0, **row.knobs}))
        assert row.variant in SYSTEMS[row.model].variants or row.against in SYSTEMS, row.name
        if row.against:
            assert row.against == "bert-crf"
    assert {row.knob for row in suite.rows} == set(Knobs().shares), "every knob isolates something"
    assert suite.quick.profile == "tiny"
    assert min(suite.quick.seeds, suite.full.seeds) >= 5


def one_pass(text: str, posts: int, folder: Path) -> Order:
    """A suite of one's own with one seed and one epoch on this many posts."""
    (folder / "mine.toml").write_text(text)
    return Order(suite=str(folder / "mine.toml"), profile="tiny", epochs=1, seeds=1, posts=posts, out=folder / "out")


KNOWLEDGE = """
title = "Knowledge"
kind = "mechanisms"
[[rows]]
name = "knowledge"
model = "iaik"
variant = "w/o knowledge"
knobs = { posters = 0.6 }
"""


def test_iaik_is_given_the_knowledge_that_came_with_the_posters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[TrainingRequest] = []

    def watched(request: TrainingRequest, *rest: Any) -> None:
        asked.append(request)
        train(request, *rest)

    monkeypatch.setattr(run_cache, "train", watched)
    order = one_pass(KNOWLEDGE, 40, tmp_path)
    experiment(order, Home(tmp_path / "home"))
    graphs = {request.plan.variant: request.identity()["graph"] for request in asked}
    assert set(graphs) == {"", "w/o knowledge"}
    assert graphs[""], "without its graph the mechanism would have nothing to say"
    assert not graphs["w/o knowledge"]


BY_SIDE = """
title = "By side"
kind = "mechanisms"
[[rows]]
name = "parameters of their own"
model = "umgf"
variant = "w/o Ind"
knobs = { pairs = 0.8 }
times = 2
scored = "pairs-side"
"""


def test_a_row_may_ask_for_more_posts_and_score_a_part_of_its_knobs(tmp_path: Path) -> None:
    order = one_pass(BY_SIDE, 55, tmp_path)
    grid = experiment(order, Home(tmp_path / "home")).grid
    (record,) = grid.records()
    assert "drawn for each set of knobs: 55, 2 times as many for parameters of their own" in " ".join(grid.notes)
    (drawn,) = (tmp_path / "out" / "data").glob("*/")
    test = read_dataset(drawn).split("test")
    by_side = [post for post in test if "pairs-side" in post.subsets]
    assert sum(map(len, read_dataset(drawn).splits.values())) == 110
    assert 0 < len(by_side) < sum("pairs" in post.subsets for post in test)
    assert (record["slice"], record["posts"], record["support"]) == ("pairs-side", len(by_side), 2 * len(by_side))


def test_what_suits_the_tiny_encoder_does_not_reach_another_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sizes: list[Size] = []

    def watched(suite: Suite, size: Size, run_cache: RunCache) -> ResultTable:
        sizes.append(size)
        return ResultTable(title=suite.title, columns={}, lines=[], notes=[])

    monkeypatch.setattr(runner, "mechanisms_table", watched)
    for profile in (None, "tiny", "compact"):
        experiment(Order(suite="mechanisms", quick=True, profile=profile, out=tmp_path), Home(tmp_path / "home"))
    own = read_suite("mechanisms").quick.set
    assert "encoder_rate" in own
    assert [size.set for size in sizes] == [own, own, {}]


BAD = {
    'variant = "w/o Ind"\nagainst = "bert-crf"\nknobs = { pairs = 0.5 }': "either a variant or a system",
    'variant = "w/o Ind"': "needs knobs",
    'variant = "w/o Ind"\nknobs = { sheep = 0.5 }': "no knob 'sheep'",
    'variant = "w/o Ind"\nknobs = { pairs = 1.5 }': "lies in 0..1",
    'variant = "w/o Ind"\nknobs = { pairs = 0.2 }\nscored = "pears"': "no 'pears' to score; they have: pairs, pairs-",
    'variant = "w/o Ind"\nknobs = { pairs = 0.5 }\ntimes = 0': "a whole number of times the posts, got 0",
    'variant = "w/o Ind"\nknobs = { pairs = 0.5 }\ntimes = "two"': "times of the row 'a' must be a whole number",
    'against = "nobody"\nknobs = { pairs = 0.5 }': "names the system 'nobody'",
}


@pytest.mark.parametrize("text", BAD)
def test_a_row_that_isolates_nothing_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'title = "x"\nkind = "mechanisms"\n[[rows]]\nname = "a"\nmodel = "umgf"\n{text}')
    with pytest.raises(InputError, match=BAD[text]):
        experiment(Order(suite=str(file), out=tmp_path / "out"), Home(tmp_path / "home"))


def test_mechanisms_take_no_data_of_others(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes no data set"):
        experiment(Order(suite="mechanisms", data=["x=y"], out=tmp_path / "out"), Home(tmp_path / "home"))
