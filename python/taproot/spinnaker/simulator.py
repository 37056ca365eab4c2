"""The state of the simulation: one network description, and the machine that runs it."""

import math
import os
import sys
import warnings

from pyNN import common, errors

from .. import _taproot

name = "taproot"
"""The simulator's name in the annotations of recorded data."""

DEFAULT_TIMESTEP = common.control.DEFAULT_TIMESTEP
DEFAULT_SEED = 20261104
"""Seeds what a script gives no generator for: the spike trains of Poisson sources."""


class ID(int, common.IDMixin):
    """One cell: a number, and what PyNN lets one ask of a cell."""

    def __init__(self, n):
        common.IDMixin.__init__(self)


class State(common.control.BaseState):
    """The state that PyNN's common code reads and writes.

    The network lives in `network`, a `_taproot.Simulation`. Populations keep their parameters in NumPy arrays and
    hand over what changed when :meth:`flush` asks for it.
    """

    def __init__(self):
        super().__init__()
        self.network = None
        self._outputs_written = 0
        self._ran = False
        self.configure()

    def configure(
        self,
        timestep=DEFAULT_TIMESTEP,
        min_delay="auto",
        max_delay="auto",
        machine=None,
        time_scale_factor=None,
        seed=None,
        label=None,
    ):
        """Start afresh: let go of the machine and of the network, and describe a new one."""
        self.close()
        self.mpi_rank = 0
        self.num_processes = 1
        self.dt = float(timestep)
        self.smallest_delay_wanted = min_delay == "auto"
        self.min_delay = self.dt if min_delay == "auto" else float(min_delay)
        self.max_delay = math.inf if max_delay == "auto" else float(max_delay)
        self.recorders = set()
        self.write_on_end = []
        self.populations = []
        self.projections = []
        self.id_counter = 0
        self.segment_counter = 0
        self.native_streams = 0
        self.running = False
        self.ended = False
        self.t_start = 0
        self.step = 0
        self.version = 0
        self.network = _taproot.Simulation(
            label=label or _script_name(),
            timestep=self.dt,
            min_delay=self.min_delay,
            max_delay=self.max_delay,
            time_scale_factor=time_scale_factor,
            seed=DEFAULT_SEED if seed is None else seed,
            machine=machine or os.environ.get("TAPROOT_MACHINE", ""),
            threads=_threads(),
        )

    @property
    def t(self):
        """The current time, ms."""
        # A multiple of the step, computed once: no error adds up over many runs.
        return self.step * self.dt

    def flush(self):
        """Bring the description up to date with what the script has changed."""
        for population in self.populations:
            population._flush()

    def run_until(self, tstop):
        """Advance to a time, ms; PyNN's `run` and `run_until` come down to this."""
        if self.ended:
            raise _taproot.TaprootError(
                "the simulation has ended and its machine is gone; call setup() and describe the network again to run "
                "another, or call end() after the last run"
            )
        self.flush()
        try:
            self.network.run(self.to_step(tstop))
        finally:
            # After an error the machine may be back at the beginning.
            self.step = self.network.step
            self.version += 1
        self.running = True
        self._ran = True

    def to_step(self, t):
        """The number of whole steps that cover a time; a time between two steps is rounded up, with a warning."""
        if not math.isfinite(t):
            raise ValueError(f"cannot run until {t} ms: the time must be a finite number of ms")
        steps = t / self.dt
        whole = round(steps)
        if abs(steps - whole) <= 1e-6 * max(1.0, abs(steps)):
            return whole
        whole = math.ceil(steps)
        warnings.warn(
            f"{t:g} ms is not a multiple of the time step of {self.dt:g} ms; going on to {whole * self.dt:g} ms",
            errors.RoundingWarning,
            stacklevel=4,
        )
        return whole

    def refuse_after_run(self, what):
        """Refuse something that a network which has run, and goes on from there, cannot follow."""
        if self.step > 0 and not self.ended:
            raise _taproot.TaprootError(
                f"{what} after the network has run for {self.t:g} ms; call reset() first, which goes back to time 0, or "
                "describe the whole network before the first run()"
            )

    def reset(self):
        """Back to time 0 with the same network, in a new segment."""
        self.flush()
        self.network.reset()
        self.step = 0
        self.running = False
        self.t_start = 0
        self.segment_counter += 1
        self.version += 1

    def clear(self):
        """Forget everything, as PyNN's `setup` does."""
        self.configure()

    def next_native_stream(self):
        """A number that no other use of a native generator has had since `setup`."""
        self.native_streams += 1
        return self.native_streams

    def close(self):
        """Leave the outputs that `taproot run --out` asked for, and let go of the machine."""
        if self.network is None:
            return
        directory = os.environ.get("TAPROOT_OUT")
        if directory and self.network.loaded and self._ran:
            self._ran = False
            self._outputs_written += 1
            if self._outputs_written > 1:
                directory = os.path.join(directory, f"run-{self._outputs_written}")
            self.network.write_outputs(directory, os.environ.get("TAPROOT_COMMAND") or " ".join(sys.argv))
        self.network.close()


def _threads():
    """The host threads that `taproot run --threads` asks for; None if it does not."""
    asked = os.environ.get("TAPROOT_THREADS")
    if not asked:
        return None
    if not asked.isdecimal() or int(asked) < 1:
        raise ValueError(f"TAPROOT_THREADS must be a whole number from 1, not {asked!r}")
    return int(asked)


def _script_name():
    """What to call a network without a name: the script that makes it."""
    script = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else ""
    return os.path.splitext(script)[0] or "network"


state = State()
