"""A part of a screen that renews itself is not run for a screen that has been left.

The browser asks for such a part on behalf of the screen that it shows. Where a callback or a script has led on to
another screen and the browser has not heard of it yet, Streamlit 1.67 would run the part all the same and tell the
browser of the old screen, which empties the new one: the page is white, with "Bad delta path index" in its console.
"""

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData


def leave_out_stale_parts() -> None:
    """Has this server pass over what is asked for a screen that has been left; once, before the first session."""
    run = ScriptRunner._run_script

    def run_unless_stale(runner: ScriptRunner, asked: RerunData) -> None:
        here = runner._pages_manager.current_page_script_hash
        if asked.fragment_id_queue and asked.page_script_hash != here:
            return
        run(runner, asked)

    ScriptRunner._run_script = run_unless_stale  # type: ignore[method-assign, assignment]
