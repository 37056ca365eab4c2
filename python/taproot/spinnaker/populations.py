"""Populations, views and assemblies."""

import numpy as np
from pyNN import common, errors
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, simplify

from . import simulator
from .recording import Recorder
from .standardmodels import CELL_TYPES
from .unsupported import NotSupportedError


class Assembly(common.Assembly):
    __doc__ = common.Assembly.__doc__
    _simulator = simulator


class _Members:
    """What populations and views share."""

    def _get_view(self, selector, label=None):
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names):
        for name in names:
            if not self.celltype.has_parameter(name):
                raise errors.NonExistentParameterError(
                    name, type(self.celltype).__name__, self.celltype.get_parameter_names()
                )
        # Native names are PyNN's names, so there is nothing to translate.
        return self._get_native_parameters(*names)

    def inject(self, current_source):
        if not self.celltype.injectable:
            raise TypeError("Can't inject current into a spike source.")
        raise NotSupportedError(
            "current injection is not supported; a cell's `i_offset` is, and may change between runs"
        )

    def set(self, **parameters):
        try:
            super().set(**parameters)
        except ValueError as error:
            if isinstance(error, (errors.InvalidParameterValueError, errors.InvalidDimensionsError)):
                raise
            names = ", ".join(sorted(parameters))
            raise errors.InvalidParameterValueError(f"{names} of `{self.label}`: {error}") from error

    set.__doc__ = common.Population.set.__doc__


class PopulationView(_Members, common.PopulationView):
    __doc__ = common.PopulationView.__doc__
    _assembly_class = Assembly
    _simulator = simulator

    @property
    def _cells(self):
        """Indices of the cells in the population at the root."""
        return self.index_in_grandparent(slice(None))

    def _get_native_parameters(self, *names):
        values = self.grandparent._parameters
        cells = self._cells
        return ParameterSpace(
            {name: simplify(v[cells]) if isinstance(v, np.ndarray) else v for name, v in _pick(values, names)},
            schema=self.celltype.get_schema(),
            shape=(self.size,),
        )

    def _set_parameters(self, parameter_space):
        root = self.grandparent
        parameter_space.evaluate(simplify=True)
        for name, value in parameter_space.items():
            _check_parameter(root, name, value)
            root._parameters[name] = _replace(root._parameters[name], self._cells, value, root.size)
            root._changed_parameters.add(name)

    def initialize(self, **initial_values):
        # PyNN keeps initial values per population; those of a view are written into its population's.
        root = self.grandparent
        for variable, value in initial_values.items():
            values = LazyArray(value, shape=(self.size,), dtype=float).evaluate(simplify=True)
            _check_initial_value(root, variable, values)
            old = root._initial_values.get(variable, root.celltype.default_initial_values.get(variable, 0.0))
            new = _replace(old, self._cells, values, root.size)
            root._initial_values[variable] = new
            root.initial_values[variable] = LazyArray(new, shape=(root.size,), dtype=float)
            root._changed_initial_values.add(variable)

    @property
    def initial_values(self):
        """Initial values of the cells of this view."""
        return {
            variable: LazyArray(value[self._cells] if isinstance(value, np.ndarray) else value, shape=(self.size,))
            for variable, value in self.grandparent._initial_values.items()
        }


class Population(_Members, common.Population):
    __doc__ = common.Population.__doc__
    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def __init__(
        self,
        size,
        cellclass,
        cellparams=None,
        structure=None,
        initial_values={},
        label=None,
        neurons_per_core=None,
    ):
        self._neurons_per_core = _whole_or_none(neurons_per_core)
        self._number = None
        model = cellclass if isinstance(cellclass, type) else type(cellclass)
        if not issubclass(model, CELL_TYPES):
            supported = ", ".join(cell.__name__ for cell in CELL_TYPES)
            raise NotSupportedError(
                f"{getattr(model, '__name__', model)} is not a cell type of taproot.spinnaker; supported are: {supported}"
            )
        if isinstance(cellclass, type) and cellparams is None:
            cellparams = {}
        name = f"population `{label}`" if label is not None else f"a population of {model.__name__}"
        simulator.state.refuse_after_run(f"{name} cannot be added")
        self._network = simulator.state.network
        try:
            super().__init__(size, cellclass, cellparams, structure, initial_values, label)
        except BaseException:
            # Half a population must not stay behind.
            simulator.state.recorders.discard(getattr(self, "recorder", None))
            if self._number is not None:
                simulator.state.populations.remove(self)
                self._network.remove_last_population()
            raise

    def _create_cells(self):
        if self.size < 1:
            raise errors.InvalidDimensionsError(f"population `{self.label}` needs at least one cell, not {self.size}")
        first = simulator.state.id_counter
        self.all_cells = np.empty(self.size, dtype=object)
        for index in range(self.size):
            cell = self.all_cells[index] = simulator.ID(first + index)
            cell.parent = self
        simulator.state.id_counter += int(self.size)
        self._mask_local = np.ones(self.size, bool)

        space = self.celltype.native_parameters
        space.shape = (self.size,)
        space.evaluate(simplify=True)
        self._parameters = space.as_dict()
        for name, value in self._parameters.items():
            _check_parameter(self, name, value)
        self._initial_values = {}
        self._changed_parameters = set(self._parameters)
        self._changed_initial_values = set()
        self._records_changed = False
        self._described_label = self.label
        model = next(c for c in CELL_TYPES if isinstance(self.celltype, c))
        self._number = self._network.add_population(self.label, int(self.size), model.__name__, self._neurons_per_core)
        simulator.state.populations.append(self)

    def _get_native_parameters(self, *names):
        return ParameterSpace(
            {name: simplify(v) if isinstance(v, np.ndarray) else v for name, v in _pick(self._parameters, names)},
            schema=self.celltype.get_schema(),
            shape=(self.size,),
        )

    def _set_parameters(self, parameter_space):
        parameter_space.evaluate(simplify=True)
        for name, value in parameter_space.items():
            _check_parameter(self, name, value)
            self._parameters[name] = value
            self._changed_parameters.add(name)

    def _set_initial_value_array(self, variable, initial_values):
        values = initial_values.evaluate(simplify=True)
        _check_initial_value(self, variable, values)
        # What was drawn is what will be asked for again.
        initial_values.base_value, initial_values.operations = values, []
        self._initial_values[variable] = values
        self._changed_initial_values.add(variable)

    def _set_cell_initial_value(self, id, variable, value):
        self[self.id_to_index(id) : self.id_to_index(id) + 1].initialize(**{variable: value})

    def set_neurons_per_core(self, limit):
        """Let no core have more than this many of the population's cells; None leaves it to the mapper."""
        limit = self._neurons_per_core = _whole_or_none(limit)
        self._network.set_neurons_per_core(self._number, limit)

    def _describe_positions(self):
        """Hand the positions over."""
        positions = np.ascontiguousarray(self.positions.T, dtype=float)
        self._network.set_positions(self._number, positions)

    def _flush(self):
        """Hand over what has changed since the last time."""
        network = self._network
        for name in sorted(self._changed_parameters):
            network.set_parameter(self._number, name, _described(self._parameters[name], self.size))
        self._changed_parameters.clear()
        for name in sorted(self._changed_initial_values):
            network.set_initial_value(self._number, name, _described(self._initial_values[name], self.size))
        self._changed_initial_values.clear()
        if self._records_changed:
            network.set_records(self._number, self.recorder.describe())
            self._records_changed = False
        if self.label != self._described_label:
            network.set_population_label(self._number, self.label)
            self._described_label = self.label


def _whole_or_none(limit):
    """A limit of cells per core."""
    if limit is not None and (not isinstance(limit, (int, np.integer)) or not 1 <= limit < 2**32):
        raise ValueError(f"neurons_per_core must be a whole number from 1, or None, not {limit!r}")
    return None if limit is None else int(limit)


def _pick(values, names):
    return ((name, values[name]) for name in (names or values))


def _replace(old, cells, new, size):
    """`old` (one value, or one per cell) with `new` at some cells: an array of one value per cell."""
    kind = object if isinstance(old, ArrayParameter) or (isinstance(old, np.ndarray) and old.dtype == object) else float
    result = np.empty(size, dtype=kind)
    result[:] = old
    result[cells] = new
    return result


def _described(value, size):
    """A parameter as the native side takes it."""
    if isinstance(value, ArrayParameter):
        times = np.ascontiguousarray(value.value, dtype=float)
        return ("sequences", [times] * size)
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return ("sequences", [np.ascontiguousarray(v.value, dtype=float) for v in value])
        return np.ascontiguousarray(value, dtype=float)
    return float(value)


def _check_parameter(population, name, value):
    """Refuse what no machine could make sense of."""
    if name == "spike_times":
        for sequence in [value] if isinstance(value, ArrayParameter) else value:
            if not isinstance(sequence, ArrayParameter):
                raise errors.InvalidParameterValueError("spike_times must be one list of times per cell")
            times = np.asarray(sequence.value, dtype=float)
            if times.ndim != 1 or not np.all(np.isfinite(times)):
                raise errors.InvalidParameterValueError("spike_times must be lists of finite numbers")
            if times.size and (times[0] < 0 or np.any(np.diff(times) < 0)):
                raise errors.InvalidParameterValueError(
                    "spike_times must not be negative and must be in increasing order"
                )
        return
    values = np.asarray(value, dtype=float)
    where = f"{name} of population `{population.label}`"
    _check_finite(where, values)
    if name in ("cm", "tau_m", "tau_syn_E", "tau_syn_I") and np.any(values <= 0):
        raise errors.InvalidParameterValueError(f"{where} must be above 0, not {values.min():g}")
    if name in ("tau_refrac", "rate", "duration", "start") and np.any(values < 0):
        raise errors.InvalidParameterValueError(f"{where} must not be negative, but is {values.min():g}")


def _check_finite(where, values):
    wrong = values[~np.isfinite(values)]
    if wrong.size:
        raise errors.InvalidParameterValueError(f"{where} must be a finite number, not {wrong.flat[0]:g}")


def _check_initial_value(population, variable, values):
    known = population.celltype.default_initial_values
    if variable not in known:
        raise errors.NonExistentParameterError(variable, type(population.celltype).__name__, known)
    _check_finite(f"the initial {variable} of population `{population.label}`", np.asarray(values, dtype=float))
