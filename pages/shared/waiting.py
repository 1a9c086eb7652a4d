"""While a question waits: a sentence, a look every moment, and what to do when no answer came."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from db.requests import Answer
from pages.shared import address
from pages.shared.inference_requests import TICK, answer_to, forget_request, question_key
from pages.shared.store import store
from pages.shared.text import plain


def wait_for(found: Answer | None, kind: str, payload: Mapping[str, Any], sentence: str) -> None:
    """Draws the waiting, which ends by itself; or, where there is an answer without a response, why, and a button."""
    if found is not None:
        st.warning(plain(found.error or "There is no answer."))
        again = f"ask again {question_key(kind, payload)}"  # several questions may wait beside each other
        st.button("Ask again", key=again, on_click=forget_request, args=(kind, payload))
        return

    drawn: list[bool] = []

    @st.fragment(run_every=TICK)
    def look() -> None:
        if answer_to(store(), kind, payload, wait=False) is not None:
            if drawn:  # alone, and not as a part of the whole screen
                address.take_back()
            st.rerun()
        drawn.append(True)
        st.info(sentence, icon="spinner")

    look()
