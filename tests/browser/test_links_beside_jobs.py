"""Ways from one screen to another, taken while a part of the first renews itself: the next screen stays whole."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from db.job_leases import claim
from db.jobs import enqueue
from pages.shared.status import TICK
from tests.app.filled import SET, fill
from tests.browser.conftest import ROOT, Serve
from tests.browser.test_back_and_forward import at_rest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server on which a job runs."""
    store = fill(tmp_path_factory.mktemp("filled") / "home")
    enqueue(store, "predict", {"run": "first", "dataset": SET, "split": "train"}, author="ann")
    assert claim(store, "w", "cpu") is not None
    store.close()
    return serve(ROOT / "app.py", MNER_HOME=str(store.home.root), MNER_USER="ann")


class SlowAnswers:
    """Holds back what the server says, as a busy one does: a part asks to be renewed before the new screen is known."""

    def __init__(self, page: Page) -> None:
        self.page, self.held, self.are_held = page, [], False
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        self.browser, server = browser, browser.connect_to_server()
        server.on_message(lambda said: self.held.append(said) if self.are_held else browser.send(said))

    def during(self, act: Callable[[], None], seconds: float) -> None:
        self.are_held = True
        act()
        self.page.wait_for_timeout(1000 * seconds)
        self.are_held = False
        for said in self.held:
            self.browser.send(said)
        self.held.clear()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).or_(page.get_by_role("button", name=name)).first.click()


def jump(page: Page, name: str) -> None:
    page.get_by_label("Go to a post").fill(name)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("screen", "act", "name", "heading"),
    [
        ("annotate?list=all", follow, "Train on these", "Runs"),
        ("annotate?list=all", follow, "Look closer", "match"),
        ("errors", jump, "paris", "paris"),
    ],
    ids=["train", "look", "jump"],
)
def test_the_next_screen_stays_while_a_job_runs(
    page: Page, app: str, screen: str, act: Callable[[Page, str], None], name: str, heading: str
) -> None:
    answers = SlowAnswers(page)
    page.goto(f"{app}/{screen}")
    expect(page.get_by_role("heading").first).to_be_visible()
    at_rest(page)
    answers.during(lambda: act(page, name), TICK + 0.5)
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.wait_for_timeout(1000 * TICK)
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
