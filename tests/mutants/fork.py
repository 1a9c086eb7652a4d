"""pytest in forks of a process that has the libraries loaded: loading them takes longer than most rooms' tests.

Imports nothing of the program: what is forked must not hold a module of which the copy has another version.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

LIBRARIES = (
    *("torch", "torchvision", "accelerate", "transformers", "transformers.models.bert.modeling_bert"),
    *("sklearn.linear_model", "scipy.stats", "faiss", "safetensors.torch", "sqlalchemy.orm", "alembic.command"),
    *("pytest", "hypothesis.stateful", "hypothesis.extra.numpy", "coverage", "pytest_timeout"),
    "_hypothesis_pytestplugin",
)
"""What is loaded once."""
PLUGINS = ("pytest_timeout", "_hypothesis_pytestplugin")
"""pytest's plugins, by name: looking for them complains of those that came with a library (anyio)."""
OPTIONS = ("--assert=plain", *(f"-p{name}" for name in PLUGINS))
"""Assertions are not rewritten to say more: what fails is enough, and loaded plugins cannot be."""
ALONE = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
"""One core a run. Nothing compiled is written: two changes of a file within a second have one date."""


def run_pytest(
    folder: Path, arguments: Sequence[str], limit: float | None, plugin: Callable[[], object] | None = None
) -> tuple[int | None, str]:
    """Exit status of pytest in that folder (None: did not end within `limit` seconds) and what it printed.

    `plugin` makes a plugin of pytest, in the fork.

    The tests get a session of their own, so that what they started ends with them.
    """
    context = multiprocessing.get_context("forkserver")
    os.environ.update(ALONE)  # before the server starts: libraries read it when they are loaded
    context.set_forkserver_preload([*LIBRARIES])
    printed = folder.parent / f"{folder.name}.txt"
    process = context.Process(target=_pytest, args=(folder, arguments, printed, plugin))
    process.start()
    process.join(limit)
    status = process.exitcode
    if status is None:
        assert process.pid is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    process.close()
    return status, printed.read_text(encoding="utf-8", errors="replace")


def _pytest(folder: Path, arguments: Sequence[str], printed: Path, plugin: Callable[[], object] | None) -> None:
    """In the fork: pytest, as `python -m pytest` would run there."""
    os.setsid()
    out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.chdir(folder)
    own = [plugin()] if plugin else []
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.environ.update(ALONE)
    import pytest  # loaded before the fork

    status = int(pytest.main([*OPTIONS, *arguments], own))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads that a test left do not hold it up
