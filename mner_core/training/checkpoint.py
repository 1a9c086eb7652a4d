"""Where training stands, on disk: tensors as safetensors, everything else as JSON, never a pickle.

A checkpoint holds all that decides the rest of the run (parameters, optimiser state, random numbers, place in the
epoch), so that a resumed run equals an uninterrupted one bit for bit on a CPU.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mner_core.caches import read_kept
from mner_core.files import write_whole


@dataclass
class CheckpointPlace:
    """How far training is.

    `epoch` and `step` name the next step to take; `losses` are those of the epoch so far; `best` is the best dev F1,
    `best_epoch` the epoch that reached it (0 before any has); `epochs` are the records of the finished ones.
    """

    epoch: int = 1
    step: int = 0
    losses: list[float] = field(default_factory=list)
    best: float = -1.0
    best_epoch: int = 0
    seconds: float = 0.0
    epochs: list[dict[str, Any]] = field(default_factory=list)


def save(folder: Path, place: CheckpointPlace, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Writes the checkpoint beside its name and swaps it in: whatever happens, one whole checkpoint is there.

    What a killed call has left beside the name may be the only whole one, and goes once another one has the name.
    """
    fresh, old = folder.with_name("checkpoint.new"), folder.with_name("checkpoint.old")
    if folder.exists() or old.exists():
        shutil.rmtree(fresh, ignore_errors=True)
    elif fresh.exists():
        fresh.rename(old)
    fresh.mkdir(parents=True)
    write_tensors(dict(model.state_dict()), fresh / "model.safetensors")
    write_tensors(_optimizer_tensors(optimizer), fresh / "optimizer.safetensors")
    write_tensors(_random_state(), fresh / "random.safetensors")
    write_whole(fresh / "place.json", json.dumps(asdict(place)))  # the last one: with it the checkpoint is whole
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> CheckpointPlace | None:
    """Puts model, optimiser and random numbers back to the last whole checkpoint; None where there is none."""
    names = ("checkpoint", "checkpoint.new", "checkpoint.old")
    found = next(filter(None, (read_kept(folder.with_name(name), _read) for name in names)), None)
    if found is None:
        return None
    place, tensors, states, random = found
    model.load_state_dict(tensors)
    _restore_optimizer(optimizer, states)
    torch.set_rng_state(random["cpu"])
    for number in range(torch.cuda.device_count()):
        if f"cuda:{number}" in random:
            torch.cuda.set_rng_state(random[f"cuda:{number}"], number)
    return place


def _read(folder: Path) -> tuple[CheckpointPlace, dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    place = CheckpointPlace(**json.loads((folder / "place.json").read_text(encoding="utf-8")))
    model, optimizer, random = (load_file(folder / f"{name}.safetensors") for name in ("model", "optimizer", "random"))
    return place, model, optimizer, random


def write_tensors(tensors: dict[str, Tensor], file: Path) -> None:
    """Writes named tensors so that the file is either absent or whole."""
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(file, lambda beside: save_file(stored, beside))


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """AdamW's state by parameter number: `3.exp_avg`."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": value for number, values in state.items() for name, value in values.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _random_state() -> dict[str, Tensor]:
    on_cuda = {f"cuda:{number}": torch.cuda.get_rng_state(number) for number in range(torch.cuda.device_count())}
    return {"cpu": torch.get_rng_state(), **on_cuda}
