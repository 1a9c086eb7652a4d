"""`python -m mner_core`."""

import os
import sys

# Idle OpenMP threads sleep instead of spinning: on busy cores spinning made detection ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from mner_core.commands.cli import main

sys.exit(main())
