"""The screens and actions that `benchmarks.growth` measures: addresses, what is pressed there, ten people at once."""

import itertools
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from benchmarks.big_store import RUNS, SET, run_name
from benchmarks.screen_times import RERUN, Times, Watch, acted
from benchmarks.serving import memory
from db.engine import Store
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import in_order, number_of, page_end
from db.post_lists import names_of

RERUNS, LOADS, SESSIONS = 12, 6, 10
SPLIT, RUN, OTHER = "valid", run_name(RUNS - 1), run_name(RUNS - 2)
_AT = {"dataset": SET, "split": SPLIT, "run": RUN}
_PAGE = 10
"""Posts on a page of the screen Errors."""

_TITLE = "() => document.querySelector('[data-testid=stMain] h1')?.innerText ?? ''"
_ANNOTATED = """() => {
  const within = root => root.querySelector('.root > .text') ? root
    : [...root.querySelectorAll('*')].map(each => each.shadowRoot && within(each.shadowRoot)).find(Boolean);
  const annotator = within(document);
  return annotator && !annotator.querySelector('[data-act=save]').disabled
    ? annotator.querySelector('.root > .text').innerText : '';
}"""

Figures = dict[str, list[float | str]]


def measured(watch: Watch, store: Store, rows: str, until_quiet: Callable[[], None]) -> Figures:
    """Kind of limit, median and 95th percentile in milliseconds, of every row whose name has `rows` in it."""
    found: Figures = {}

    def row(kind: str, name: str, take: Callable[[], Times]) -> None:
        if rows in name:
            found[name] = [kind, *(round(1000 * seconds, 1) for seconds in take().over())]
            print(name, found[name], flush=True)

    middle = middle_post(store)
    for path in (every := screens(middle)).values():  # what they ask for the first time is computed before
        watch.visit(path)
    until_quiet()
    for name, path in every.items():
        if "," in name:  # another list of a screen
            continue
        row("load", f"{name}, first load", lambda path=path: watch.first_loads(path, LOADS))  # type: ignore[misc]
    for name, path in (every | filters(store)).items():
        row("rerun", f"{name}, rerun", lambda path=path: watch.reruns(path, RERUNS))  # type: ignore[misc]
    row("rerun", "Errors, a kind chosen", lambda: _kinds(watch))
    row("rerun", "Errors, the next page", lambda: _next_pages(watch))
    row("rerun", "Errors, jump to an id", lambda: _jumps(watch, middle))
    row("rerun", "Post, the next of the list", lambda: _next_posts(watch, middle))
    row("save", "Annotate, save and next", lambda: _saves(watch, middle))
    return found


def screens(post: str) -> dict[str, str]:
    """The addresses of all screens; `post` is open on two of them."""
    here = {**_AT, "post": post}
    return {
        "Overview": _address("overview", _AT),
        "Errors": _address("errors", _AT),
        "Post": _address("post", here | {"list": "mistakes"}),
        "Annotate": _address("annotate", here | {"list": "mistakes"}),
        "Data": _address("data", {"dataset": SET}),
        "Runs": _address("runs", {"run": RUN}),
        "Experiments": _address("experiments", {}),
        "Post, all posts": _address("post", here | {"list": "all"}),
        "Annotate, not corrected yet": _address("annotate", here | {"list": "uncorrected"}),
        "Annotate, least sure first": _address("annotate", here | {"list": "unsure"}),
    }


def filters(store: Store) -> dict[str, str]:
    """The addresses of the screen Errors under filters of each kind, and of its pages."""
    alone, beside = (
        number_of(store, MistakesOf(run=RUN, dataset=SET, split=SPLIT, compare=compare), CaseFilter())
        for compare in (None, OTHER)
    )
    last, last_beside = (-(-found[1] // _PAGE) if found else 1 for found in (alone, beside))
    asked: Mapping[str, dict[str, str]] = {
        "kind": {"kind": "missed"},
        "type": {"type": "PER"},
        "cell": {"pair": "PER>ORG"},
        "confidence": {"confidence": "50-90"},
        "picture missing or broken": {"picture": "broken"},
        "name not seen": {"name": "unseen"},
        "two words": {"length": "2"},
        "file": {"source": f"{SPLIT}.jsonl"},
        "text": {"text": "kara"},
        "text of many": {"text": "an"},
        "corrected labels": {"labels": "corrected"},
        "drafts": {"labels": "draft"},
        "most first": {"order": "most"},
        "middle page": {"page": str(last // 2 or 1)},
        "last page": {"page": str(last)},
        "all splits": {"split": "all"},
        "original labels": {"gold": "original"},
        "two runs": {"compare": OTHER},
        "two runs, fixed": {"compare": OTHER, "change": "fixed"},
        "two runs, last page": {"compare": OTHER, "page": str(last_beside)},
    }
    return {f"Errors, {name}": _address("errors", _AT | says) for name, says in asked.items()}


def after_sessions(watch: Watch, store: Store, web: int) -> float:
    """Megabytes of the web process after 200 reruns, in sessions that all stay open."""
    paths = list(screens(middle_post(store)).values())
    pages = [watch.open(watch.context(), f"{watch.address}/{paths[number % len(paths)]}") for number in range(SESSIONS)]
    for number in range(200):
        page = pages[number % SESSIONS]
        acted(page, lambda page=page: page.keyboard.press(RERUN))  # type: ignore[misc]
    used = memory(web)
    for page in pages:
        page.context.close()
    return round(used, 1)


def middle_post(store: Store) -> str:
    """The post in the middle of those with mistakes."""
    of = MistakesOf(run=RUN, dataset=SET, split=SPLIT)
    _, posts = number_of(store, of, CaseFilter()) or (0, 0)
    behind = page_end(store, of, CaseFilter(), "sure", posts // 2)
    (middle,) = in_order(store, of, CaseFilter()).page(behind, 1) or []
    return names_of(store, [middle.post])[middle.post][1]


def _address(screen: str, says: Mapping[str, str]) -> str:
    return f"{screen}?{urlencode(says)}"


def _kinds(watch: Watch) -> Times:
    """A kind of mistake chosen, and taken off again."""
    page = watch.open_path(screens("")["Errors"])
    return watch.times(page, page.get_by_role("radio", name=re.compile("^missed")).click, RERUNS)


def _next_pages(watch: Watch) -> Times:
    """The next page, and back again."""
    page = watch.open_path(screens("")["Errors"])
    ways = itertools.cycle(("Next page", "Previous page"))
    return watch.times(page, lambda: page.get_by_role("button", name=next(ways)).click(), RERUNS)


def _jumps(watch: Watch, post: str) -> Times:
    """From Enter behind an id to its post, each time from the screen Errors."""
    page = watch.open_path(screens("")["Errors"])

    def back() -> None:
        watch.go(page, screens("")["Errors"])
        page.get_by_label("Go to a post").fill(post)

    return watch.times(page, lambda: page.keyboard.press("Enter"), LOADS, _TITLE, before=back)


def _next_posts(watch: Watch, post: str) -> Times:
    page = watch.open_path(screens(post)["Post"])
    return watch.times(page, page.get_by_role("button", name="Next").click, RERUNS, _TITLE)


def _saves(watch: Watch, post: str) -> Times:
    """From Ctrl+Enter on a post, one label more in it, to the next one lying open in the annotator."""
    page = watch.open_path(screens(post)["Annotate"])

    def mark() -> None:
        text = page.locator(".root > .text")
        text.locator(".piece").first.wait_for()
        text.click(position={"x": 5, "y": 5})
        page.keyboard.press("ArrowRight")
        page.keyboard.press("1")

    return watch.times(page, lambda: page.keyboard.press("Control+Enter"), RERUNS, _ANNOTATED, before=mark)
