"""What a worker can be told, all of it by the environment.

Its own
    MNER_DEVICES     where jobs run, one at a time on each: "cpu", "cuda:0,cuda:1"; without it all GPUs that nvidia-smi
                     lists, else the CPU
    MNER_DEMO        0: an empty store stays empty; otherwise a first start imports the demonstration sets and trains
    MNER_LEASE       seconds without a sign after which a job is taken from a worker (30)
    MNER_SERVING     0: no serving child, questions stay unanswered (for a machine that only trains)
    MNER_SERVING_MB  memory for loaded runs in the serving child; the last used one always stays (1024)
    MNER_EVIDENCE_MB disk for kept answers with full evidence, below the home (256)
Everybody's
    MNER_HOME        where everything lies (var)            db.engine: DATABASE_URL     another database than SQLite
    MNER_WEIGHTS     a folder with weights brought by hand  Procfile: PORT              where the web listens (8501)
    OMP_NUM_THREADS  threads of a computation (all cores)
    MNER_USER, MNER_USER_HEADER                             pages.shared.sign_in: who is asking
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from db.job_leases import LEASE
from mner_core.types import InputError


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """The variables above, read and checked."""

    devices: tuple[str, ...] = ("cpu",)
    demo: bool = True
    lease: float = LEASE
    serving: bool = True
    serving_bytes: int = 1 << 30
    evidence_bytes: int = 256 << 20

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "WorkerSettings":
        """Reads them.

        Raises:
            InputError: a value is none, or two devices are one.
        """
        named = tuple(part.strip() for part in env.get("MNER_DEVICES", "").split(",") if part.strip())
        if len(set(named)) < len(named):
            raise InputError(f"MNER_DEVICES names a device twice: {env['MNER_DEVICES']}.")
        for device in named:
            if device.startswith("cuda") and not device.removeprefix("cuda:").isdigit():
                raise InputError(f"MNER_DEVICES names {device!r}: write GPUs as cuda:0, cuda:1.")
        return cls(
            devices=named or gpus() or ("cpu",),
            demo=_flag(env, "MNER_DEMO"),
            lease=_number(env, "MNER_LEASE", LEASE),
            serving=_flag(env, "MNER_SERVING"),
            serving_bytes=int(_number(env, "MNER_SERVING_MB", 1024) * (1 << 20)),
            evidence_bytes=int(_number(env, "MNER_EVIDENCE_MB", 256) * (1 << 20)),
        )


def gpus() -> tuple[str, ...]:
    """The machine's GPUs as devices, asked without torch; none where there is no nvidia-smi."""
    if shutil.which("nvidia-smi") is None:
        return ()
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(f"cuda:{line.strip()}" for line in said.splitlines() if line.strip().isdigit())


def child_environment(device: str, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child of the worker finds in its environment: its GPU or none, and how its threads behave.

    They sleep where they wait for each other. By default they spin, and two of them on two cores that others use as
    well spend most of their time so (measured beside other work: 0.16 to 0.21 s of computing a picture, 0.04 s asleep).
    """
    gpu = device.removeprefix("cuda:") if device.startswith("cuda:") else ""
    threads = {"OMP_NUM_THREADS": str(os.cpu_count() or 1), "OMP_WAIT_POLICY": "PASSIVE"}
    return {**threads, **env, "CUDA_VISIBLE_DEVICES": gpu, "PYTHONUNBUFFERED": "1"}


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "1")
    if value not in {"0", "1", ""}:
        raise InputError(f"{name} is 0 or 1, got {value!r}.")
    return value != "0"


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise InputError(f"{name} is a number above 0, got {text!r}.")
    return value
