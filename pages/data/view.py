"""The screen data."""

import streamlit as st

from pages.shared.selection import selection

chosen = selection()
st.title("Data")
