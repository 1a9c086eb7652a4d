"""What a child says arrives whole, in order, and never makes the supervisor wait."""

import json
import os
from collections.abc import Iterator

import pytest

from worker.child_protocol import Inbox, Reporter


@pytest.fixture
def pipe() -> Iterator[tuple[Inbox, Reporter]]:
    reading, writing = os.pipe()
    inbox = Inbox(reading)
    with Reporter(writing) as report:
        yield inbox, report
    inbox.close()


def test_nothing_said_is_nothing_heard(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, _ = pipe
    inbox.read()
    assert (inbox.progress, inbox.events, inbox.result, inbox.error) == (None, [], None, None)


def test_each_message_has_its_place(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, report = pipe
    report.progress(0.25, "a quarter")
    report.event("epoch", {"number": 1})
    report.event("note", {"message": "größer"})
    inbox.read()
    assert inbox.progress == (0.25, "a quarter")
    assert inbox.events == [("epoch", {"number": 1}), ("note", {"message": "größer"})]
    report.result({"run": "first"})
    inbox.read()
    assert (inbox.result, inbox.error) == ({"run": "first"}, None)
    report.error("No.")
    inbox.read()
    assert inbox.error == "No."
    assert inbox.events == [("epoch", {"number": 1}), ("note", {"message": "größer"})], "each is heard once"


def test_progress_never_goes_back_or_beyond_the_whole(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, report = pipe
    heard = []
    for share in (-0.5, 0.1, 0.3, 0.2, 0.123456, 0.98765, 1.0, 7.0, 0.5):
        report.progress(share, "x")
        inbox.read()
        assert inbox.progress is not None
        heard.append(inbox.progress[0])
    assert heard == [0.0, 0.1, 0.3, 0.3, 0.3, 0.9877, 1.0, 1.0, 1.0]


def test_a_line_that_comes_in_parts_is_taken_once_it_is_whole(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, report = pipe
    line = json.dumps({"result": {"text": "ü" * 10}}, ensure_ascii=False).encode() + b"\n"
    writing = report._pipe.fileno()
    for place in range(len(line)):
        assert inbox.result is None
        os.write(writing, line[place : place + 1])
        inbox.read()
    assert inbox.result == {"text": "ü" * 10}


def test_many_messages_at_once_are_all_read(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, report = pipe
    for number in range(500):
        report.event("epoch", {"number": number})
    inbox.read()
    assert [data["number"] for _, data in inbox.events] == list(range(500))


def test_what_was_said_before_the_child_ended_is_heard(pipe: tuple[Inbox, Reporter]) -> None:
    reading, writing = os.pipe()
    with Reporter(writing) as report:
        report.result({})
    inbox = Inbox(reading)
    inbox.read()
    inbox.read()
    assert inbox.result == {}
    inbox.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)


def test_a_file_name_that_is_no_text_does_not_end_the_job(pipe: tuple[Inbox, Reporter]) -> None:
    inbox, report = pipe
    report.error("There is no picture " + os.fsdecode(b"caf\xe9."))
    inbox.read()
    assert inbox.error == "There is no picture caf?."
