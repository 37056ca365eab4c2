//! [`Simulation`]: the network that a script describes, and the machine that it runs on.

use crate::{describe, errors, machine::Machine};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    ndarray::{Array2, ArrayView1},
};
use pyo3::{
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::PyDict,
};
use taproot_network::{
    Connections, Connector, Expanded, Generator, Mt19937State, Network, Population, PopulationId, Projection,
    ProjectionId, Record, SynapseValue, Values,
};
use taproot_spinnaker::check_delay;

/// A network under construction and, once it has run, the machine that holds it.
#[pyclass(module = "taproot._taproot")]
pub(crate) struct Simulation {
    network: Network,
    machine: Machine,
}

/// Offsets, sources, weights and delays: see [`Connections`].
type Columns<'py> = (
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
);

fn columns(py: Python<'_>, connections: Connections) -> Columns<'_> {
    (
        connections.offsets.into_pyarray(py),
        connections.sources.into_pyarray(py),
        connections.weights.into_pyarray(py),
        connections.delays.into_pyarray(py),
    )
}

impl Simulation {
    fn population(&mut self, id: u32) -> PyResult<&mut Population> {
        self.network
            .populations
            .get_mut(id as usize)
            .ok_or_else(|| PyIndexError::new_err(format!("there is no population {id}")))
    }

    fn expanded(&self, py: Python<'_>, projection: u32) -> PyResult<Expanded> {
        let network = &self.network;
        py.detach(|| network.expand_with_state(ProjectionId(projection)))
            .map_err(|error| errors::expansion(py, &error))
    }

    /// Refuses a delay that no machine has room for, as soon as it is known.
    fn check_delay(&self, py: Python<'_>, projection: u32, longest: f64) -> PyResult<()> {
        check_delay(&self.network, ProjectionId(projection), longest)
            .map_err(|error| errors::session(py, &error.into()))
    }

    fn projection(&mut self, id: u32) -> PyResult<&mut Projection> {
        self.network
            .projections
            .get_mut(id as usize)
            .ok_or_else(|| PyIndexError::new_err(format!("there is no projection {id}")))
    }
}

/// A generator state for Python.
fn state(py: Python<'_>, state: Option<Mt19937State>) -> PyResult<Option<Bound<'_, PyAny>>> {
    state
        .map(|state| describe::generator_to_python(py, Generator::Numpy(state)))
        .transpose()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// What comes after the first `n`.
fn rest<T>(values: &[T], n: usize) -> &[T] {
    values.get(n..).unwrap_or_default()
}

fn checked_values(values: Values, size: u32, what: &str) -> PyResult<Values> {
    let found = match &values {
        Values::PerCell(values) => values.len(),
        Values::Sequences(sequences) => sequences.len(),
        Values::Constant(_) | Values::Random(_) => return Ok(values),
    };
    if found == size as usize {
        Ok(values)
    } else {
        Err(PyValueError::new_err(format!(
            "`{what}` has {found} values for {size} cells"
        )))
    }
}

#[pymethods]
impl Simulation {
    /// An empty network. Times are in ms; without `time_scale_factor` the mapper chooses one.
    #[new]
    #[pyo3(signature = (*, label, timestep, min_delay, max_delay, time_scale_factor, seed, machine, threads))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword arguments of a Python constructor"
    )]
    fn new(
        label: String,
        timestep: f64,
        min_delay: f64,
        max_delay: f64,
        time_scale_factor: Option<u32>,
        seed: u64,
        machine: String,
        threads: Option<usize>,
    ) -> Self {
        Self {
            network: Network {
                label,
                timestep,
                min_delay,
                max_delay,
                time_scale_factor,
                seed,
                populations: Vec::new(),
                projections: Vec::new(),
            },
            machine: Machine::new(machine, threads),
        }
    }

    /// Adds cells of one type and returns their population's number. Parameters come with `set_parameter`.
    fn add_population(
        &mut self,
        label: String,
        size: u32,
        cell: &str,
        neurons_per_core: Option<u32>,
    ) -> PyResult<u32> {
        let id = self.network.populations.len() as u32;
        self.network.populations.push(Population {
            label,
            size,
            cell: describe::cell_type(cell)?,
            parameters: Default::default(),
            initial_values: Default::default(),
            positions: None,
            records: Vec::new(),
            neurons_per_core,
        });
        Ok(id)
    }

    /// Takes back the population added last.
    fn remove_last_population(&mut self) {
        self.network.populations.pop();
    }

    fn set_population_label(&mut self, population: u32, label: String) -> PyResult<()> {
        self.population(population)?.label = label;
        Ok(())
    }

    fn set_neurons_per_core(&mut self, population: u32, limit: Option<u32>) -> PyResult<()> {
        self.population(population)?.neurons_per_core = limit;
        Ok(())
    }

    fn set_parameter(&mut self, population: u32, name: String, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let population = self.population(population)?;
        let values = checked_values(describe::values(value)?, population.size, &name)?;
        population.parameters.insert(name, values);
        Ok(())
    }

    fn set_initial_value(&mut self, population: u32, name: String, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let population = self.population(population)?;
        let values = checked_values(describe::values(value)?, population.size, &name)?;
        population.initial_values.insert(name, values);
        Ok(())
    }

    /// Positions of the cells: an array of one row (x, y, z) per cell.
    fn set_positions(&mut self, population: u32, positions: PyReadonlyArray2<'_, f64>) -> PyResult<()> {
        let population = self.population(population)?;
        let positions = positions.as_array();
        if positions.dim() != (population.size as usize, 3) {
            return Err(PyValueError::new_err(format!(
                "positions have shape {:?} for {} cells",
                positions.dim(),
                population.size
            )));
        }
        population.positions = Some(positions.rows().into_iter().map(|p| [p[0], p[1], p[2]]).collect());
        Ok(())
    }

    /// What to record: a list of (variable, sampling interval in steps, ascending indices or None for all).
    fn set_records(
        &mut self,
        population: u32,
        records: Vec<(String, u32, Option<Bound<'_, PyAny>>)>,
    ) -> PyResult<()> {
        let records = records
            .into_iter()
            .map(|(variable, interval, cells)| {
                Ok(Record {
                    variable: describe::variable(&variable)?,
                    interval,
                    cells: cells.as_ref().map(describe::indices).transpose()?,
                })
            })
            .collect::<PyResult<_>>()?;
        self.population(population)?.records = records;
        Ok(())
    }

    /// Adds a projection and returns its number.
    #[pyo3(signature = (*, label, source, target, receptor, connector, arguments, weight, delay, space))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python method")]
    fn add_projection(
        &mut self,
        label: String,
        source: &Bound<'_, PyAny>,
        target: &Bound<'_, PyAny>,
        receptor: u8,
        connector: &str,
        arguments: &Bound<'_, PyDict>,
        weight: &Bound<'_, PyAny>,
        delay: &Bound<'_, PyAny>,
        space: &Bound<'_, PyAny>,
    ) -> PyResult<u32> {
        let id = self.network.projections.len() as u32;
        self.network.projections.push(Projection {
            label,
            source: describe::group(source)?,
            target: describe::group(target)?,
            receptor,
            connector: describe::connector(connector, arguments)?,
            weight: describe::synapse_value(weight)?,
            delay: describe::synapse_value(delay)?,
            space: describe::space(space)?,
        });
        Ok(id)
    }

    /// Takes back the projection added last.
    fn remove_last_projection(&mut self) {
        self.network.projections.pop();
    }

    fn set_projection_label(&mut self, projection: u32, label: String) -> PyResult<()> {
        self.projection(projection)?.label = label;
        Ok(())
    }

    /// Replaces a synapse parameter, `weight` or `delay`.
    fn set_synapse(&mut self, projection: u32, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value: SynapseValue = describe::synapse_value(value)?;
        let projection = self.projection(projection)?;
        match name {
            "weight" => projection.weight = value,
            "delay" => projection.delay = value,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "a static synapse has a weight and a delay, not `{name}`"
                )));
            }
        }
        Ok(())
    }

    /// The synapses of a projection as described, and the generator states that PyNN would leave behind: of the
    /// connector's generator and of the generator of its `n`.
    #[expect(clippy::type_complexity, reason = "a tuple for Python to take apart")]
    fn expand<'py>(
        &self,
        py: Python<'py>,
        projection: u32,
    ) -> PyResult<(Columns<'py>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>)> {
        let expanded = self.expanded(py, projection)?;
        Ok((
            columns(py, expanded.connections),
            state(py, expanded.connector_after)?,
            state(py, expanded.count_after)?,
        ))
    }

    /// Expands a projection for its checks and its draws alone: how many synapses it has, and the generator states as
    /// in `expand`.
    #[expect(clippy::type_complexity, reason = "a tuple for Python to take apart")]
    fn survey<'py>(
        &self,
        py: Python<'py>,
        projection: u32,
    ) -> PyResult<(usize, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>)> {
        let expanded = self.expanded(py, projection)?;
        self.check_delay(py, projection, largest(&expanded.connections.delays))?;
        Ok((
            expanded.connections.len(),
            state(py, expanded.connector_after)?,
            state(py, expanded.count_after)?,
        ))
    }

    /// Checks weight and delay of a projection by a synapse between the first two cells: enough where every synapse
    /// follows one rule.
    fn probe(&mut self, py: Python<'_>, projection: u32) -> PyResult<()> {
        let one = Connector::List {
            sources: vec![0],
            targets: vec![0],
        };
        let connector = std::mem::replace(&mut self.projection(projection)?.connector, one);
        let result = self.expanded(py, projection);
        let changed = self.projection(projection)?;
        changed.connector = connector;
        let longest = match &changed.delay {
            SynapseValue::Random(source) => source.distribution.largest(),
            _ => None,
        };
        let delays = result?.connections.delays;
        self.check_delay(py, projection, longest.unwrap_or_else(|| largest(&delays)))
    }

    /// The synapses of a projection: as the machine holds them if it is loaded, else as described.
    fn connections<'py>(&mut self, py: Python<'py>, projection: u32) -> PyResult<Columns<'py>> {
        let id = ProjectionId(projection);
        if let Some(connections) = self.machine.connections(py, &self.network, id)? {
            return Ok(columns(py, connections));
        }
        let network = &self.network;
        let connections = py
            .detach(|| network.expand(id))
            .map_err(|error| errors::expansion(py, &error))?;
        Ok(columns(py, connections))
    }

    /// Whether a machine holds the network.
    #[getter]
    fn loaded(&mut self) -> bool {
        self.machine.is_loaded()
    }

    /// Advances to a time step counted from the last reset. The interpreter is free for other threads meanwhile;
    /// a signal handler that raises stops the machine.
    fn run(&mut self, py: Python<'_>, until_step: u64) -> PyResult<()> {
        self.machine.run(py, &self.network, until_step)
    }

    /// Raises what `run` would raise if the machine cannot follow what has changed since the last run.
    fn check(&mut self, py: Python<'_>) -> PyResult<()> {
        self.machine.check(py, &self.network)
    }

    /// Where the machine stands, in time steps.
    #[getter]
    fn step(&mut self) -> u64 {
        self.machine.step()
    }

    /// Back to time 0; the network stays.
    fn reset(&mut self, py: Python<'_>) -> PyResult<()> {
        self.machine.reset(py)
    }

    /// Spikes of a population since time 0 or the last clearing: cells and time steps, ordered by time.
    #[expect(clippy::type_complexity, reason = "a tuple for Python to take apart")]
    fn spikes<'py>(
        &mut self,
        py: Python<'py>,
        population: u32,
    ) -> Option<(Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<u32>>)> {
        let (recording, forgotten) = self.machine.recording(PopulationId(population))?;
        let spikes = recording.spikes.as_ref()?;
        Some((
            PyArray1::from_slice(py, rest(&spikes.cells, forgotten.spikes)),
            PyArray1::from_slice(py, rest(&spikes.steps, forgotten.spikes)),
        ))
    }

    /// Samples of a variable, one row per sample and one column per cell, and the cells of the columns.
    #[expect(clippy::type_complexity, reason = "a tuple for Python to take apart")]
    fn signal<'py>(
        &mut self,
        py: Python<'py>,
        population: u32,
        variable: &str,
    ) -> PyResult<Option<(Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<u32>>)>> {
        let variable = describe::variable(variable)?;
        let Some((recording, forgotten)) = self.machine.recording(PopulationId(population)) else {
            return Ok(None);
        };
        let Some(signal) = recording.signals.iter().find(|s| s.variable == variable) else {
            return Ok(None);
        };
        let samples = rest(
            &signal.samples,
            forgotten.samples.get(&variable).copied().unwrap_or_default(),
        );
        let width = signal.cells.len();
        let height = samples.len().checked_div(width).unwrap_or(0);
        let samples = PyArray1::from_slice(py, samples).reshape([height, width])?;
        Ok(Some((samples, PyArray1::from_slice(py, &signal.cells))))
    }

    /// Forgets what a population has recorded so far.
    fn clear(&mut self, population: u32) {
        self.machine.clear(PopulationId(population));
    }

    /// Lets go of the machine.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        self.machine.close(py)
    }

    /// Leaves recordings, the raster picture and the mapping report in a directory; the report tells by which command.
    fn write_outputs(
        &mut self,
        py: Python<'_>,
        directory: std::path::PathBuf,
        command: &str,
    ) -> PyResult<()> {
        self.machine.write_outputs(py, &directory, command)
    }

    /// Writes the network to a file that `taproot map` and `taproot run` take.
    fn save(&self, py: Python<'_>, path: std::path::PathBuf) -> PyResult<()> {
        crate::files::save(py, &self.network, &path)
    }

    /// The whole description as JSON, for tests and curiosity.
    fn to_json(&self) -> PyResult<String> {
        crate::files::json(&self.network)
    }
}

/// Reads a network file and returns the description as JSON.
#[pyfunction]
pub(crate) fn read_network(path: std::path::PathBuf) -> PyResult<String> {
    crate::files::json(&crate::files::read(&path)?)
}

/// A matrix of one value per pair, source by target, from one value per synapse; NaN where there is no synapse.
/// Several synapses between the same pair give their `last`, `first`, `sum`, `min` or `max`.
#[pyfunction]
pub(crate) fn matrix<'py>(
    py: Python<'py>,
    n_sources: usize,
    offsets: PyReadonlyArray1<'py, u64>,
    sources: PyReadonlyArray1<'py, u32>,
    values: PyReadonlyArray1<'py, f64>,
    how: &str,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let combine: fn(f64, f64) -> f64 = match how {
        "last" => |_, new| new,
        "first" => |old, _| old,
        "sum" => |old, new| old + new,
        "min" => f64::min,
        "max" => f64::max,
        _ => {
            return Err(PyValueError::new_err(
                "`multiple_synapses` must be one of last, first, sum, min, max",
            ));
        }
    };
    let (offsets, sources, values): (ArrayView1<'_, u64>, _, _) =
        (offsets.as_array(), sources.as_array(), values.as_array());
    let mut matrix = Array2::from_elem((n_sources, offsets.len().saturating_sub(1)), f64::NAN);
    for target in 0..offsets.len().saturating_sub(1) {
        for synapse in offsets[target] as usize..offsets[target + 1] as usize {
            let cell = &mut matrix[[sources[synapse] as usize, target]];
            *cell = if cell.is_nan() {
                values[synapse]
            } else {
                combine(*cell, values[synapse])
            };
        }
    }
    Ok(matrix.into_pyarray(py))
}
