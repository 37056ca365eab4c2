"""PyNN's connectors as descriptions.

A connector that is known here is not run: :func:`describe` says what it would do, and the native side expands that,
with the same draws from a `NumpyRNG`. Everything else (a user's own connector, CSA, functions of indices) runs in
Python as PyNN wrote it and ends up as a list of connections.
"""

import numpy as np
from pyNN import connectors as stock
from pyNN import errors
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution

from .. import _taproot
from .native_rng import NativeRNG
from .unsupported import NotSupportedError


class SmallWorldConnector(stock.SmallWorldConnector):
    __doc__ = stock.SmallWorldConnector.__doc__

    def __init__(self, degree, *args, **kwargs):
        super().__init__(degree, *args, **kwargs)
        # PyNN keeps the degree only within a string.
        self.degree = degree


#: PyNN copies the generator of these, and leaves the script's own alone.
DRAW_FROM_A_COPY = ("FixedProbability", "DistanceDependentProbability")


class Description:
    """What a connector does: the native name of it, its arguments, and where they came from."""

    def __init__(self, name, rng=None, count=None, **arguments):
        self.name = name
        self.arguments = arguments
        #: The connector's generator, or None if it draws nothing.
        self.rng = rng
        #: The distribution of the number of connections, or None if that is fixed.
        self.count = count
        #: Synapse parameters that come with the connector: one value per listed connection.
        self.values = {}

    @property
    def needs_expansion(self):
        """Whether making the connections moves a generator of the script's, or may fail by its own rules."""
        draws = [self.rng, self.count and self.count.rng]
        moves = self.name not in DRAW_FROM_A_COPY and any(type(rng) is NumpyRNG for rng in draws)
        return moves or self.arguments.get("self_connections") == "no_mutual"

    def hand_back(self, connector_after, count_after):
        """Leave the script's generators where PyNN's own connectors would have left them."""
        if connector_after is not None:
            _set_state(self.rng, connector_after)
        if count_after is not None:
            _set_state(self.count.rng, count_after)


class Undescribable(Exception):
    """Not for a description: run it in Python."""


def generator(rng):
    """A generator as the native side takes it."""
    if type(rng) is NumpyRNG:
        _, key, position, has_gauss, cached = rng.rng.get_state(legacy=True)
        return ("numpy", key, position, cached if has_gauss else None)
    if isinstance(rng, NativeRNG):
        return rng.describe_use()
    raise Undescribable


def _set_state(rng, state):
    _, key, position, cached = state
    rng.rng.set_state(("MT19937", key, position, 0 if cached is None else 1, 0.0 if cached is None else cached))


def random(distribution, connector_rng=None):
    """A random distribution as the native side takes it."""
    if not all(np.isscalar(value) for value in distribution.parameters.values()):
        raise Undescribable
    if distribution.rng is connector_rng and type(connector_rng) is NumpyRNG:
        # One generator for two purposes: the native side follows PyNN's order of draws.
        source = ("of_connector",)
    else:
        source = generator(distribution.rng)
    parameters = {name: float(value) for name, value in distribution.parameters.items()}
    return ("random", distribution.name, parameters, source)


def describe(projection):
    """The description of a projection's connector; raises :class:`Undescribable` if it has to run in Python."""
    connector = projection._connector
    if getattr(connector, "location_selector", None) is not None:
        raise NotSupportedError("location_selector: synapses at places on a cell are not supported; cells are points")
    cls = type(connector)
    helpers = ("_standard_connect", "_connect_with_map", "_parameters_from_synapse_type", "_generate_distance_map")
    for base in (stock.MapConnector, stock.Connector):
        for helper in helpers:
            if hasattr(base, helper) and getattr(cls, helper, None) is not getattr(base, helper):
                if issubclass(cls, base):
                    raise Undescribable
    describer = _DESCRIBERS.get(cls.connect)
    if describer is None:
        raise Undescribable
    return describer(connector, projection)


def _self_connections(allow):
    return {True: "allowed", False: "forbidden", "NoMutual": "no_mutual"}[allow]


def _all_to_all(connector, projection):
    return Description("AllToAll", self_connections=_self_connections(connector.allow_self_connections))


def _one_to_one(connector, projection):
    return Description("OneToOne")


def _fixed_probability(connector, projection):
    return Description(
        "FixedProbability",
        connector.rng,
        probability=connector.p_connect,
        self_connections=_self_connections(connector.allow_self_connections),
        generator=generator(connector.rng),
    )


def _distance_dependent(connector, projection):
    if not _taproot.understands(connector.d_expression):
        raise Undescribable
    return Description(
        "DistanceDependentProbability",
        connector.rng,
        expression=connector.d_expression,
        self_connections=_self_connections(connector.allow_self_connections),
        generator=generator(connector.rng),
    )


def _fixed_number(name):
    def describer(connector, projection):
        n, count = connector.n, None
        if isinstance(n, RandomDistribution):
            n, count = random(n, connector.rng), n
        return Description(
            name,
            connector.rng,
            count,
            n=n,
            with_replacement=bool(connector.with_replacement),
            self_connections=_self_connections(connector.allow_self_connections),
            generator=generator(connector.rng),
        )

    return describer


def _fixed_total_number(connector, projection):
    if isinstance(connector.n, RandomDistribution):
        # PyNN passes the distribution on to a binomial, which cannot be.
        raise NotSupportedError("FixedTotalNumberConnector: `n` must be a number")
    return _fixed_number("FixedTotalNumber")(connector, projection)


def _small_world(connector, projection):
    degree = getattr(connector, "degree", None)
    if degree is None:
        degree = float(connector.d_expression.split("<")[1])
    return Description(
        "SmallWorld",
        connector.rng,
        degree=float(degree),
        rewiring=float(connector.rewiring),
        self_connections=_self_connections(connector.allow_self_connections),
        n_connections=connector.n_connections,
        generator=generator(connector.rng),
    )


def _array(connector, projection):
    array = np.asarray(connector.array)
    if array.dtype != bool:
        # PyNN takes numbers for addresses.
        raise Undescribable
    if array.shape != projection.shape:
        raise errors.InvalidDimensionsError(
            f"the array of an ArrayConnector has shape {array.shape}; the projection needs {projection.shape}"
        )
    return Description("Array", connected=np.ascontiguousarray(array))


def _clone(connector, projection):
    reference = connector.reference_projection
    if getattr(reference, "_network", None) is not projection._network:
        raise errors.ConnectionError("the projection to clone belongs to another simulation")
    if projection.pre != reference.pre or projection.post != reference.post:
        raise errors.ConnectionError(
            f"a clone connects the same cells as its reference: `{reference.label}` connects `{reference.pre.label}` to "
            f"`{reference.post.label}`, `{projection.label}` `{projection.pre.label}` to `{projection.post.label}`"
        )
    return Description("Clone", projection=reference._number)


def _list(connector, projection):
    table = np.asarray(connector.conn_list, dtype=float)
    if table.size == 0:
        empty = np.empty(0, np.uint32)
        return Description("List", sources=empty, targets=empty)
    known = projection.synapse_type.get_parameter_names()
    for name in connector.column_names:
        if name not in known:
            raise ValueError(
                f"{name} is not a valid parameter for {type(projection.synapse_type).__name__} "
                f"(valid parameters are: {', '.join(known)})"
            )
    addresses = table[:, :2]
    for column, side, size in ((0, "source", projection.pre.size), (1, "target", projection.post.size)):
        wrong = (addresses[:, column] < 0) | (addresses[:, column] >= size) | (addresses[:, column] % 1 != 0)
        if wrong.any():
            row = int(wrong.argmax())
            raise errors.ConnectionError(
                f"{side} index out of range: connection {row} of the list names {side} {table[row, column]:g}; "
                f"there are {size} cells, counted from 0"
            )
    return _listed(
        addresses[:, 0].astype(np.uint32),
        addresses[:, 1].astype(np.uint32),
        {name: table[:, column] for column, name in enumerate(connector.column_names, 2)},
    )


def _listed(sources, targets, values):
    """A list in the order of the native side's expansion: by target, and as given within a target."""
    order = np.argsort(targets, kind="stable")
    description = Description("List", sources=sources[order], targets=targets[order])
    description.values = {name: np.ascontiguousarray(column[order]) for name, column in values.items()}
    return description


def _file(connector, projection):
    if connector.distributed:
        connector.file.rename(f"{connector.file.name}.{projection._simulator.state.mpi_rank}")
    columns = connector.file.get_metadata().get("columns", ("weight", "delay"))
    connector.column_names = [name for name in columns if name not in ("i", "j")]
    connector.conn_list = np.atleast_2d(connector.file.read())
    return _list(connector, projection)


class Collector:
    """Takes the connections that a connector makes in Python: arrays, one target cell at a time."""

    def __init__(self, projection):
        self.projection = projection
        self.sources, self.targets, self.values = [], [], {"weight": [], "delay": []}

    def add(self, sources, target, values):
        pre, post = self.projection.pre, self.projection.post
        # CSAConnector passes cells where the others pass indices.
        if hasattr(target, "parent"):
            target = post.id_to_index(target)
        sources = np.asarray(
            [pre.id_to_index(s) if hasattr(s, "parent") else s for s in sources]
            if not isinstance(sources, np.ndarray)
            else sources
        )
        if sources.size == 0:
            return
        if sources.min() < 0 or sources.max() >= pre.size or not 0 <= target < post.size:
            raise errors.ConnectionError(
                f"a connection to cell {target} of {post.size} from cells {sources.min()} to {sources.max()} of "
                f"{pre.size} is out of range"
            )
        self.sources.append(sources.astype(np.uint32))
        self.targets.append(np.full(sources.size, target, np.uint32))
        for name, columns in self.values.items():
            columns.append(np.broadcast_to(np.asarray(values[name], dtype=float), sources.shape))

    def description(self):
        """All of them as a list."""
        if not self.sources:
            empty = np.empty(0, np.uint32)
            return Description("List", sources=empty, targets=empty)
        return _listed(
            np.concatenate(self.sources),
            np.concatenate(self.targets),
            {name: np.concatenate(columns) for name, columns in self.values.items()},
        )


def synapse_value(projection, name, connector_rng):
    """A parameter of the projection's synapse type as the native side takes it."""
    synapse_type = projection.synapse_type
    lazy = synapse_type.parameter_space[name]
    expression = getattr(synapse_type, "expressions", {}).get(name)
    if expression is not None and _taproot.understands(expression):
        return ("distance", expression)
    return described_value(projection, name, lazy, connector_rng)


def described_value(projection, name, lazy, connector_rng=None):
    """A lazy array as the native side takes it."""
    if not isinstance(lazy, LazyArray) or lazy.operations:
        raise Undescribable
    value = lazy.base_value
    if isinstance(value, RandomDistribution):
        return random(value, connector_rng)
    if isinstance(value, np.ndarray):
        if value.shape != projection.shape:
            raise errors.InvalidDimensionsError(
                f"{name} has shape {value.shape}; the projection needs a number, or shape {projection.shape}"
            )
        return np.ascontiguousarray(value, dtype=float)
    if np.isscalar(value):
        return float(value)
    raise Undescribable


_DESCRIBERS = {
    stock.AllToAllConnector.connect: _all_to_all,
    stock.OneToOneConnector.connect: _one_to_one,
    stock.FixedProbabilityConnector.connect: _fixed_probability,
    stock.DistanceDependentProbabilityConnector.connect: _distance_dependent,
    stock.FixedNumberPreConnector.connect: _fixed_number("FixedNumberPre"),
    stock.FixedNumberPostConnector.connect: _fixed_number("FixedNumberPost"),
    stock.FixedTotalNumberConnector.connect: _fixed_total_number,
    stock.SmallWorldConnector.connect: _small_world,
    stock.ArrayConnector.connect: _array,
    stock.CloneConnector.connect: _clone,
    stock.FromListConnector.connect: _list,
    stock.FromFileConnector.connect: _file,
}
