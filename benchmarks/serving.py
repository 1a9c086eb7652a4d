"""The real program as processes of their own: Streamlit, the worker, and how much memory one takes."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mner_core.home import Home

ROOT = Path(__file__).parents[1]


@contextmanager
def running(home: Home) -> Iterator[tuple[str, int]]:
    """The web process and the worker on a home; gives the address, and the number of the web process.

    Both end with the block.
    """
    with serving(ROOT / "app.py", home) as web, _process(["-m", "worker"], home):
        yield web


@contextmanager
def serving(script: Path, home: Home) -> Iterator[tuple[str, int]]:
    """`streamlit run` of a script; gives its address, and the number of its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.headless", "true"]
    with _process(command, home) as web:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _healthy(address))
        yield address, web.pid


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Waits until something holds, which is asked five times a second."""
    latest = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < latest, "it took too long"
        time.sleep(0.2)


@contextmanager
def _process(command: list[str], home: Home) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "MNER_HOME": str(home.root), "MNER_DEMO": "0", "MNER_USER": "bench"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
