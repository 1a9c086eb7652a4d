"""The data sets that there are, and everything about one of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from db.change_token import newest_revision
from db.connection import StoreError
from db.posts import Dataset, datasets, defects
from db.worklists import progress
from mner_core.csv_text import csv_text
from mner_core.data.lines import Defect, Kind
from mner_core.types import InputError
from pages.data.agreement import agreement_between
from pages.data.division import division
from pages.data.export import pack
from pages.data.label_errors import labels_in_doubt
from pages.shared.number_format import COUNT_COLUMN, data_size, when
from pages.shared.pickers import choice_table
from pages.shared.selection import Selection, gold_name, golds, page_link
from pages.shared.store import store
from pages.shared.text import plain
from pages.shared.thing_menu import titled
from pages.shared.types_form import types_form

MEANING: Mapping[Kind, str] = {
    "ambiguous-image": "Pictures with one name and other endings: which one a post means is not clear",
    "bad-box": "Objects whose box is none",
    "bad-gold": "Labels that cannot be; the post came in without",
    "bad-id": "Names that could lead out of their folder, or that no file can have",
    "bad-image": "Pictures of the knowledge graph that lie outside of its folder",
    "bad-knowledge": "The knowledge graph, which cannot be read",
    "bad-line": "Lines that could not be read",
    "bad-type": "Types in dataset.json that cannot be",
    "bad-text": "Texts that are none",
    "blank-token": "Words that are blank",
    "broken-image": "Pictures that do not open",
    "changed-gold": "Posts that are here with other labels; they stayed as they are",
    "changed-post": "Posts that are here with another text; they stayed as they are",
    "duplicate-id": "Ids that occur twice",
    "duplicate-text": "Texts that stand in several splits: a model is tested on what it learned",
    "empty-caption": "Captions without text",
    "empty-file": "Empty files",
    "empty-list": "JSON lists without a post",
    "empty-post": "Posts without text",
    "extra-file": "Files of a split that is there already",
    "inside-word": "Labels that begin or end inside of a word; they stay as written",
    "invisible-token": "Words that show nothing",
    "label-differs": "Labels that another file has otherwise",
    "missing-image": "Pictures that are not there",
    "mixed-schemes": "Tags of several schemes: each is read as it says",
    "nested-entities": "Entities inside of others; the outer ones stay",
    "not-accepted": "Posts that an annotator rejected or passed over; they count as not labelled",
    "not-text": "Files that are no text",
    "orphan-inside": "Inside tags without a beginning: not all scorers count these entities",
    "overlapping-spans": "Entities that overlap",
    "overlong-text": "Very long texts",
    "repeated-caption": "Captions that stand for many pictures",
    "uncovered-text": "Texts whose given words leave out a part, which no model reads",
    "unknown-id": "Captions or objects of pictures that no post has",
    "unknown-label": "Labels that dataset.json renames and no post has",
    "unmatched-post": "Posts that another file does not have",
    "unread-labels": "Labels that stand where they are not read; the posts count as not labelled",
    "unread-pictures": "Pictures that stand where they are not read; the posts have none",
}
"""What each kind of defect is, for a person."""

_FILE = "export file"
_SAID = "export said"
_COUNTS = ("Posts", "Corrected", "Without labels", "To look at")


def table_of_sets(chosen: Selection) -> None:
    """All data sets; ticking a row chooses one."""
    found = list(reversed(datasets(store())))
    columns = dict.fromkeys(_COUNTS, COUNT_COLUMN)
    choice_table("dataset", [each.name for each in found], chosen.dataset, [_row(each) for each in found], columns)


def one_set(chosen: Selection) -> None:
    """What is known of the chosen data set: where it comes from, what was wrong, and the way out."""
    found = next(each for each in datasets(store()) if each.name == chosen.dataset)
    titled("dataset", found.name)
    about = [text for text in (found.licence and f"Licence: {found.licence}.", found.credits) if text]
    about += ["It brings a knowledge graph."] if found.knowledge else []
    about += (
        [f"Renamed on import: {', '.join(f'{old} to {new}' for old, new in found.mapping.items())}."]
        if found.mapping
        else []
    )
    if about:
        st.caption(plain(" ".join(about)))
    with st.container(horizontal=True):
        page_link("overview", "Overview")
        page_link("annotate", "Correct posts")
        page_link("runs", "Train a run", new="yes")
    title = f"Types: {', '.join(found.labels)}" if found.labels else "No type is named yet: name the types first"
    with st.expander(plain(title), icon=":material/sell:", expanded=not found.labels):
        types_form(found)
    division(found)
    wrong, out = st.columns(2, gap="large")
    with wrong:
        _what_was_wrong(found.name, defects(store(), found.name))
    with out:
        _way_out(found.name)
    if found.labels and st.toggle("Label errors", key="label errors", help="Ranked, with the reason for each."):
        labels_in_doubt(found)
    if st.toggle("Compare two labellings", key="agree", help="How far two people agree, or a person and the gold."):
        agreement_between(found.name)


def as_csv(found: Sequence[Defect]) -> str:
    """The defects as a table that other programs read."""
    return csv_text(
        [("kind", "file", "line", "detail"), *((each.kind, each.file, each.line, each.detail) for each in found)]
    )


def _what_was_wrong(name: str, found: Sequence[Defect]) -> None:
    st.markdown("**What the import found**")
    if not found:
        st.caption("Nothing was wrong with these posts and pictures.")
        return
    kinds = sorted({each.kind for each in found}, key=lambda kind: (-sum(each.kind == kind for each in found), kind))
    for kind in kinds:
        of_kind = [each for each in found if each.kind == kind]
        with st.expander(f"{MEANING.get(kind, kind.replace('-', ' '))} ({len(of_kind):,})"):
            st.dataframe(
                [{"File": each.file, "Line": each.line, "What": each.detail} for each in of_kind[:1000]],
                hide_index=True,
                column_config={"What": st.column_config.TextColumn(width="large")},
            )
    st.download_button("Download the list", as_csv(found), f"{name} findings.csv", "text/csv", on_click="ignore")


def _way_out(name: str) -> None:
    st.markdown("**Export**")
    st.selectbox("Labels", golds(store(), name), index=1, format_func=gold_name, key="export gold")
    st.segmented_control("Format", ["jsonl", "conll"], default="jsonl", format_func=str.upper, key="export format")
    st.checkbox("With pictures", key="export pictures")
    wanted = _wanted(name)
    ready = st.session_state.get(_FILE)
    if ready and ready[0] == wanted:
        st.download_button(
            f"Download {data_size(len(ready[1]))}", ready[1], f"{name}-{wanted[1]}.zip", "application/zip",
            type="primary", on_click="ignore",
        )  # fmt: skip
    else:
        st.session_state.pop(_FILE, None)
        st.button("Make the file", on_click=_pack, args=(name,), help="Posts, labels and the history of every label.")
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))


def _wanted(name: str) -> tuple[Any, ...]:
    """The data set, labels, format and pictures as chosen at this moment, and the newest revision."""
    session = st.session_state
    chosen = (session["export gold"], session["export format"] or "jsonl", session["export pictures"])
    return (name, *chosen, newest_revision(store()))


def _pack(name: str) -> None:
    wanted = _wanted(name)
    try:
        st.session_state[_FILE] = (wanted, pack(store(), *wanted[:4]))
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)


def _row(found: Dataset) -> dict[str, Any]:
    states = progress(store(), found.name)
    order = sorted(found.splits, key=lambda split: ({"train": 0, "valid": 1, "test": 2}.get(split, 3), split))
    return {
        "Data set": found.name,
        "Posts": found.posts,
        "Splits": ", ".join(f"{found.splits[split]:,} {split or 'without a split'}" for split in order),
        "Corrected": states["corrected"],
        "Without labels": states["unlabelled"],
        "To look at": len(defects(store(), found.name)),
        "Imported": when(found.created),
    }
