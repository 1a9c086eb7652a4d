"""The screen experiments: tables as in the papers, made here, with what the papers print beside ours."""

import streamlit as st

from mner_core.experiment.saved_tables import earlier_tables, experiments_folder, saved_table
from pages.experiments.choosing import FORMS, draw_form, table_of_suites
from pages.experiments.result import draw_choice, draw_printed, draw_result
from pages.experiments.stating import all_suites
from pages.shared.job_list import history, queue
from pages.shared.selection import change
from pages.shared.store import store
from pages.shared.text import plain


def main() -> None:
    """Draws the screen."""
    st.title("Experiments", anchor=False)
    name, form = st.query_params.get("table", ""), st.query_params.get("form", "")
    if name in all_suites():
        st.button("All tables", icon=":material/arrow_back:", on_click=_leave, type="tertiary")
    else:
        st.write(
            "Each table trains systems from scratch, with several seeds, and sets what the papers print beside ours. "
            "Every training is kept as soon as it is done: a table that is stopped, or computed again, does only "
            "what is missing. Tick a row to open one."
        )
    queue(["experiment"])
    if name in all_suites():
        _draw_table(name, form if form in FORMS else "quick")
    else:
        table_of_suites()
        history(["experiment"])


def _draw_table(name: str, form: str) -> None:
    suite, quick = all_suites()[name], form == "quick"
    st.header(plain(suite.title), anchor=False)
    st.caption(plain(suite.paper))
    draw_form(suite, form)
    folder = experiments_folder(store().home)
    newest = saved_table(folder, name, quick)
    if newest:
        draw_result(suite, quick, draw_choice(suite, [newest, *earlier_tables(folder, name, quick)]))
    else:
        draw_printed(suite)


def _leave() -> None:
    change(table=None, form=None)


main()
