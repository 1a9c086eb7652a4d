"""Every screen by its own address on a fresh server, before any other page was visited."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.filled import fill
from tests.browser.conftest import ROOT, Serve

pytestmark = pytest.mark.browser

SCREENS = ("overview", "errors", "post", "annotate", "runs", "experiments", "data")


@pytest.fixture(scope="module")
def filled(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a server with posts and runs."""
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home).close()
    return serve(ROOT / "app.py", MNER_HOME=str(home))


PATIENCE = 90_000
"""Milliseconds: a cold page takes 3 seconds on two idle cores, and 30 where others compute."""


def check(page: Page, address: str, screen: str) -> None:
    page.goto(f"{address}/{screen}")
    links = page.get_by_test_id("stSidebarNav").get_by_role("link")
    expect(links).to_have_text([re.compile(f"{name.capitalize()}$") for name in SCREENS], timeout=PATIENCE)
    expect(page).to_have_title(f"{screen.capitalize()} · MNER workbench")
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth"), "the page scrolls sideways"


TURNED_DARK_MS = 500
"""Streamlit fades colours, and axe would measure them half-way."""


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical: text too faint, controls without a name, and the like.

    Names of fields are left out: those of disabled fields are faint on purpose, and axe cannot tell them apart here.
    """
    found = Axe().run(page, context={"exclude": [["[data-testid=stWidgetLabel]"]]}).response["violations"]
    return [
        f"{rule['id']}: {node['html']}: {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_visit_to_a_fresh_server(serve: Serve, page: Page, screen: str) -> None:
    check(page, serve(ROOT / "app.py"), screen)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_first_visit_of_a_person(filled: str, page: Page, screen: str) -> None:
    check(page, filled, screen)
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(21, 24, 27)")
    page.wait_for_timeout(TURNED_DARK_MS)
    assert barriers(page) == []


def test_the_address_alone_opens_the_overview(filled: str, page: Page) -> None:
    page.goto(filled)
    expect(page.get_by_role("heading", name="Little set")).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_title("Overview · MNER workbench")
    page.wait_for_url("**/overview?*dataset=Little+set*")
