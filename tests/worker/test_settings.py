"""What the environment tells a worker."""

from pathlib import Path

import pytest

from mner_core.types import InputError
from worker import settings
from worker.settings import WorkerSettings, child_environment


def test_without_gpus_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "gpus", lambda: ())
    assert WorkerSettings.from_environment({}) == WorkerSettings()
    monkeypatch.setattr(settings, "gpus", lambda: ("cuda:0", "cuda:1"))
    assert WorkerSettings.from_environment({}).devices == ("cuda:0", "cuda:1")
    assert WorkerSettings.from_environment({"MNER_DEVICES": "cpu"}).devices == ("cpu",)


def test_values_are_read() -> None:
    env = {"MNER_DEVICES": "cuda:1, cuda:0", "MNER_DEMO": "0", "MNER_LEASE": "5", "MNER_SERVING_MB": "2"}
    read = WorkerSettings.from_environment(env)
    assert (read.devices, read.demo, read.lease, read.serving_bytes) == (("cuda:1", "cuda:0"), False, 5.0, 2 << 20)


@pytest.mark.parametrize(
    "env",
    [
        {"MNER_DEVICES": "cuda"}, {"MNER_DEVICES": "cpu,cpu"}, {"MNER_DEMO": "yes"}, {"MNER_LEASE": "-3"},
        {"MNER_LEASE": "soon"}, {"MNER_LEASE": "nan"}, {"MNER_EVIDENCE_MB": "inf"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(env: dict[str, str]) -> None:
    with pytest.raises(InputError, match=next(iter(env))):
        WorkerSettings.from_environment(env)


def test_a_child_sees_its_gpu_alone_and_its_threads_sleep_while_they_wait() -> None:
    seen = child_environment("cuda:3", {"OMP_NUM_THREADS": "8", "HOME": "/root", "CUDA_VISIBLE_DEVICES": "0,1,2,3"})
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["OMP_NUM_THREADS"], seen["HOME"]) == ("3", "8", "/root")
    assert seen["OMP_WAIT_POLICY"] == "PASSIVE"
    assert child_environment("cpu", {"OMP_WAIT_POLICY": "ACTIVE"})["OMP_WAIT_POLICY"] == "ACTIVE"
    assert child_environment("cpu", {})["CUDA_VISIBLE_DEVICES"] == ""


def test_what_is_left_empty_is_as_if_it_were_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "gpus", lambda: ())
    names = ("DEVICES", "DEMO", "LEASE", "SERVING", "SERVING_MB", "EVIDENCE_MB")
    assert WorkerSettings.from_environment({f"MNER_{name}": "" for name in names}) == WorkerSettings()
    documented = WorkerSettings(
        devices=("cpu",), demo=True, lease=30, serving=True, serving_bytes=1024 * 2**20, evidence_bytes=256 * 2**20
    )
    assert WorkerSettings() == documented, "the numbers that the module's first lines name"


@pytest.mark.parametrize("value", ["0", "1"])
def test_a_flag_switches_its_own_thing(value: str) -> None:
    for name in ("demo", "serving"):
        read = WorkerSettings.from_environment({"MNER_DEVICES": "cpu", f"MNER_{name.upper()}": value})
        assert {each: getattr(read, each) for each in ("demo", "serving")} == {
            "demo": True, "serving": True, name: value == "1"
        }  # fmt: skip


def test_sizes_are_in_megabytes_and_may_be_parts_of_one() -> None:
    read = WorkerSettings.from_environment({"MNER_DEVICES": "cpu", "MNER_SERVING_MB": "0.5", "MNER_EVIDENCE_MB": "3"})
    assert (read.serving_bytes, read.evidence_bytes) == (2**19, 3 * 2**20)
    with pytest.raises(InputError, match="MNER_EVIDENCE_MB is a number above 0, got '0'"):
        WorkerSettings.from_environment({"MNER_DEVICES": "cpu", "MNER_EVIDENCE_MB": "0"})


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "cuda:-1", "cuda1:0"])
def test_a_gpu_has_a_number(device: str) -> None:
    with pytest.raises(InputError, match="write GPUs as cuda:0, cuda:1"):
        WorkerSettings.from_environment({"MNER_DEVICES": device})
    assert WorkerSettings.from_environment({"MNER_DEVICES": "cuda:10,,cpu ,"}).devices == ("cuda:10", "cpu")


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("echo 0; echo ' 1 '; echo; echo '[N/A]'", ("cuda:0", "cuda:1")),
        ("exit 9", ()),
        ("true", ()),
        (None, ()),
    ],
)
def test_gpus_are_those_that_the_driver_lists(
    program: str | None, found: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert settings.gpus() == found
