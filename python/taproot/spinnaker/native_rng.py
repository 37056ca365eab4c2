"""The native random number generator."""

import pyNN.random

from .. import _taproot
from . import simulator


class NativeRNG(pyNN.random.NativeRNG):
    """Random numbers that are drawn natively, in parallel, by a counter-based generator.

    Use it for large networks: a connector or synapse parameter that has a `NativeRNG` is drawn for each cell
    independently, on any number of threads, with the same result. Each use of one generator gets a sequence of its
    own, numbered in the order of uses in the script.

    `seed` is a whole number from 0 to 2**64 - 1.
    """

    parallel_safe = True

    def __init__(self, seed=None):
        super().__init__(0 if seed is None else seed)
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"the seed of a NativeRNG is from 0 to 2**64 - 1, not {self.seed}")

    def describe_use(self):
        """The generator of one more use, as the native side takes it."""
        return ("native", self.seed, simulator.state.next_native_stream())

    def next(self, n=None, distribution=None, parameters=None, mask=None):
        """`n` random numbers, or one if `n` is None; see :meth:`pyNN.random.AbstractRNG.next`."""
        if distribution is None:
            distribution = "uniform"
            parameters = parameters or {"low": 0.0, "high": 1.0}
        count = 1 if n is None else n
        if count < 0:
            raise ValueError("The sample number must be positive")
        values = _taproot.draw(distribution, dict(parameters), self.describe_use(), count)
        if distribution in ("uniform_int", "binomial", "poisson"):
            values = values.astype(int)
        if mask is not None:
            values = values[mask]
        return values[0] if n is None else values

    def permutation(self, values):
        """The values in random order."""
        return values[self.next(len(values)).argsort(kind="stable")]
