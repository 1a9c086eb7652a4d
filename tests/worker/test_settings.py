"""What the environment tells a worker."""

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
