"""`python -m mner_core`."""

import sys

from mner_core.cli import main

sys.exit(main())
