"""A child that dies with the process that started it, however that one ends.

An orphan would go on training while the job it works on has been taken up by another child.
"""

import ctypes
import os
import select
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def die_with(parent: int, by: signal.Signals = signal.SIGKILL, watch_input: bool = sys.platform != "linux") -> None:
    """Ties this process to `parent`, which started it from its main thread.

    Linux sends the signal `by` when the parent's thread ends. Elsewhere (`watch_input`) the parent holds the other end
    of this process's standard input and never writes: the end of that input is the parent's end.
    """
    if watch_input:
        threading.Thread(target=_wait_for_end_of_input, daemon=True).start()
    else:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:  # it was gone before the tie was made
        os._exit(1)


def is_output_unread(output: int = 1) -> bool:
    """Whether this process writes into a pipe that nobody reads any more: its runner is gone."""
    poll = select.poll()
    poll.register(output, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)
