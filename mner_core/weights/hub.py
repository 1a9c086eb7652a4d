"""The weights the papers used, as their makers publish them: which files, from where, and where they are looked for.

    MNER_WEIGHTS/NAME/            looked at first
    MNER_HOME/weights/paper/NAME/ where `python -m mner_core weights --profile paper --hub` puts them

A file of weights may be safetensors or torch's own format, which is only ever read with `weights_only`. What is fetched
is checked by its sha256 where that is known: torchvision writes the first digits into the file's name. What a person
puts there may be weights of their own: every name and shape is checked, and features are kept by the file's sha256.
"""

import functools
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from mner_core.files import names_only, write_whole
from mner_core.home import Home
from mner_core.types import InputError

TORCHVISION = "https://download.pytorch.org/models"
SAFE = "model.safetensors"
BIN = "pytorch_model.bin"

Alternatives: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One set of published weights.

    Args:
        origin: the folder of torchvision's files, or REPOSITORY@REVISION on Hugging Face.
        file: the file of weights.
        beside: what must lie beside them; of a tuple's names one is enough.
        megabytes: about how large the download is.
        licence: of the weights.
        sums: sha256 of files, where it is known.
    """

    origin: str
    file: str
    beside: tuple[Alternatives, ...] = ()
    megabytes: int
    licence: str
    sums: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Alternatives:
        """The names under which the weights may lie in their folder; the first found is read."""
        return tuple(dict.fromkeys((SAFE, self.file, self.file if self.origin == TORCHVISION else BIN)))


def _torchvision(file: str, megabytes: int) -> Published:
    return Published(origin=TORCHVISION, file=file, megabytes=megabytes, licence="BSD-3-Clause (torchvision)")


_BERT_FILES: tuple[Alternatives, ...] = (("config.json",), ("tokenizer.json",))
_PICTURE_FILES: tuple[Alternatives, ...] = (("config.json",), ("preprocessor_config.json",))
_TOKENIZER_FILES: tuple[Alternatives, ...] = (("tokenizer_config.json",),)

PUBLISHED: Mapping[str, Published] = {
    "bert-base-uncased": Published(
        origin="google-bert/bert-base-uncased@main",
        file=SAFE,
        beside=_BERT_FILES,
        megabytes=440,
        licence="Apache-2.0",
        sums={SAFE: "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3"},
    ),
    "bert-base-cased": Published(
        origin="google-bert/bert-base-cased@main",
        file=SAFE,
        beside=_BERT_FILES,
        megabytes=436,
        licence="Apache-2.0",
    ),
    "resnet152": _torchvision("resnet152-394f9c45.pth", 230),
    "vgg16": _torchvision("vgg16-397923af.pth", 528),
    "inception-v3": _torchvision("inception_v3_google-0cc3c7bd.pth", 104),
    "faster-rcnn": _torchvision("fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", 160),
    "mask-rcnn": _torchvision("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth", 170),
    "detr-resnet-50": Published(
        origin="facebook/detr-resnet-50@no_timm",
        file=SAFE,
        beside=_PICTURE_FILES,
        megabytes=167,
        licence="Apache-2.0",
    ),
    "owlvit-base-patch32": Published(
        origin="google/owlvit-base-patch32@main",
        file=BIN,
        beside=(*_PICTURE_FILES, *_TOKENIZER_FILES, ("tokenizer.json", "vocab.json"), ("tokenizer.json", "merges.txt")),
        megabytes=613,
        licence="Apache-2.0",
    ),
    "blip-image-captioning-base": Published(
        origin="Salesforce/blip-image-captioning-base@main",
        file=BIN,
        beside=(*_PICTURE_FILES, *_TOKENIZER_FILES, ("tokenizer.json",)),
        megabytes=990,
        licence="BSD-3-Clause",
        sums={BIN: "d6638651a5526cc2ede56f2b5104d6851b0755816d220e5e046870430180c767"},
    ),
}


def weights_in(name: str, folder: Path) -> Path:
    """The file of weights in the folder."""
    return next(folder / each for each in PUBLISHED[name].names if (folder / each).is_file())


def digits(name: str) -> str:
    """The first digits of the sha256 of the weights of that name: of those here, else of the published ones, if known.

    They are part of an extractor's version: a person may well bring weights of their own.
    """
    try:
        found = sum_of(weights_in(name, published_folder(name)))
    except InputError:
        found = published_sum(name, PUBLISHED[name].file)
    return found[:8]


def sum_of(file: Path) -> str:
    """The file's sha256, computed once while it stays the same."""
    state = file.stat()
    return _sum_of(file, state.st_size, state.st_mtime_ns)


def published_sum(name: str, file: str) -> str:
    """The sha256 of a published file of weights, or its first digits, or nothing where it is not known."""
    return PUBLISHED[name].sums.get(file) or _digits_in(file)


def published_folder(name: str) -> Path:
    """The folder in which the weights of that name lie whole.

    Raises:
        InputError: no folder has all of it.
    """
    folders = _folders(name)
    lacking = [(folder, _lacks(name, folder)) for folder in folders]
    whole = next((folder for folder, lacks in lacking if not lacks), None)
    if whole is not None:
        return whole
    begun = next(((folder, lacks) for folder, lacks in lacking if folder.is_dir()), lacking[-1])
    raise InputError(_missing(name, *begun))


def fetch(name: str) -> Path:
    """Brings the weights of that name from their hub, or the hub's cache on this machine, into the home.

    Raises:
        InputError: they cannot be had.
    """
    source, folder = PUBLISHED[name], _folders(name)[-1]
    folder.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(_lacks(name, folder))
    for each in wanted:
        try:
            (_from_torchvision if source.origin == TORCHVISION else _from_hugging_face)(source.origin, each, folder)
        except Exception as error:  # noqa: BLE001 (a dozen kinds of network error; each is told in a sentence)
            said = names_only(" ".join(str(error).split()))[:200]
            raise InputError(f"{each} could not be fetched ({said}); {by_hand(name, folder)}.") from None
    file = weights_in(name, folder)
    if not sum_of(file).startswith(published_sum(name, file.name)):
        if file.name in wanted:
            file.unlink()
        todo = "it is removed, so fetch it again" if file.name in wanted else "delete it"
        raise InputError(f"{file.name}, as it was fetched, is not the published one by its sha256; {todo}.")
    return folder


def _folders(name: str) -> list[Path]:
    """Where the weights may lie, the home last."""
    manual = os.environ.get("MNER_WEIGHTS")
    home = Home.from_environment().root / "weights/paper" / name
    return [*([Path(manual).expanduser() / name] if manual else []), home]


def _lacks(name: str, folder: Path) -> list[str]:
    """What the folder lacks, by its published file names."""
    source = PUBLISHED[name]
    wanted = [(source.names, source.file), *((names, names[-1]) for names in source.beside)]
    return [usual for names, usual in wanted if not any((folder / each).is_file() for each in names)]


def _missing(name: str, folder: Path, lacks: list[str]) -> str:
    return f"The weights of {name} are not here: {by_hand(name, folder, lacks)}."


def by_hand(name: str, folder: Path, lacks: list[str] | None = None) -> str:
    """What a person can do to have the weights of that name in the folder, as half a sentence."""
    source = PUBLISHED[name]
    files = ", ".join(lacks or [source.file, *(names[-1] for names in source.beside)])
    origin = source.origin if source.origin == TORCHVISION else f"huggingface.co/{source.origin.replace('@', '/tree/')}"
    asked = "" if lacks is None else ", or run `python -m mner_core weights --profile paper --hub`"
    return f"put {files} (from {origin}, {source.megabytes} MB) into {_shown(folder)}{asked}"


def _shown(folder: Path) -> str:
    """The folder as the person names it: by MNER_WEIGHTS, MNER_HOME, or `var`."""
    folder = folder.resolve()
    for variable in ("MNER_WEIGHTS", "MNER_HOME"):
        named = os.environ.get(variable)
        if named and folder.is_relative_to(Path(named).expanduser().resolve()):
            return f"{variable}/{folder.relative_to(Path(named).expanduser().resolve()).as_posix()}"
    return folder.relative_to(Path.cwd()).as_posix() if folder.is_relative_to(Path.cwd()) else f".../{folder.name}"


@functools.cache
def _sum_of(file: Path, size: int, changed: int) -> str:  # noqa: ARG001 (another size or time is another file)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _digits_in(file: str) -> str:
    """The first digits of the sha256 that torchvision wrote into a file's name, or nothing."""
    found = re.search(r"-([0-9a-f]{8,})\.pth$", file)
    return found.group(1) if found else ""


def _from_torchvision(origin: str, file: str, folder: Path) -> None:
    from torch import hub

    cached = Path(hub.get_dir()) / "checkpoints" / file
    if cached.is_file():
        write_whole(folder / file, lambda beside: shutil.copyfile(cached, beside))
    else:
        hub.download_url_to_file(f"{origin}/{file}", str(folder / file), _digits_in(file) or None)


def _from_hugging_face(origin: str, file: str, folder: Path) -> None:
    from huggingface_hub import hf_hub_download

    repository, _, revision = origin.partition("@")
    hf_hub_download(repository, file, revision=revision, local_dir=folder)
