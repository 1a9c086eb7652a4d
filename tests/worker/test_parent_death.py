"""A child that dies with its parent."""

import subprocess
import sys

import pytest

from tests.worker.processes import ROOT, ends, kill

CHILD = """
import sys, time
from worker.parent_death import die_with
die_with(int(sys.argv[1]), watch_input={watch})
print("tied", flush=True)
time.sleep(120)
"""
PARENT = """
import os, subprocess, sys, time
command = [sys.executable, "-c", sys.argv[1], str(os.getpid())]
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(120)
"""


@pytest.mark.parametrize("watch", [True, False])
def test_it_ends_when_its_parent_is_killed(watch: bool) -> None:
    if not watch and sys.platform != "linux":
        pytest.skip("PR_SET_PDEATHSIG is Linux's")
    command = [sys.executable, "-c", PARENT, CHILD.format(watch=watch)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        kill(parent.pid)
        ends([child], 5)


def test_it_does_not_outlive_a_parent_that_was_gone_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(watch=False), "1234567"], cwd=ROOT, capture_output=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (1, b"")
