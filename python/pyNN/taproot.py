"""`pyNN.taproot` is `taproot.spinnaker`, so that `pyNN.utility.get_simulator` finds it."""

import sys

import taproot.spinnaker

sys.modules[__name__] = taproot.spinnaker
