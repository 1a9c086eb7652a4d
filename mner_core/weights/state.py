"""Files of weights, read without pickles; and names of tensors changed to a net's own."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from mner_core.files import names_only
from mner_core.types import InputError


def read_state(file: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights by name, be it safetensors or torch's own format.

    Raises:
        InputError: the file is damaged, or holds anything but tensors.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 (each reader has errors of its own; all are told in a sentence)
        said = names_only(" ".join(str(error).split()))[:160]
        raise InputError(
            f"The weight file {file.name} is not read: it is damaged or holds more than tensors ({said})."
        ) from None
    return state


def renamed(state: Mapping[str, Tensor], parts: Mapping[str, str]) -> dict[str, Tensor]:
    """The same tensors, each name's ending replaced as `parts` says."""
    return {
        next((name.removesuffix(old) + new for old, new in parts.items() if name.endswith(old)), name): value
        for name, value in state.items()
    }
