"""Where nets compute: on the GPU that this process is given, else on the processor."""

from functools import cache

import torch


@cache
def device() -> torch.device:
    """The first GPU that `CUDA_VISIBLE_DEVICES` leaves, else the processor; a worker's child sees just its own."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
