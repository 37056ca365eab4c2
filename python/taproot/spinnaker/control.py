"""Set-up and control of a simulation."""

import atexit
import logging
import operator
import os
import warnings

from pyNN import common
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.recording import get_io

from .. import TaprootWarning, _taproot
from . import simulator

logger = logging.getLogger("PyNN")

#: Keywords that scripts pass to other simulators. They change nothing here.
TOLERATED = frozenset(
    """
    allow_update_model default_maxstep filename grng_seed logfile max_delay num_processes n_boards_required
    n_chips_required n_threads neuronPermutation rank recording_precision rng_seeds rng_type rng_types save_format
    spike_precision spinnaker_hostname t_flush threads use_cvode verbosity
    """.split()
)


def setup(timestep=DEFAULT_TIMESTEP, min_delay=DEFAULT_MIN_DELAY, **extra_params):
    """Start a new simulation; everything made before is forgotten. Returns the rank, which is 0.

    `timestep`, `min_delay` and `max_delay` are in ms.

    Further keywords:
        machine
            The machine to run on, such as ``"spin5"`` (an emulated board) or ``"udp:192.168.240.1"`` (a real one).
            Without it the environment variable ``TAPROOT_MACHINE`` (which ``taproot run --machine`` sets) decides, else it is
            an emulated ``spin5``. A warning says so when the script and the variable name different machines.
        time_scale_factor
            Real time per simulated time, a whole number. Without it, the smallest that leaves every core enough time.
        rng_seed
            Seeds what the script gives no generator for.
        label
            A name for reports.

    Keywords that other simulators know are tolerated. `threads` is one of them: results do not depend on threads, and the
    environment variable ``TAPROOT_THREADS`` limits them.
    """
    timestep = _whole_microseconds(timestep)
    common.setup(timestep, min_delay, **extra_params)
    ours = {
        key: extra_params.pop(key)
        for key in ("max_delay", "machine", "time_scale_factor", "label")
        if key in extra_params
    }
    seed = _seed(extra_params.pop("rng_seed", None))
    ours["machine"] = _machine(ours.get("machine"))
    if ours.get("label") is not None:
        ours["label"] = str(ours["label"])
    unknown = sorted(set(extra_params) - TOLERATED)
    if unknown:
        logger.warning("setup() does not know %s and goes on without", ", ".join(f"`{key}`" for key in unknown))
    factor = ours.get("time_scale_factor")
    if factor is not None:
        if not isinstance(factor, (int, float)) or factor % 1 != 0 or factor < 1:
            raise ValueError(f"time_scale_factor must be a whole number from 1, not {factor!r}")
        ours["time_scale_factor"] = int(factor)
    machine = ours["machine"] or os.environ.get("TAPROOT_MACHINE")
    if machine:
        _taproot.check_machine(machine)
    simulator.state.configure(timestep, min_delay, seed=seed, **ours)
    return rank()


def _whole_microseconds(timestep):
    """A time step that the hardware's timer can count, ms."""
    try:
        microseconds = float(timestep) * 1000.0
    except (TypeError, ValueError):
        raise ValueError(f"the time step must be a number of ms, not {timestep!r}") from None
    if not microseconds > 0:
        raise ValueError(f"the time step must be above 0 ms, not {timestep!r}")
    if not 0.999 <= microseconds <= 1e9 or abs(microseconds - round(microseconds)) > 1e-6 * microseconds:
        raise ValueError(
            f"the time step must be a whole number of microseconds (0.001 to 1,000,000 ms), not {timestep!r} ms"
        )
    return float(timestep)


def _seed(seed):
    """A seed that fits 64 bits, or None."""
    if seed is None:
        return None
    try:
        whole = operator.index(seed)
    except TypeError:
        whole = -1
    if not 0 <= whole < 2**64:
        raise ValueError(f"rng_seed must be a whole number from 0 to 2**64 - 1, not {seed!r}")
    return whole


def _machine(machine):
    """The machine that the script names, or None."""
    if machine is None or machine == "":
        return None
    if not isinstance(machine, (str, os.PathLike)):
        raise ValueError(
            f'machine must be a name such as "spin5" or "udp:192.168.240.1", or the path of a TOML file, not {machine!r}'
        )
    machine = os.fspath(machine)
    asked = os.environ.get("TAPROOT_MACHINE")
    if asked and asked != machine:
        warnings.warn(
            f"the script names the machine `{machine}` in setup(), so `{asked}` (--machine or TAPROOT_MACHINE) is not used",
            TaprootWarning,
            stacklevel=3,
        )
    return machine


def end(compatible_output=True):
    """Write the files that `record` was told to write, and let go of the machine. What was recorded can still be read;
    `run` needs a new `setup` first."""
    state = simulator.state
    pending, state.write_on_end = state.write_on_end, []
    for population, variables, filename in pending:
        population.write_data(get_io(filename), variables)
    state.close()
    state.ended = True


def save_network(path):
    """Write the network as described so far to a file that ``taproot map`` and ``taproot run`` take."""
    simulator.state.flush()
    simulator.state.network.save(str(path))


run, run_until = common.build_run(simulator)
run_for = run

reset = common.build_reset(simulator)

initialize = common.initialize

(
    get_current_time,
    get_time_step,
    _,
    get_max_delay,
    num_processes,
    rank,
) = common.build_state_queries(simulator)


def get_min_delay():
    """The smallest delay allowed, ms; if `setup` left that open, the smallest delay in the network."""
    state = simulator.state
    if state.smallest_delay_wanted and state.projections:
        return min(projection._smallest_delay() for projection in state.projections)
    return state.min_delay


atexit.register(simulator.state.close)
