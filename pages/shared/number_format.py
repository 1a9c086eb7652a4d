"""Numbers, times and scores as people read them."""

import time

import streamlit as st

from mner_core.evaluation.scoring import Score

COUNT_COLUMN = st.column_config.NumberColumn(format="localized", width="small")
"""A table's column of counts: 40,000, as the browser's language writes it."""


def score_sentence(score: Score, gold: str, posts: int) -> str:
    """What an F1 rests on: protocol, entities, posts, gold and its fingerprint."""
    return (
        f"Protocol `{score.protocol}` · {score.support:,} entities in {posts:,} posts · {gold}, "
        f"fingerprint `{short(score.gold_sha256)}`"
    )


def short(fingerprint: str) -> str:
    """The beginning of a fingerprint, enough to tell it from others by eye."""
    return fingerprint[:8]


def duration(seconds: float) -> str:
    """A time span as people say it: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def when(moment: float) -> str:
    """A moment (seconds since 1970) on this machine's clock: "21 Nov, 11:20", with the year where it is another one."""
    then, now = time.localtime(moment), time.localtime()
    year = "" if then.tm_year == now.tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year}, {time.strftime('%H:%M', then)}"


def data_size(number: int) -> str:
    """How large a file is: "1 byte", "850 bytes", "12 kB", "3.4 MB"."""
    if number < 1000:
        return counted(number, "byte")
    return f"{number / 1000:,.0f} kB" if number < 999_500 else f"{number / 1e6:,.1f} MB"


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun: "1 post", "1,204 posts"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
