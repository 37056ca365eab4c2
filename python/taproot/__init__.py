"""Taproot carries PyNN networks down to neuromorphic machines.

The PyNN back end is :mod:`taproot.spinnaker`::

    import taproot.spinnaker as sim

    sim.setup(timestep=1.0)
    ...

The command line is ``taproot``; ``python -m taproot`` is the same.
"""

from ._taproot import TaprootError, TaprootWarning, __version__

__all__ = ["TaprootError", "TaprootWarning", "__version__"]
