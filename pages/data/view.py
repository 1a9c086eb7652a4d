"""The screen data: the data sets, what was wrong in them, import and export."""

import streamlit as st

from pages.data.importing import import_form, last_import
from pages.data.sets import one_set, table_of_sets
from pages.shared.selection import selection
from pages.shared.status import going_on
from pages.shared.thing_menu import bring_back_list

chosen = selection()
st.title("Data", anchor=False)
going_on(["import", "features", "suspicious"])
last_import()
if chosen.dataset is None:
    st.write("There are no posts yet. Import some: a worker reads and checks them, and they appear here.")
else:
    table_of_sets(chosen)
    one_set(chosen)
    st.header("Import", anchor=False)
import_form()
bring_back_list("dataset")
