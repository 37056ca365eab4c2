"""Projections: descriptions of synapses, and access to what they became."""

import numpy as np
from pyNN import common, errors
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray
from pyNN.random import RandomDistribution
from pyNN.space import Space

from .. import _taproot
from . import connectors, simulator
from .connectors import Collector, Undescribable
from .standardmodels import SYNAPSE_TYPES, StaticSynapse
from .unsupported import NotSupportedError

RECEPTORS = {"excitatory": 0, "inhibitory": 1}

#: Projections of up to so many pairs are expanded when they are made, so that mistakes show at once. Larger ones whose
#: synapses all follow one rule are expanded when they are needed.
SMALL = 1 << 20


class Connection(common.Connection):
    """One synapse of a projection: looked up when asked, never stored."""

    def __init__(self, projection, index, source, target):
        self.__dict__.update(
            projection=projection, index=index, presynaptic_index=int(source), postsynaptic_index=int(target)
        )

    @property
    def presynaptic_cell(self):
        """The source cell."""
        return self.projection.pre[self.presynaptic_index]

    @property
    def postsynaptic_cell(self):
        """The target cell."""
        return self.projection.post[self.postsynaptic_index]

    def __getattr__(self, name):
        if name in ("weight", "delay"):
            return float(self.projection._column(name)[self.index])
        raise AttributeError(name)

    def __setattr__(self, name, value):
        if name not in ("weight", "delay"):
            raise AttributeError(f"a connection has a weight and a delay to set, not `{name}`")
        self.projection._set_one(self.index, name, value)

    def as_tuple(self, *attribute_names):
        """The values of these attributes."""
        return tuple(getattr(self, name) for name in attribute_names)


class Projection(common.Projection):
    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_population,
        postsynaptic_population,
        connector,
        synapse_type=None,
        source=None,
        receptor_type=None,
        space=Space(),
        label=None,
    ):
        if synapse_type is not None and not isinstance(synapse_type, SYNAPSE_TYPES):
            supported = ", ".join(t.__name__ for t in SYNAPSE_TYPES)
            raise NotSupportedError(
                f"{type(synapse_type).__name__} is not a synapse type of taproot.spinnaker; supported are: {supported}"
            )
        receptors = getattr(postsynaptic_population, "receptor_types", None)
        if receptors is not None and len(receptors) == 0:
            raise errors.ConnectionError(
                f"`{postsynaptic_population.label}` cannot be the target of a projection: its cells have no receptors"
            )
        ends = " to ".join(f"`{getattr(p, 'label', p)}`" for p in (presynaptic_population, postsynaptic_population))
        simulator.state.refuse_after_run(f"a projection from {ends} cannot be added")
        shape = tuple(getattr(cells, "size", None) for cells in (presynaptic_population, postsynaptic_population))
        for name, value in getattr(synapse_type, "parameter_space", {}).items():
            _check_shape(name, value, shape)
        super().__init__(
            presynaptic_population,
            postsynaptic_population,
            connector,
            synapse_type,
            source,
            receptor_type,
            space,
            label,
        )
        self._network = simulator.state.network
        for cells in (self.pre, self.post):
            for population, _ in _parts(cells):
                if population._network is not self._network:
                    raise errors.ConnectionError(
                        f"population `{population.label}` was made before the last setup(), which forgot it"
                    )
        self._number = None
        self._size = None
        self._cache = None
        self._space = _described_space(space)
        try:
            try:
                self._connect(connectors.describe(self))
            except Undescribable:
                self._connect_in_python()
        except BaseException:
            if self._number is not None:
                self._network.remove_last_projection()
            raise
        simulator.state.projections.append(self)
        if callable(getattr(connector, "callback", None)):
            connector.callback(1.0)

    # --- Making connections ---------------------------------------------------

    def _connect(self, description):
        """Hand a description over, checked: its values are within bounds, and generators have moved on."""
        values = dict(description.values)
        in_python = []
        for name in ("weight", "delay"):
            if name not in values:
                try:
                    values[name] = connectors.synapse_value(self, name, description.rng)
                except Undescribable:
                    in_python.append(name)
                    values[name] = 0.0 if name == "weight" else simulator.state.min_delay
        if description.name == "DistanceDependentProbability" or any(_is_distance(v) for v in values.values()):
            self._describe_positions()
        self._add(description, values)
        if in_python:
            columns, *after = self._network.expand(self._number)
            if description.name in ("FixedNumberPost", "FixedTotalNumber"):
                # These draw their connections before PyNN looks at the synapse's parameters.
                description.hand_back(*after)
            for name in in_python:
                values[name] = self._evaluate_in_python(name, columns)
                self._network.set_synapse(self._number, name, values[name])
        self._values = values
        uniform = all(_is_uniform(value) for value in values.values())
        if uniform and not description.needs_expansion and self.pre.size * self.post.size > SMALL:
            self._network.probe(self._number)
            return
        self._size, *after = self._network.survey(self._number)
        description.hand_back(*after)

    def _connect_in_python(self):
        """Let PyNN's own code make the connections, and hand over the list of them."""
        self._collector = Collector(self)
        self._connector.connect(self)
        description = self._collector.description()
        del self._collector
        self._connect(description)

    def _convergent_connect(self, presynaptic_indices, postsynaptic_index, location_selector=None, **values):
        if location_selector is not None:
            raise NotSupportedError(
                "location_selector: synapses at places on a cell are not supported; cells are points"
            )
        self._collector.add(presynaptic_indices, postsynaptic_index, values)

    def _add(self, description, values):
        self._number = self._network.add_projection(
            label=str(self.label),
            source=_group(self.pre),
            target=_group(self.post),
            receptor=RECEPTORS[self.receptor_type],
            connector=description.name,
            arguments=description.arguments,
            weight=values["weight"],
            delay=values["delay"],
            space=self._space,
        )

    def _evaluate_in_python(self, name, columns):
        """One value per connection of a parameter that only Python understands, drawn target by target as PyNN does."""
        offsets, sources = columns[0], columns[1]
        lazy = self._connector._parameters_from_synapse_type(self)[name]
        values = np.empty(len(sources))
        for target in np.flatnonzero(np.diff(offsets)):
            part = slice(int(offsets[target]), int(offsets[target + 1]))
            values[part] = lazy[sources[part].astype(int), int(target)]
        return values

    def _describe_positions(self):
        for cells in (self.pre, self.post):
            for population, _ in _parts(cells):
                population._describe_positions()

    # --- Asking for connections -----------------------------------------------

    def __len__(self):
        if self._size is None:
            self._size = self._network.survey(self._number)[0]
        return self._size

    def _columns(self):
        """Offsets, sources, weights and delays: from the machine if it holds the network, else as described."""
        version = simulator.state.version
        if self._cache is None or self._cache[0] != version:
            if self._network is simulator.state.network:
                simulator.state.flush()
            self._cache = (version, self._network.connections(self._number))
        return self._cache[1]

    def _column(self, name):
        """One value per connection of an attribute."""
        offsets, sources, weights, delays = self._columns()
        if name == "presynaptic_index":
            return sources
        if name == "postsynaptic_index":
            return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets).astype(int))
        if name == "weight":
            return weights
        if name == "delay":
            return delays
        raise self._no_such_parameter(name)

    def _no_such_parameter(self, name):
        return errors.NonExistentParameterError(
            name, type(self.synapse_type).__name__, self.synapse_type.get_parameter_names()
        )

    def get(self, attribute_names, format, gather=True, with_address=True, multiple_synapses="sum"):
        for name in [attribute_names] if isinstance(attribute_names, str) else attribute_names:
            if not self.synapse_type.has_parameter(name):
                raise self._no_such_parameter(name)
        try:
            return super().get(attribute_names, format, gather, with_address, multiple_synapses)
        finally:
            self._cache = None

    get.__doc__ = common.Projection.get.__doc__

    def _get_attributes_as_list(self, names):
        return list(zip(*(self._column(name).tolist() for name in names)))

    def _get_attributes_as_arrays(self, names, multiple_synapses="sum"):
        offsets, sources, _, _ = self._columns()
        return [
            _taproot.matrix(self.pre.size, offsets, sources, self._column(name), multiple_synapses) for name in names
        ]

    def _smallest_delay(self):
        delay = self._values["delay"]
        if isinstance(delay, float):
            return delay
        return float(self._column("delay").min(initial=np.inf))

    @property
    def connections(self):
        """The connections, one by one: the projection itself, which makes them as they are asked for."""
        return self

    def __getitem__(self, i):
        if isinstance(i, slice):
            return [self[index] for index in range(*i.indices(len(self)))]
        index = i + len(self) if i < 0 else i
        if not 0 <= index < len(self):
            raise IndexError(f"connection {i} of {len(self)}")
        offsets, sources, _, _ = self._columns()
        target = np.searchsorted(offsets, index, side="right") - 1
        return Connection(self, index, sources[index], target)

    # --- Changing connections -------------------------------------------------

    def set(self, **attributes):
        """Set the weight or delay of all connections.

        A value is a number, a RandomDistribution, an array of the shape of the projection, an expression or a function
        of the distance, or one value per connected pair in the order of `get(format="array")`: row by row.
        """
        for name, value in attributes.items():
            if not self.synapse_type.has_parameter(name):
                raise self._no_such_parameter(name)
            self._replace(name, self._described_value(name, value))

    def _replace(self, name, value):
        if _is_distance(value):
            self._describe_positions()
        self._network.set_synapse(self._number, name, value)
        try:
            self._network.survey(self._number)
            # A delay that the loaded network has no room for is refused here, so that a script can go on with the old one.
            if name == "delay":
                self._network.check()
        except Exception:
            self._network.set_synapse(self._number, name, self._values[name])
            raise
        self._values[name] = value
        self._cache = None
        simulator.state.version += 1

    def _described_value(self, name, value):
        if isinstance(value, str):
            return ("distance", value)
        if isinstance(value, RandomDistribution):
            return np.asarray(value.next(len(self)), dtype=float)
        if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1):
            return self._from_row_order(name, np.asarray(value, dtype=float))
        if callable(value) or isinstance(value, LazyArray):
            sources, targets = self._column("presynaptic_index"), self._column("postsynaptic_index")
            if isinstance(value, IndexBasedExpression):
                value.projection = self
                return np.asarray(value(sources, targets), dtype=float)
            if callable(value):
                value = LazyArray(value, shape=self.shape)(
                    LazyArray(
                        self.space.distance_generator(self.pre.position_generator, self.post.position_generator),
                        shape=self.shape,
                    )
                )
            return np.asarray(value.evaluate(), dtype=float)[sources, targets]
        try:
            return connectors.described_value(self, name, LazyArray(value))
        except (Undescribable, TypeError, ValueError) as error:
            if isinstance(error, errors.InvalidDimensionsError):
                raise
            raise errors.InvalidParameterValueError(
                f"{name} of projection `{self.label}` must be a number, an array, a RandomDistribution, or an expression or "
                f"a function of the distance, not {value!r}"
            ) from None

    def initialize(self, **initial_values):
        """Refused: a static synapse has no state."""
        names = ", ".join(f"`{name}`" for name in initial_values)
        raise NotSupportedError(
            f"projection `{self.label}` has no state to initialize ({names}): its synapses are static; "
            "`set` changes their weight and delay"
        )

    def _from_row_order(self, name, values):
        """One value per connection, from one value per connected pair in the order of the matrix's rows."""
        pairs = self._column("presynaptic_index").astype(np.int64) * self.post.size + self._column("postsynaptic_index")
        distinct, pair_of_connection = np.unique(pairs, return_inverse=True)
        if values.shape != distinct.shape:
            raise errors.InvalidDimensionsError(
                f"{len(values)} values of {name} for {len(distinct)} connected pairs in projection `{self.label}`"
            )
        return values[pair_of_connection]

    def _set_one(self, index, name, value):
        column = self._column(name).copy()
        column[index] = value
        self._replace(name, column)


def _check_shape(name, lazy, shape):
    """Refuse an array of synapse parameters that is not one value for each pair of cells."""
    value = getattr(lazy, "base_value", None)
    if isinstance(value, np.ndarray) and value.shape not in ((), shape):
        raise errors.InvalidDimensionsError(
            f"{name} has shape {value.shape}; the projection needs a number, or an array of shape {shape}: one value for "
            "each pair of a source and a target"
        )


def _is_distance(value):
    return isinstance(value, tuple) and value[0] == "distance"


def _is_uniform(value):
    """Whether one synapse stands for all: a number, or draws by a native generator."""
    return isinstance(value, float) or (isinstance(value, tuple) and value[0] == "random" and value[3][0] == "native")


def _parts(cells):
    """(population, indices or None for all) of a population, view or assembly."""
    if isinstance(cells, common.Assembly):
        return [part for population in cells.populations for part in _parts(population)]
    if isinstance(cells, common.PopulationView):
        return [(cells.grandparent, cells._cells.astype(np.uint32))]
    return [(cells, None)]


def _group(cells):
    return [(population._number, indices) for population, indices in _parts(cells)]


def _described_space(space):
    boundaries = space.periodic_boundaries
    if boundaries is not None:
        boundaries = [None if b is None else (float(b[0]), float(b[1])) for b in boundaries]
        boundaries += [None] * (3 - len(boundaries))
    offset = np.broadcast_to(np.asarray(space.offset, dtype=float), (3,)).tolist()
    return ([int(axis) for axis in space.axes], float(space.scale_factor), offset, boundaries)
