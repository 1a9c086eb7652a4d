"""The form that brings posts in, and the word about how it went."""

import time
from collections.abc import Sequence

import streamlit as st

from db.connection import StoreError
from db.jobs import ENDED, jobs
from mner_core.types import InputError
from pages.data.upload import IMPORT_ROOT, import_server_folder, read_renames, receive, server_folders, server_root
from pages.shared.job_list import failure
from pages.shared.number_format import counted, when
from pages.shared.selection import page_link
from pages.shared.store import me, store
from pages.shared.text import plain

_SAID = "import said"
_ROUND = "import round"
LARGEST = 500
"""Megabytes that one file of an upload may have."""
RECENT = 12 * 3600.0
"""Seconds for which the last import is spoken of."""

FORMAT = """
A zip, or the files themselves: `train`, `valid` (or `dev`, `validation`) and `test`, each as `.jsonl` (one post a line)
or `.txt` (CoNLL with `IMGID:` lines; `.conll`, `.tsv` and `.csv`, too); beside them, if there are any, `captions.tsv`,
`objects.jsonl`, a knowledge graph in a folder `knowledge`, and pictures in a folder `images`, named as the posts name
them. At least one of the three files is needed; posts without labels are welcome.
"""


def last_import() -> None:
    """Says how the newest import ended, while that is news."""
    ended = [job for job in jobs(store(), ENDED, ("import",), limit=5) if job.finished]
    if not ended or (ended[0].finished or 0.0) < time.time() - RECENT:
        return
    job = ended[0]
    if job.status == "failed":
        failure(job)
    elif job.status == "done" and job.result:
        found = job.result
        wrong = sum(found.get("defects", {}).values())
        said = [f"{counted(found['added'], 'post')} added to {found['dataset']}"]
        said += [f"{found['updated']:,} brought up to date"] if found["updated"] else []
        said += [f"{found['unchanged']:,} were there already"] if found["unchanged"] else []
        said += [f"{counted(wrong, 'defect')} to look at" if wrong else "no defects found"]
        said += [left_out_words(found["left_out"])] if found.get("left_out") else []
        st.caption(f":material/task_alt: {when(job.finished or 0.0)}: {plain(', '.join(said))}.")
        page_link("overview", f"Overview of {plain(found['dataset'])}", dataset=found["dataset"])


def import_form() -> None:
    """Upload or server folder, a name, labels to rename."""
    session = st.session_state
    number = session.setdefault(_ROUND, 0)
    root = server_root()
    with st.container(border=True):
        ways = ["Upload", "From a server folder"]
        way = st.segmented_control("From", ways, default=ways[0], key="import way") if root else ways[0]
        if way == ways[1] and root:
            folders = server_folders(root)
            if folders:
                st.selectbox(
                    "Data set", folders, key="import folder", format_func=lambda name: name.strip(".") or "all of it"
                )
            else:
                st.write("The server folder is empty: no folder in it holds a train, valid or test file.")
        else:
            st.markdown(FORMAT)
            st.file_uploader(
                "Files",
                accept_multiple_files=True,
                key=f"import files {number}",
                max_upload_size=LARGEST,
                label_visibility="collapsed",
            )
        name, labels = st.columns(2)
        name.text_input("Name", key=f"import name {number}", placeholder="the one that the data set gives itself")
        labels.multiselect(
            "Rename labels",
            ["OTHER = MISC"],
            accept_new_options=True,
            key=f"import labels {number}",
            placeholder="for example OTHER = MISC",
            help="Labels of other data sets under the names that yours has. Type a new one and press Enter.",
        )
        st.button("Import", type="primary", on_click=_import, args=(way == ways[1], number))
        for kind, sentence in session.pop(_SAID, []):
            {"error": st.error, "warning": st.warning}[kind](plain(sentence))
    if not root:
        st.caption(f"Whoever runs the server may also name a folder with data sets in `{IMPORT_ROOT}`.")


def left_out_words(names: Sequence[str]) -> str:
    """How many files no data set holds, and what the first of them are called."""
    some = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f"{counted(len(names), 'file')} left out, no data set holds them: {some}"


def _import(from_server: bool, number: int) -> None:
    session = st.session_state
    said: list[tuple[str, str]] = []
    try:
        name, labels = (
            session.get(f"import name {number}", ""),
            read_renames(session.get(f"import labels {number}", [])),
        )
        if from_server:
            import_server_folder(store(), session.get("import folder", ""), name, labels, me())
        else:
            _, done = receive(store(), session.get(f"import files {number}") or [], name, labels, me())
            if done.left_out:
                said.append(("warning", f"{left_out_words(done.left_out)}."))
        session[_ROUND] = number + 1  # a new uploader: the old one would keep the files in memory
    except (InputError, StoreError) as error:
        said.append(("error", str(error)))
    session[_SAID] = said
