"""The address of a screen whose parts renew themselves: what a button has written is not taken back."""

from streamlit.testing.v1 import AppTest


def drawn_again() -> None:
    """A screen whose part comes to rest in its second look; the look carries the address from before the button."""
    import streamlit as st

    from pages.shared import address, status

    looks = st.session_state.setdefault("looks", [])
    if st.session_state.get("drawn") is None:
        st.session_state["drawn"] = True
        address.note()
        address.write({"post": "next"})

        def draw() -> None:
            looks.append(True)
            if len(looks) > 1:
                st.query_params.from_dict({"post": "before"})  # as the browser still has it

        real, st.fragment = st.fragment, lambda **_: lambda part: lambda: (part(), part())
        try:
            status.watch(draw, lambda: len(looks) < 2)
        finally:
            st.fragment = real
    st.text(st.query_params["post"])


def test_a_part_that_comes_to_rest_does_not_lead_back() -> None:
    app = AppTest.from_function(drawn_again).run()
    assert not app.exception
    assert app.text[0].value == "next"
