"""A training step of each model over a plainer one's: forward, backward, optimiser; cached features, same batches.

The batches are built beforehand, so what is measured is the step alone. All contenders take turns on every batch, so
that noise of the machine hits all of them, and each one's time is the median over the batches.
"""

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mner_core.batches.tensors import Batch
from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import SYSTEMS, system
from mner_core.data.dataset import read_dataset
from mner_core.home import Home
from mner_core.models.base import Progress
from mner_core.scenes.write import write_scenes
from mner_core.text.encoder import TextEncoder, text_encoder
from mner_core.training.fit import make_optimizer
from mner_core.training.model_inputs import prepare_model_inputs
from mner_core.training.plan import Plan, build_batcher, build_model

POSTS, BATCH, ROUNDS = 200, 16, 3
LIMITS = {
    "bert-crf": {"bare encoder": 1.3},
    "rgcn": {"bare encoder": 1.8, "bert-crf": 2.0},
    "gei": {"bert-crf": 3.0},
    "hamlearning": {"bert-crf": 3.0},
}
"""Over whose step how much the issues allow; every other system at most `LIMIT`."""
LIMIT = {"bert-crf": 2.0}


def main() -> None:
    """Prints a table: median seconds of a step, and its ratio to the step that the issues compare it with."""
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder) / "scenes", POSTS, 0)
        home = Home(Path(folder) / "home")
        data = read_dataset(Path(folder) / "scenes")
        posts = data.split("train")
        batches: dict[str, list[Batch]] = {}
        steps: dict[str, Callable[[Batch], None]] = {"bare encoder": _bare_step(text_encoder(profile("compact").text))}
        for name in SYSTEMS:
            entry = system(name)
            plan = Plan(
                system=entry,
                variant="",
                settings=entry.resolve("compact"),
                labels=data.labels,
                profile=profile("compact"),
            )
            encoder = text_encoder(plan.profile.text)
            around = prepare_model_inputs(plan, posts, [], home, lambda what, done, total: None)
            batcher = build_batcher(plan, encoder, around.providers)
            batches[name] = list(batcher.batches(posts, BATCH, seed=0))
            steps[name] = _model_step(plan, encoder)
        batches["bare encoder"] = batches["bert-crf"]
        seconds = _take_turns(steps, batches)
    print(f"\nA training step on {BATCH} posts, compact profile, {torch.get_num_threads()} thread")
    for name, value in seconds.items():
        limits = LIMITS.get(name, LIMIT) if name in SYSTEMS else {}
        ratios = [f"{value / seconds[over]:5.2f} x {over} (at most {limit})" for over, limit in limits.items()]
        print(f"  {name:<14} {value * 1000:7.1f} ms  {',  '.join(ratios)}")


def _take_turns(steps: dict[str, Callable[[Batch], None]], batches: dict[str, list[Batch]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(ROUNDS + 1):
        for number in range(len(batches["bare encoder"])):
            for name, step in steps.items():
                gc.collect()
                start = time.perf_counter()
                step(batches[name][number])
                if turn:  # the first round warms up
                    times[name].append(time.perf_counter() - start)
    return {name: statistics.median(of_name) for name, of_name in times.items()}


def _model_step(plan: Plan, encoder: TextEncoder) -> Callable[[Batch], None]:
    model = build_model(plan, encoder, 0).train()
    optimizer = make_optimizer(model, plan.settings)

    def step(batch: Batch) -> None:
        model.loss(batch, Progress()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.settings.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def _bare_step(encoder: TextEncoder) -> Callable[[Batch], None]:
    """The encoder alone on the same pieces, with the cheapest loss there is."""
    encoder.model.train()
    optimizer = torch.optim.AdamW(encoder.model.parameters(), lr=5e-5, fused=True)

    def step(batch: Batch) -> None:
        pieces = batch.pieces
        states = encoder.model(
            input_ids=pieces.ids, attention_mask=pieces.real, token_type_ids=pieces.segment
        ).last_hidden_state
        states.square().mean().backward()
        torch.nn.utils.clip_grad_norm_(encoder.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step
