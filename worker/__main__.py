"""`python -m worker` takes jobs and answers questions until it is told to stop (TERM, INT, HUP).

Killed, it gives nothing back, and the next one takes its jobs up again at once: what survives is the job. `restart.sh`
starts the next one.
"""

import signal
import sys

from db.connection import StoreError
from db.engine import open_store
from mner_core.home import Home
from mner_core.types import InputError
from worker.settings import WorkerSettings
from worker.supervisor import Supervisor, say

if __name__ == "__main__":
    try:
        supervisor = Supervisor(open_store(Home.from_environment()), WorkerSettings.from_environment())
    except (InputError, StoreError) as error:
        say(str(error))
        sys.exit(2)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, supervisor.stop)
    supervisor.run()
