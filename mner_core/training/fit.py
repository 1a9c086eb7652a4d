"""The training loop: AdamW with a rate for each module, warm-up, clipping, best epoch on dev, resume.

`fit` is a generator of finished epochs; it knows no store, no screen and no clock but the one that times an epoch.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mner_core.batches.batcher import Batcher
from mner_core.batches.buckets import length_buckets
from mner_core.catalog.system import Settings
from mner_core.models.base import Model, Progress
from mner_core.training import checkpoint
from mner_core.training.measure import is_kept, measure_epoch
from mner_core.types import Example, InputError, Prediction

if TYPE_CHECKING:
    from accelerate import Accelerator, PartialState

SECONDS_BETWEEN_CHECKPOINTS = 60.0
"""A killed run loses at most this much work."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training posts: mean loss, dev scores (F1 0..100, None without dev), seconds since it began."""

    number: int
    loss: float
    dev: dict[str, Any]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Posts:
    """What a model is trained on, and what picks its epoch; where `dev` is empty, the last epoch is kept."""

    train: Sequence[Example]
    dev: Sequence[Example]


def fit(
    model: Model,
    batcher: Batcher,
    posts: Posts,
    settings: Settings,
    seed: int,
    folder: Path,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Epoch]:
    """Trains in place and yields each epoch as it ends, those of an interrupted earlier call included.

    `folder` receives `checkpoint/` and `best.safetensors`, the parameters of the epoch with the best dev F1 (the first
    such epoch; the last one where there are no dev posts). `on_step(done, total)` is called after every step. Under
    torchrun every process takes its share of the batches and the first one writes.

    Raises:
        InputError: the loss is no longer a number; going on would only store a broken model.
    """
    accelerator = _accelerator(settings)
    model.to(accelerator.device)
    optimizer = make_optimizer(model, settings)
    place = checkpoint.restore(folder / "checkpoint", model, optimizer) or checkpoint.CheckpointPlace()
    yield from (Epoch(**record) for record in place.epochs)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    lengths = [len(example.tokens) for example in posts.train]
    started, saved = time.monotonic() - place.seconds, time.monotonic()
    while place.epoch <= settings.epochs:
        steps = _share(length_buckets(lengths, settings.batch, seed * 1000 + place.epoch), accelerator)
        total = len(steps) * settings.epochs
        for rows in steps[place.step :]:
            done = (place.epoch - 1) * len(steps) + place.step
            model.train()
            batch = batcher.labelled([posts.train[row] for row in rows]).to(accelerator.device)
            loss = wrapped(batch, Progress(place.epoch - 1, done / total))
            place.losses.append(_finite(loss, done))
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(wrapped.parameters(), settings.clip)
            set_rates(optimizer, schedule((done + 0.5) / total, settings))
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            place.step += 1
            on_step(done + 1, total)
            if time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS and accelerator.is_main_process:
                place.seconds, saved = time.monotonic() - started, time.monotonic()
                checkpoint.save(folder / "checkpoint", place, model, optimizer)
        epoch, improved = _end_epoch(model, batcher, posts.dev, settings, place, started)
        if accelerator.is_main_process:
            if improved:
                checkpoint.write_tensors(dict(model.state_dict()), folder / "best.safetensors")
            checkpoint.save(folder / "checkpoint", place, model, optimizer)
        yield epoch


def _accelerator(settings: Settings) -> "Accelerator":
    from accelerate import Accelerator  # here, because whoever only predicts needs none

    precision = settings.precision if settings.precision != "fp32" else "no"
    return Accelerator(cpu=not torch.cuda.is_available(), mixed_precision=precision)


def processes_of_training() -> "PartialState":
    """Who takes part in this training: one process, or all that torchrun has started."""
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available())


def _end_epoch(
    model: Model,
    batcher: Batcher,
    dev: Sequence[Example],
    settings: Settings,
    place: checkpoint.CheckpointPlace,
    started: float,
) -> tuple[Epoch, bool]:
    """Scores dev and moves the place to the next epoch; also says whether dev F1 is the best yet."""
    predictions = predict(model, batcher, dev, settings.batch)
    measured = measure_epoch(dev, predictions)
    epoch = Epoch(
        number=place.epoch,
        loss=sum(place.losses) / max(len(place.losses), 1),
        dev=measured,
        seconds=round(time.monotonic() - started, 1),
    )
    improved = is_kept(measured, place.best)
    if improved:
        place.best, place.best_epoch = measured["f1"] or 0.0, place.epoch
    place.epochs.append(asdict(epoch))
    place.epoch, place.step, place.losses, place.seconds = place.epoch + 1, 0, [], epoch.seconds
    return epoch, improved


def predict(
    model: Model, batcher: Batcher, examples: Sequence[Example], size: int, evidence: bool = False
) -> list[Prediction]:
    """A prediction for each post, in the order given; a post without words has no spans."""
    model.eval()
    device = next(model.parameters()).device
    empty = Prediction(spans=(), confidences=(), confidence_source="crf")
    predictions = [empty] * len(examples)
    for rows in length_buckets([len(example.tokens) for example in examples], size):
        batch = batcher.batch([examples[row] for row in rows]).to(device)
        for row, prediction in zip(rows, model.predict(batch, evidence), strict=True):
            predictions[row] = prediction
    return predictions


def make_optimizer(model: Model, settings: Settings) -> torch.optim.AdamW:
    """AdamW; matrices decay, biases and norms do not. Each group remembers its `rate`, which the schedule scales."""
    groups = []
    for rate, parameters in model.rate_groups(settings):
        for decay, chosen in (
            (settings.weight_decay, [parameter for parameter in parameters if parameter.ndim > 1]),
            (0.0, [parameter for parameter in parameters if parameter.ndim <= 1]),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": rate, "rate": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def schedule(share: float, settings: Settings) -> float:
    """The factor on every learning rate when `share` of all steps are done: linear up to 1, then down as `decay` says.

    In a line to 0; or by steps, as PyTorch's StepLR(2, 0.8).
    """
    if share < settings.warmup:
        return share / settings.warmup
    if settings.decay == "steps":
        return float(0.8 ** (int(share * settings.epochs) // 2))
    return (1 - share) / (1 - settings.warmup)


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Every group's learning rate becomes its own rate times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor


def _share(batches: list[list[int]], accelerator: "Accelerator") -> list[list[int]]:
    """This process's batches: every n-th, wrapped so that all processes take equally many steps."""
    count = accelerator.num_processes
    if not batches:
        raise InputError("There is nothing to train on: no training post has a word.")
    return [batches[place % len(batches)] for place in range(math.ceil(len(batches) / count) * count)][
        accelerator.process_index :: count
    ]


def _finite(loss: Tensor, step: int) -> float:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise InputError(f"The loss became {value} at step {step + 1}; lower the learning rates and train again.")
    return value
