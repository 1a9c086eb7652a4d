"""`python -m mner_core`, and `mner` where the package is installed."""

import os
import sys


def run() -> None:
    """Runs the command line and leaves with its exit status."""
    # Idle OpenMP threads sleep instead of spinning: on busy cores spinning made detection ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from mner_core.commands.cli import main

    sys.exit(main())


if __name__ == "__main__":
    run()
