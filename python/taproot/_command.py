"""The `taproot` command: a thin door to the command line, which is native."""

import os
import signal
import sys

from . import _taproot


def main():
    """Run the command line with this process's arguments and return its exit code."""
    # Python's own handler would only note Ctrl-C and act on it after the native code returns.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # `taproot run SCRIPT.py` starts the script with the interpreter that has this package.
    os.environ.setdefault("TAPROOT_PYTHON", sys.executable)
    return _taproot.command(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
