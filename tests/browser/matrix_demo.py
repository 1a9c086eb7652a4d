"""Two confusion matrices as narrow as on the screen Errors: of 100,000 posts, and of a few. For a browser test."""

import streamlit as st

from pages.components.confusion_matrix import confusion_matrix

TYPES = ["LOC", "MISC", "ORG", "PER"]

st.set_page_config(layout="wide")
st.title("Matrices")
for key, right, other_words, wrong in (("large", 110_992, 12_345, 14_790), ("small", 9, 2, 1)):
    _, column = st.columns([11, 9], gap="large")
    with column:
        confusion_matrix(
            [*TYPES, "none"],
            {f"{gold}>{said}": other_words if gold == said else wrong for gold in TYPES for said in [*TYPES, "none"]},
            {f"{name}>{name}": right for name in TYPES},
            "",
            key=key,
            on_pick=st.write,
        )
