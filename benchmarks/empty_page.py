"""An empty Streamlit page: what a browser, the server and the way between them cost by themselves."""

import streamlit as st

st.title("Empty")
