"""What both command lines share: complaints in one sentence, and a reader that may leave early."""

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TextIO

from mner_core.types import InputError


class SentenceParser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong with the usage and leaves with status 2."""
        self.exit(2, f"{message[:1].upper()}{message[1:]}. Run `{self.prog} --help` for what it takes.\n")


def until_the_reader_leaves(command: Callable[[], int]) -> int:
    """The command's exit status; 0 when who reads its output (`| head`) has seen enough and left.

    Raises:
        BrokenPipeError: another pipe is broken than the program's own output.
    """
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        left = [stream for stream in (sys.stdout, sys.stderr) if _reader_left(stream)]
        if not left:
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in left:  # the interpreter writes what is left in them when it ends
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return 0


def pairs(texts: Sequence[str], option: str, what: str, example: str) -> dict[str, str]:
    """What repeated options such as --set KEY=VALUE say, by name; `what` and `example` say what each of them is.

    Raises:
        InputError: one is no pair, or a name is given twice, so that one of its values would be ignored.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise InputError(f"{option} {text!r} names no {what}: write it as {example}.")
        if name in found:
            raise InputError(f"{option} names {name} twice, {found[name]} and {value}; give it once.")
        found[name] = value
    return found


def _reader_left(stream: TextIO) -> bool:
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
