"""The screen runs: train, watch, stop, and look at what was trained."""

import streamlit as st

from db.posts import datasets
from db.runs import runs
from pages.runs.finished import one_run, table_of_runs
from pages.runs.form import training_form
from pages.shared.job_list import history, queue
from pages.shared.selection import page_link, selection
from pages.shared.status import ASKED_FOR
from pages.shared.store import store
from pages.shared.thing_menu import bring_back_list

chosen = selection()
has_runs = bool(runs(store()))
asked_for = "new" in st.query_params
st.title("Runs", anchor=False)
queue()
if not datasets(store()):
    st.write("There is nothing to train on yet. Import posts first, then train a model on them here.")
    page_link("data", "Import posts")
else:
    if not has_runs:
        st.write("No run has been trained yet. A run is a model that has learned from posts and their labels.")
    with st.expander("Train a run", expanded=asked_for or not has_runs, icon=":material/model_training:"):
        training_form(chosen, st.query_params.get("start"))
history(ASKED_FOR)
if has_runs:
    st.header("Finished runs", anchor=False)
    table_of_runs(chosen)
    if chosen.run:
        one_run(chosen)
bring_back_list("run")
