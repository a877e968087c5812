"""`python -m sensors_sim` is `sensors-sim`."""

import sys

from sensors_sim.cli import main

sys.exit(main())
