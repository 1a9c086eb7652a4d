"""Published weights into nets: read without pickles, every name and shape checked, and frozen for good."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import AutoImageProcessor, PreTrainedModel

from mner_core.device import device
from mner_core.features.pixels import squares
from mner_core.files import names_only
from mner_core.types import InputError
from mner_core.weights.hub import by_hand, published_folder, weights_in
from mner_core.weights.state import read_state

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def filled(name: str, build: Callable[[], nn.Module]) -> Any:
    """The net that `build` makes, with the published weights of that name, frozen.

    Raises:
        InputError: the weights are not here, or are those of another net.
    """
    file = weights_in(name, published_folder(name))
    state = read_state(file)
    with torch.random.fork_rng(devices=[]):
        net = build()
    try:
        wrong = net.load_state_dict(state, strict=False)
    except RuntimeError as error:  # shapes: torch's list begins with a heading
        first = " ".join(str(error).splitlines()[1].split())
        raise InputError(f"The weight file {file.name} is not one of {name}: {first}") from None
    refuse_others(name, file.name, wrong.missing_keys, wrong.unexpected_keys)
    return frozen(net)


def from_folder(name: str, kind: type[PreTrainedModel]) -> tuple[Any, Path]:
    """A model of transformers with the published weights of that name, frozen, and the folder it came from.

    Raises:
        InputError: the weights are not here, or are those of another model.
    """
    folder = published_folder(name)
    file = weights_in(name, folder)
    with torch.random.fork_rng(devices=[]):
        try:
            loaded: Any = kind.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=file.suffix == ".safetensors",
                output_loading_info=True,
            )
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            said = names_only(" ".join(str(error).split()))[:120]
            raise InputError(f"The weights of {name} cannot be read ({said}); {by_hand(name, folder)}.") from None
    model, told = loaded
    wrong = [*told["missing_keys"], *(each[0] for each in told["mismatched_keys"])]
    refuse_others(name, file.name, wrong, [])
    return frozen(model), folder


def image_processor(folder: Path) -> Any:
    """What prepares pictures as a published model of transformers was trained to see them."""
    return AutoImageProcessor.from_pretrained(folder, local_files_only=True)  # type: ignore[no-untyped-call]


def refuse_others(name: str, file: str, missing: Sequence[str], unexpected: Sequence[str]) -> None:
    """Refuses weights whose names are not the net's.

    Raises:
        InputError: something is missing or too much; the sentence names the first.
    """
    for wrong, what in ((missing, "lacks"), (unexpected, "also holds")):
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise InputError(f"The weight file {file} is not one of {name}: it {what} {sorted(wrong)[0]}{more}.")


def frozen(net: Any) -> Any:
    """The net in evaluation mode (batch-norm statistics stand), without gradients, on its device."""
    return net.eval().requires_grad_(False).to(device())


def normalised(pictures: Sequence[Image.Image], size: int) -> Tensor:
    """Pictures stretched to squares, as torchvision's nets take them: ImageNet's mean 0 and spread 1.

    Shape: [pictures, 3, size, size], on the device.
    """
    pixels = torch.from_numpy(squares(pictures, size)).to(device()).permute(0, 3, 1, 2).float().div_(255)
    mean, spread = (torch.tensor(each, device=pixels.device).view(3, 1, 1) for each in (_MEAN, _SPREAD))
    return (pixels - mean) / spread
