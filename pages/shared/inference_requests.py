"""Interactive requests from a screen: each is sent once, polled until it is answered, the last answers kept."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db import requests
from db.engine import Store
from db.requests import Answer
from mner_core.types import InputError

PATIENCE = 30.0
"""Seconds that a question waits: the first one after a start also loads the run."""
AT_ONCE = 0.8
"""Seconds that the script itself waits, so that a warm answer is drawn without a second run."""
TICK = 0.25
"""Seconds between two looks at a question that takes longer."""
_KEPT = 12
_MEMORY = "lane"


@dataclass(slots=True)
class _Submitted:
    number: int
    since: float
    answer: Answer | None = None


def answer_to(store: Store, kind: str, payload: Mapping[str, Any], wait: bool = True) -> Answer | None:
    """The answer to a question, which is asked where it was not asked before; None while it is not there yet.

    With `wait` it is given a moment, counted from when it was asked.
    """
    asked = _submitted(store, kind, payload)
    until = asked.since + AT_ONCE if wait else 0.0
    while asked.answer is None:
        found = _look(store, asked.number)
        if found.is_final:
            asked.answer = found
        elif time.monotonic() >= until:
            return None
        else:
            time.sleep(0.03)
    return asked.answer


def forget_request(kind: str, payload: Mapping[str, Any]) -> None:
    """Forgets a question and its answer; for callbacks."""
    _memory().pop(question_key(kind, payload), None)


def _submitted(store: Store, kind: str, payload: Mapping[str, Any]) -> _Submitted:
    memory, key = _memory(), question_key(kind, payload)
    if key not in memory:
        memory[key] = _Submitted(requests.submit(store, kind, payload, PATIENCE), time.monotonic())
        while len(memory) > _KEPT:
            memory.pop(next(iter(memory)))
    return memory[key]


def _look(store: Store, number: int) -> Answer:
    try:
        return requests.result(store, number)
    except InputError as error:  # cleaned up long ago
        return Answer(state="expired", error=str(error))


def _memory() -> dict[str, _Submitted]:
    memory: dict[str, _Submitted] = st.session_state.setdefault(_MEMORY, {})
    return memory


def question_key(kind: str, payload: Mapping[str, Any]) -> str:
    """One name for a question, by which it is remembered."""
    return json.dumps([kind, payload], sort_keys=True)
