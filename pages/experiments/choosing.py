"""Which table: the list of all, and the form that has one of them made."""

import streamlit as st

from db.connection import StoreError
from db.gold import CURRENT, ORIGINAL
from db.jobs import ENDED, jobs
from db.posts import datasets
from mner_core.experiment.saved_tables import experiments_folder, saved_table
from mner_core.experiment.suite import Suite
from mner_core.types import InputError
from pages.experiments.stating import all_suites, encoder, epochs, posts, quoted_only, trainings
from pages.experiments.submit import ExperimentChoice, submit_experiment, takes
from pages.shared.number_format import when
from pages.shared.pickers import choice_table
from pages.shared.selection import change, gold_name, golds
from pages.shared.status import active_jobs
from pages.shared.store import me, store
from pages.shared.text import plain

FORMS = {"quick": "Quick, for a laptop", "full": "Full"}
_SAID = "experiment said"


def table_of_suites() -> None:
    """All tables by title and paper, and which of them have been computed; ticking a row opens one."""
    suites = all_suites()
    rows = [
        {
            "Table": suite.title,
            "Paper": suite.paper,
            "Quick form": _made(suite.name, quick=True),
            "Full form": _made(suite.name, quick=False),
        }
        for suite in suites.values()
    ]
    widths = {"Table": 325, "Paper": 265, "Quick form": 110, "Full form": 110}
    columns = {name: st.column_config.TextColumn(width=width) for name, width in widths.items()}
    choice_table("table", list(suites), None, rows, columns, height="content")


def draw_form(suite: Suite, form: str) -> None:
    """What the table is made from, what that takes, and the button that has it made."""
    session = st.session_state
    columns = st.columns([2, 3, 2, 1], vertical_alignment="bottom")
    with columns[0]:
        key = "experiment form"
        session[key] = form
        st.segmented_control(
            "Form", list(FORMS), format_func=FORMS.__getitem__, required=True, key=key,
            on_change=lambda: change(form=session[key]), width="stretch",
        )  # fmt: skip
    names = _draw_posts(suite, form == "quick", columns[1])
    with columns[2]:
        st.selectbox("Labels", _golds(names), key="experiment gold", format_func=gold_name, disabled=not names)
    waiting = [job.payload for job in active_jobs(store(), ["experiment"])]
    is_asked = any((each.get("suite"), bool(each.get("quick"))) == (suite.name, form == "quick") for each in waiting)
    columns[3].button(
        "Computing ..." if is_asked else "Compute", type="primary", on_click=_ask, args=(suite, form),
        disabled=is_asked, width="stretch",
    )  # fmt: skip
    if sentence := session.pop(_SAID, ""):
        st.error(plain(sentence))
    _draw_last_end(suite, form == "quick")
    _draw_statement(suite, form, len(names))
    before = computed_from(suite, form == "quick")
    if set(names) != set(before) and saved_table(experiments_folder(store().home), suite.name, form == "quick"):
        st.caption(
            f":material/info: The newest table was computed from {plain(', '.join(before)) or 'drawn posts'}. "
            "Computing it again from other posts keeps it beside the new one."
        )


def _draw_posts(suite: Suite, quick: bool, column: "st.delta_generator.DeltaGenerator") -> list[str]:
    """The data sets to compute it from, at first those of the table that is there; none means drawn posts."""
    most = takes(suite)[1]
    key = _posts_key(suite, quick)
    if key not in st.session_state:
        st.session_state[key] = list(computed_from(suite, quick)) if most else []
    found: list[str] = column.multiselect(
        "Posts",
        [each.name for each in reversed(datasets(store()))],
        key=key,
        placeholder="drawn posts" if most else "drawn for this table",
        disabled=not most,
        help="Data sets of yours. Without any, posts with pictures are drawn, the same ones every time.",
    )
    return found if most else []


def _posts_key(suite: Suite, quick: bool) -> str:
    return f"experiment data {suite.name} {quick}"


def computed_from(suite: Suite, quick: bool) -> tuple[str, ...]:
    """The data sets that the newest table of this form was computed from, those of them that are still here."""
    here = {each.name for each in datasets(store())}
    for job in jobs(store(), ("done",), ("experiment",)):
        if (job.payload.get("suite"), bool(job.payload.get("quick"))) == (suite.name, quick):
            return tuple(each["dataset"] for each in job.payload.get("data", ()) if each["dataset"] in here)
    return ()


def _golds(names: list[str]) -> list[str]:
    """The golds that all of the data sets have; the original one first, which papers measure on."""
    found = [ORIGINAL, CURRENT]
    if names:
        shared = set.intersection(*(set(golds(store(), name)) for name in names))
        found += [gold for gold in golds(store(), names[0])[2:] if gold in shared]
    return found


def _draw_statement(suite: Suite, form: str, number: int) -> None:
    quick = form == "quick"
    size = suite.quick if quick else suite.full
    if suite.kind == "counts":
        st.caption("Counts posts and entities of each split and type, in either form all of them; nothing is trained.")
        return
    many = trainings(suite, size, number)
    facts = st.columns(4)
    facts[0].metric("Posts", posts(size, quick, number))
    facts[1].metric("Epochs", epochs(suite, size))
    facts[2].metric("Seeds", size.seeds)
    facts[3].metric("Trainings", "–" if many is None else f"{many:,}", help="When none of them is done yet.")
    st.caption(" · ".join(part for part in (encoder(size), plain(quoted_only(suite))) if part))


def _draw_last_end(suite: Suite, quick: bool) -> None:
    """How the last attempt ended, where that is not the table itself."""
    for job in jobs(store(), ENDED, ("experiment",)):
        if (job.payload.get("suite"), bool(job.payload.get("quick"))) == (suite.name, quick):
            if job.status == "failed":
                st.error(plain(f"The table could not be computed: {job.error}"), icon=":material/error:")
            elif job.status == "cancelled":
                st.caption(":material/stop_circle: It was stopped. Compute it again: it goes on where it was stopped.")
            return


def _ask(suite: Suite, form: str) -> None:
    session = st.session_state
    most = takes(suite)[1]
    names = session.get(_posts_key(suite, form == "quick"), []) if most else []
    wish = ExperimentChoice(
        suite=suite.name, quick=form == "quick", datasets=tuple(names), gold=session.get("experiment gold", ORIGINAL)
    )
    try:
        submit_experiment(store(), wish, me())
    except (InputError, StoreError) as error:
        session[_SAID] = str(error)


def _made(suite: str, quick: bool) -> str:
    kept = saved_table(experiments_folder(store().home), suite, quick)
    return when(kept.made) if kept else ""
