"""A PyNN 0.13 back end for SpiNNaker machines, real or emulated.

Change a script's import to ``import taproot.spinnaker as sim``; the rest stays. What differs from other simulators:

* ``setup(machine="spin5", time_scale_factor=None, ...)`` chooses the machine; see :func:`setup`.
* ``save_network(path)`` writes the network to a file for ``taproot map`` and ``taproot run``.
* :class:`NativeRNG` draws natively and in parallel; large networks should use it.
* The cell types are IF_curr_exp, IF_cond_exp, SpikeSourceArray and SpikeSourcePoisson; the synapse type is
  StaticSynapse. Other names of PyNN's are refused with a word on what there is.
"""

from pyNN import errors, random, space
from pyNN.common.procedural_api import set
from pyNN.connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    Connector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    MapConnector,
    OneToOneConnector,
)
from pyNN.network import Network
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import files, get_io
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from .. import TaprootError
from . import simulator
from .connectors import SmallWorldConnector
from .control import (
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    num_processes,
    rank,
    reset,
    run,
    run_for,
    run_until,
    save_network,
    setup,
)
from .populations import Assembly, Population, PopulationView
from .procedural_api import connect, create, record, record_gsyn, record_v
from .projections import Projection
from .native_rng import NativeRNG
from .standardmodels import (
    CELL_TYPES,
    IF_cond_exp,
    IF_curr_exp,
    SpikeSourceArray,
    SpikeSourcePoisson,
    StaticSynapse,
)
from .unsupported import refuse as _refuse


def list_standard_models():
    """The names of the standard cell types that this back end has."""
    return [cell.__name__ for cell in CELL_TYPES]


def __getattr__(name):
    _refuse(__name__, name)
