"""`python -m taproot`."""

import sys

from ._command import main

sys.argv[0] = "taproot"
sys.exit(main())
