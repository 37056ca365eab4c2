"""What the judges share: the emulated machine, and the scripts' way to import `board`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
