"""Chromium and a Streamlit server for tests that look at what a person sees.

`serve` starts a script on a free port with an empty MNER_HOME of its own, `page` is a tab of 1280 x 900. Mark a test
`@pytest.mark.browser`; where Chromium is missing it is skipped, and says so.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--no-first-run",
)
START_SECONDS = 60
SLOWEST_MS = 20_000
"""A cold Streamlit page took 3 to 6 seconds on two idle cores; tests share them with others."""

expect.set_options(timeout=SLOWEST_MS)

Serve = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    skip = pytest.mark.skip(reason="needs Chromium: apt-get install --no-install-recommends chromium")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab, 1280 px wide, in light mode; the test fails when the page threw an error or asked another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(SLOWEST_MS)
    tab = context.new_page()
    thrown: list[str] = []
    tab.on("pageerror", lambda error: thrown.append(str(error)))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield tab
    context.close()
    assert not thrown, thrown
    assert not [url for url in asked if is_elsewhere(url)], "a page of the workbench asks no other host"


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """`serve(script, **environment)` starts `streamlit run script` and returns its address; all end with the module."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(script: Path, **environment: str) -> str:
        home = tmp_path_factory.mktemp("home")
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
        with (home / "server.log").open("wb") as log:
            server = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "MNER_HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        servers.append(server)
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, server, home / "server.log")
        return address

    yield start
    for server in servers:
        end_group(server)


def is_elsewhere(url: str) -> bool:
    """Whether a request leaves this machine."""
    found = urlsplit(url)
    return found.scheme not in ("data", "blob") and found.hostname != "127.0.0.1"


def end_group(server: subprocess.Popen[bytes]) -> None:
    """Ends a process started in its own session, and all that it started."""
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)
    except ProcessLookupError:
        server.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"The server did not come up:\n{log.read_text(errors='replace')[-3000:]}")
