"""Rates, decay, shares of batches and the claim on a folder: the rules of the loop, each by itself."""

import fcntl
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mner_core.evaluation.scoring import score
from mner_core.home import Home
from mner_core.training import fit
from mner_core.training.claim import BusyError, claimed
from mner_core.training.measure import epoch_rank, is_kept, measure_epoch, measure_run
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError, Prediction
from tests.fakes import make_model, random_posts, settings_of

Make = Callable[..., TrainingRequest]


@pytest.mark.parametrize("warmup", [0.1, 0.5])
def test_the_rate_rises_in_a_line_to_its_whole_and_falls_in_a_line_to_nothing(warmup: float) -> None:
    settings = settings_of("bert-crf", warmup=warmup, decay="line")
    assert fit.schedule(0, settings) == 0
    assert fit.schedule(warmup / 2, settings) == pytest.approx(0.5)
    assert fit.schedule(warmup, settings) == pytest.approx(1)
    assert fit.schedule((1 + warmup) / 2, settings) == pytest.approx(0.5)
    assert fit.schedule(1, settings) == 0


def test_without_warm_up_the_rate_begins_whole() -> None:
    assert fit.schedule(0, settings_of("bert-crf", warmup=0, decay="line")) == 1


def test_by_steps_the_rate_falls_to_four_fifths_every_two_epochs() -> None:
    settings = settings_of("bert-crf", warmup=0, decay="steps", epochs=6)
    stepped = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.StepLR(stepped, 2, 0.8)
    for epoch in range(6):
        assert fit.schedule((epoch + 0.5) / 6, settings) == pytest.approx(stepped.param_groups[0]["lr"])
        stepped.step()
        reference.step()


def test_matrices_decay_and_biases_do_not_and_every_group_has_its_own_rate() -> None:
    settings = settings_of("bert-crf", weight_decay=0.03, encoder_rate=1e-5, fusion_rate=2e-3)
    model = make_model("bert-crf", settings)
    optimizer = fit.make_optimizer(model, settings)
    rates = {id(parameter): rate for rate, parameters in model.rate_groups(settings) for parameter in parameters}
    assert len(set(rates.values())) > 1
    seen = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            seen.append(id(parameter))
            assert group["weight_decay"] == (0.03 if parameter.ndim > 1 else 0)
            assert group["lr"] == group["rate"] == rates[id(parameter)]
    assert sorted(seen) == sorted(rates), "each parameter once"
    fit.set_rates(optimizer, 0.25)
    assert all(group["lr"] == 0.25 * group["rate"] for group in optimizer.param_groups)
    fit.set_rates(optimizer, 0.5)
    assert all(group["lr"] == 0.5 * group["rate"] for group in optimizer.param_groups), "of the rate, not of the last"


@given(st.integers(1, 40), st.integers(1, 6))
def test_processes_share_the_batches_evenly_and_leave_none_out(number: int, processes: int) -> None:
    batches = [[place] for place in range(number)]
    shares = [
        fit._share(batches, SimpleNamespace(num_processes=processes, process_index=index)) for index in range(processes)
    ]
    assert {len(share) for share in shares} == {math.ceil(number / processes)}
    together = [batch for share in shares for batch in share]
    assert {batch[0] for batch in together} == set(range(number))
    assert len(together) - number < processes, "no more than needed is read twice"
    if processes == 1:
        assert shares[0] == batches


def test_nothing_to_read_and_a_loss_that_is_no_number_are_said() -> None:
    with pytest.raises(InputError, match="no training post has a word"):
        fit._share([], SimpleNamespace(num_processes=1, process_index=0))
    assert fit._finite(torch.tensor(2.5, requires_grad=True), 0) == 2.5
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(InputError, match=f"became {wrong} at step 8"):
            fit._finite(torch.tensor(wrong), 7)


@given(st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.5, 50.0, 100.0])), min_size=1, max_size=8))
def test_which_epoch_is_kept_is_which_epoch_ranks_first(scores: list[float | None]) -> None:
    """With figures the first of the best, without any the last; a first epoch of 0 is named best, too."""
    if any(score is None for score in scores):
        scores = [None] * len(scores)
    numbers = range(1, len(scores) + 1)
    best = max(numbers, key=lambda number: epoch_rank({"f1": scores[number - 1]}, number))
    expected = len(scores) if scores[0] is None else 1 + scores.index(max(score or 0.0 for score in scores))
    assert best == expected
    kept, highest = 0, -1.0
    for number, score_ in zip(numbers, scores, strict=True):
        if is_kept({"f1": score_}, highest):
            kept, highest = number, score_ or 0.0
    assert kept == expected


def test_what_is_measured_is_what_the_scorer_says() -> None:
    dev = random_posts(12)
    said = [
        Prediction(spans=post.spans[:1] if post.spans else (), confidences=(), confidence_source="crf") for post in dev
    ]
    measured = measure_epoch(dev, said)
    assert measured == score(dev, [each.spans for each in said]).to_json()
    assert 0 < measured["recall"] < measured["precision"] == 100
    whole = measure_run(dev, said, random_posts(30, seed=1))
    assert {name: whole[name] for name in measured} == measured
    assert whole["strict"]["support"] == score(dev, [each.spans for each in said], "entity-strict").micro.support
    assert {"seen", "unseen"} <= set(whole["slices"])
    assert whole["slices"]["seen"]["support"] + whole["slices"]["unseen"]["support"] == measured["support"]


def test_where_dev_is_empty_no_figure_is_made_up() -> None:
    for measured in (measure_epoch([], []), measure_run([], [], random_posts(3))):
        assert [measured[name] for name in ("precision", "recall", "f1", "support")] == [None, None, None, 0]
        assert measured["measured"] is False
        assert measured["macro"]["f1"] is None
        assert measured["per_type"] == {}


def test_every_step_is_told_of_once_and_the_last_is_the_whole(request_for: Make, home: Home, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def on_progress(what: str, done: int, total: int) -> None:
        if what == "training":
            told.append((done, total))

    request = request_for("bert-crf", epochs=3, batch=16)
    train(request, tmp_path / "run", home, on_progress)
    steps = [pair for pair in dict.fromkeys(told) if pair[0]]
    total = steps[-1][1]
    assert total % 3 == 0
    assert [done for done, _ in steps] == [*range(1, total + 1)]
    assert {whole for _, whole in steps} == {total}


def claim(folder: Path, out: Path, asked: Any, then: Callable[[], None] = lambda: None) -> None:
    with claimed(folder, out, asked):
        then()


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The folder of a run that was begun and interrupted."""
    folder = tmp_path / ".run.unfinished"
    claim(folder, tmp_path / "run", {"seed": (1, 2)})
    (folder / "checkpoint").mkdir()
    (folder / "best.safetensors").write_bytes(b"kept")
    return folder


def test_who_asks_for_the_same_goes_on_and_who_asks_otherwise_is_told(begun: Path, tmp_path: Path) -> None:
    claim(begun, tmp_path / "run", {"seed": [1, 2]})
    assert (begun / "best.safetensors").read_bytes() == b"kept"
    with pytest.raises(InputError, match=r"An unfinished run run with other data or settings lies in \.run\.unfin"):
        claim(begun, tmp_path / "run", {"seed": [1, 3]})
    assert (begun / "checkpoint").is_dir(), "nothing of it is touched"


@pytest.mark.parametrize("damage", ["lost", "cut off"])
def test_work_of_which_nobody_knows_the_settings_is_begun_anew(begun: Path, tmp_path: Path, damage: str) -> None:
    for name in ("checkpoint.old", "checkpoint.new"):
        (begun / name).mkdir()
    if damage == "lost":
        (begun / "request.json").unlink()
    else:
        (begun / "request.json").write_text('{"seed"')
    claim(begun, tmp_path / "run", {"seed": [9]})
    assert sorted(each.name for each in begun.iterdir()) == ["lock", "request.json"]
    assert json.loads((begun / "request.json").read_text()) == {"seed": [9]}


def test_one_process_at_a_time(begun: Path, tmp_path: Path) -> None:
    with (begun / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match="is training run right now"):
            claim(begun, tmp_path / "run", {"seed": [1, 2]})
    claim(begun, tmp_path / "run", {"seed": [1, 2]})
    assert (begun / "best.safetensors").exists()


def test_a_run_that_was_completed_meanwhile_is_not_trained_over(begun: Path, tmp_path: Path) -> None:
    begun.rename(tmp_path / "run")
    with pytest.raises(BusyError, match="has just trained run"):
        claim(begun, tmp_path / "run", {"seed": [1, 2]})
    assert not begun.exists(), "no empty folder is left behind"
    assert (tmp_path / "run" / "best.safetensors").exists()


def test_what_lies_beside_a_completed_run_is_left_to_its_owner(begun: Path, tmp_path: Path) -> None:
    shutil.copytree(begun, tmp_path / "run")
    with pytest.raises(BusyError, match="has just trained run"):
        claim(begun, tmp_path / "run", {"seed": [1, 2]})
    assert (begun / "best.safetensors").exists()
