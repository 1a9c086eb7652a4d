"""What a person waits for in the browser: a prediction with its evidence, and saving on to the next post.

The compact profile on drawn scenes, with the real worker, first alone and then while it trains. Ratios say how much a
training slows a look down; the seconds beside them are this machine's.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.serving import memory, running, until
from db.change_token import newest_revision
from db.engine import Store, open_store
from db.exchange import import_folder
from db.jobs import Job, cancel, enqueue, job
from mner_core.home import Home
from mner_core.scenes.write import write_scenes

POSTS = 120
LOOKS = 8
PATIENCE = 120_000
RUN = "bench"

_DRAWN = """before => {
  const title = document.querySelector('[data-testid=stMain] h1');
  const app = document.querySelector('[data-testid=stApp]');
  return title && title.innerText !== before
    && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.body.innerText.includes('Retrieved posts')
    && !document.querySelector('[data-stale=true]');
}"""

_NEXT = """before => {
  const within = root => root.querySelector('.root > .text') ? root
    : [...root.querySelectorAll('*')].map(each => each.shadowRoot && within(each.shadowRoot)).find(Boolean);
  const annotator = within(document);
  return annotator && annotator.querySelector('.root > .text').innerText !== before
    && !annotator.querySelector('[data-act=save]').disabled;
}"""


def main() -> None:
    """Prints the medians, the slowest, the ratio with a training beside, and the web process's memory."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("\nApp: skipped, it needs Chromium (apt-get install --no-install-recommends chromium)")
        return
    with tempfile.TemporaryDirectory() as folder, _with_scenes(Path(folder)) as (store, address, web):
        _wait(store, _train(store, RUN, epochs=1))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            alone = _looks(page, address)
            before = newest_revision(store)
            saves = _saves(page, address)
            until(lambda: newest_revision(store) == before + LOOKS)  # what is shown as saved is saved
            training = _train(store, "beside", epochs=200)
            until(lambda: job(store, training.id).progress > 0)
            beside = _looks(page, address)
            cancel(store, training.id)
            used = memory(web)
            browser.close()
    print(f"\nApp in Chromium, compact rgcn on {POSTS} scenes, {os.cpu_count()} cores")
    print(f"  a look with full evidence, warm        median {_said(alone)}")
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"  the same while a training runs         median {_said(beside)}  ({ratio:.1f} x)")
    print(f"  saving a correction, on to the next    median {_said(saves)}")
    print(f"  memory of the web process              {used:.0f} MB")


@contextmanager
def _with_scenes(folder: Path) -> Iterator[tuple[Store, str, int]]:
    """A store with scenes, a web process and a worker on it; all end with the block."""
    home = Home(folder / "home")
    write_scenes(folder / "scenes", POSTS, 1)
    with closing(open_store(home)) as store:
        import_folder(store, folder / "scenes", "Scenes")
        with running(home) as (address, web):
            yield store, address, web


def _train(store: Store, name: str, epochs: int) -> Job:
    payload = {
        "dataset": "Scenes", "model": "rgcn", "variant": "", "settings": {"epochs": epochs}, "profile": "compact",
        "gold": "original", "seed": 0, "name": name,
    }  # fmt: skip
    return enqueue(store, "train", payload, author="bench")


def _looks(page: Page, address: str) -> list[float]:
    """Seconds from the click on Next to the next post's evidence being drawn; the first look loads the run."""
    page.goto(f"{address}/post?dataset=Scenes&split=train&run={RUN}&list=all")
    page.wait_for_function(_DRAWN, arg="")
    seconds = []
    for number in range(LOOKS + 1):
        before = page.locator("[data-testid=stMain] h1").inner_text()
        start = time.perf_counter()
        page.get_by_role("button", name="Next").click()
        page.wait_for_function(_DRAWN, arg=before)
        if number:
            seconds.append(time.perf_counter() - start)
    return seconds


def _saves(page: Page, address: str) -> list[float]:
    """Seconds from Ctrl+Enter to the next post lying open in the annotator."""
    page.goto(f"{address}/annotate?dataset=Scenes&split=train&run={RUN}&list=all")
    text = page.locator(".root > .text")
    seconds = []
    for _ in range(LOOKS):
        text.locator(".piece").first.wait_for()
        text.click(position={"x": 5, "y": 5})
        page.keyboard.press("ArrowRight")
        page.keyboard.press("1")
        before = text.inner_text()
        start = time.perf_counter()
        page.keyboard.press("Control+Enter")
        page.wait_for_function(_NEXT, arg=before)
        seconds.append(time.perf_counter() - start)
    return seconds


def _wait(store: Store, waiting: Job) -> None:
    until(lambda: job(store, waiting.id).status not in {"queued", "running"}, 600)
    ended = job(store, waiting.id)
    assert ended.status == "done", ended.error


def _said(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s of {len(seconds)}"


if __name__ == "__main__":
    main()
