//! Python values as the words of a network description.
//!
//! A value is a number, a NumPy array of doubles, or a tuple whose first element says what it is:
//!
//! | tuple | meaning |
//! | --- | --- |
//! | `("random", name, {parameter: number}, generator)` | draws from a distribution |
//! | `("distance", expression)` | an expression of the distance `d` |
//! | `("sequences", [array, ...])` | one list of numbers per cell |
//! | `("numpy", key, position, cached)` | a generator: the state of a NumPy `RandomState` |
//! | `("native", seed, stream)` | a generator: counter-based |
//! | `("of_connector",)` | a generator: the connector's own, shared |

use crate::errors;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple},
};
use taproot_network::{
    CellType, Connector, CountOrRandom, Distribution, Expression, Generator, Group, Mt19937State,
    PopulationId, ProjectionId, RandomSource, Selection, SelfConnections, Space, SynapseValue, Values,
    Variable,
};

/// The first element of a tagged tuple.
fn tag<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<(String, Bound<'py, PyTuple>)>> {
    match value.cast::<PyTuple>() {
        Ok(tuple) if !tuple.is_empty() => Ok(Some((tuple.get_item(0)?.extract()?, tuple.clone()))),
        _ => Ok(None),
    }
}

fn unknown(what: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("not {what}: {value}"))
}

/// The doubles of a one-dimensional array.
fn doubles(value: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let array: PyReadonlyArray1<'_, f64> = value.extract()?;
    Ok(array.as_array().to_vec())
}

/// The indices of a one-dimensional array of unsigned 32-bit numbers.
pub(crate) fn indices(value: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    let array: PyReadonlyArray1<'_, u32> = value.extract()?;
    Ok(array.as_array().to_vec())
}

pub(crate) fn generator(value: &Bound<'_, PyAny>) -> PyResult<Generator> {
    let (kind, tuple) = tag(value)?.ok_or_else(|| unknown("a generator", value))?;
    match kind.as_str() {
        "numpy" => {
            let key: PyReadonlyArray1<'_, u32> = tuple.get_item(1)?.extract()?;
            let key = key.as_array().to_vec();
            let position: u16 = tuple.get_item(2)?.extract()?;
            if key.len() != 624 || position > 624 {
                return Err(PyValueError::new_err(
                    "the state of an MT19937 generator has 624 words and a position within them",
                ));
            }
            Ok(Generator::Numpy(Mt19937State {
                key,
                position,
                cached_gaussian: tuple.get_item(3)?.extract()?,
            }))
        }
        "of_connector" => Ok(Generator::OfConnector),
        "native" => Ok(Generator::Native {
            seed: tuple.get_item(1)?.extract()?,
            stream: tuple.get_item(2)?.extract()?,
        }),
        _ => Err(unknown("a generator", value)),
    }
}

/// A generator as Python passes it: the inverse of [`generator`].
pub(crate) fn generator_to_python<'py>(py: Python<'py>, generator: Generator) -> PyResult<Bound<'py, PyAny>> {
    Ok(match generator {
        Generator::Numpy(state) => (
            "numpy",
            state.key.into_pyarray(py),
            state.position,
            state.cached_gaussian,
        )
            .into_pyobject(py)?
            .into_any(),
        Generator::Native { seed, stream } => ("native", seed, stream).into_pyobject(py)?.into_any(),
        Generator::OfConnector => ("of_connector",).into_pyobject(py)?.into_any(),
    })
}

fn distribution(name: &str, parameters: &Bound<'_, PyDict>) -> PyResult<Distribution> {
    let get = |key: &str| -> PyResult<f64> {
        parameters
            .get_item(key)?
            .ok_or_else(|| {
                PyTypeError::new_err(format!("the distribution `{name}` needs the parameter `{key}`"))
            })?
            .extract()
    };
    let integer = |key: &str| -> PyResult<i64> {
        let value = get(key)?;
        if value.fract() == 0.0 && value.abs() < 9e15 {
            Ok(value as i64)
        } else {
            Err(PyValueError::new_err(format!(
                "the parameter `{key}` of the distribution `{name}` must be a whole number, not {value}"
            )))
        }
    };
    Ok(match name {
        "uniform" => Distribution::Uniform {
            low: get("low")?,
            high: get("high")?,
        },
        "uniform_int" => Distribution::UniformInt {
            low: integer("low")?,
            high: integer("high")?,
        },
        "normal" => Distribution::Normal {
            mu: get("mu")?,
            sigma: get("sigma")?,
        },
        "normal_clipped" => Distribution::NormalClipped {
            mu: get("mu")?,
            sigma: get("sigma")?,
            low: get("low")?,
            high: get("high")?,
        },
        "normal_clipped_to_boundary" => Distribution::NormalClippedToBoundary {
            mu: get("mu")?,
            sigma: get("sigma")?,
            low: get("low")?,
            high: get("high")?,
        },
        "lognormal" => Distribution::Lognormal {
            mu: get("mu")?,
            sigma: get("sigma")?,
        },
        "gamma" => Distribution::Gamma {
            k: get("k")?,
            theta: get("theta")?,
        },
        "exponential" => Distribution::Exponential { beta: get("beta")? },
        "binomial" => Distribution::Binomial {
            n: u32::try_from(integer("n")?).map_err(|_| {
                PyValueError::new_err("the parameter `n` of the distribution `binomial` is out of range")
            })?,
            p: get("p")?,
        },
        "poisson" => Distribution::Poisson {
            lambda: get("lambda_")?,
        },
        "vonmises" => Distribution::Vonmises {
            mu: get("mu")?,
            kappa: get("kappa")?,
        },
        _ => return Err(PyValueError::new_err(format!("unknown distribution `{name}`"))),
    })
}

fn random(tuple: &Bound<'_, PyTuple>) -> PyResult<RandomSource> {
    let name: String = tuple.get_item(1)?.extract()?;
    Ok(RandomSource {
        distribution: distribution(&name, tuple.get_item(2)?.cast::<PyDict>()?)?,
        generator: generator(&tuple.get_item(3)?)?,
    })
}

/// A parameter of cells.
pub(crate) fn values(value: &Bound<'_, PyAny>) -> PyResult<Values> {
    if let Some((kind, tuple)) = tag(value)? {
        return match kind.as_str() {
            "random" => Ok(Values::Random(random(&tuple)?)),
            "sequences" => {
                let mut sequences = Vec::new();
                for sequence in tuple.get_item(1)?.try_iter()? {
                    sequences.push(doubles(&sequence?)?);
                }
                Ok(Values::Sequences(sequences))
            }
            _ => Err(unknown("a parameter value", value)),
        };
    }
    if let Ok(number) = value.extract::<f64>() {
        return Ok(Values::Constant(number));
    }
    doubles(value).map(Values::PerCell)
}

/// A parameter of synapses: one-dimensional arrays hold one value per connection, two-dimensional ones one per pair.
pub(crate) fn synapse_value(value: &Bound<'_, PyAny>) -> PyResult<SynapseValue> {
    if let Some((kind, tuple)) = tag(value)? {
        return match kind.as_str() {
            "random" => Ok(SynapseValue::Random(random(&tuple)?)),
            "distance" => Ok(SynapseValue::Distance(Expression(tuple.get_item(1)?.extract()?))),
            _ => Err(unknown("a synapse parameter", value)),
        };
    }
    if let Ok(number) = value.extract::<f64>() {
        return Ok(SynapseValue::Constant(number));
    }
    if let Ok(matrix) = value.extract::<PyReadonlyArray2<'_, f64>>() {
        return Ok(SynapseValue::PerPair(matrix.as_array().iter().copied().collect()));
    }
    doubles(value).map(SynapseValue::PerConnection)
}

/// A connector: its name and PyNN's arguments.
pub(crate) fn connector(name: &str, arguments: &Bound<'_, PyDict>) -> PyResult<Connector> {
    let get = |key: &str| -> PyResult<Bound<'_, PyAny>> {
        arguments
            .get_item(key)?
            .ok_or_else(|| PyTypeError::new_err(format!("the connector `{name}` needs `{key}`")))
    };
    let self_connections = || -> PyResult<SelfConnections> {
        Ok(match get("self_connections")?.extract::<String>()?.as_str() {
            "allowed" => SelfConnections::Allowed,
            "forbidden" => SelfConnections::Forbidden,
            "no_mutual" => SelfConnections::NoMutual,
            other => {
                return Err(PyValueError::new_err(format!(
                    "self connections are allowed, forbidden or no_mutual, not `{other}`"
                )));
            }
        })
    };
    let count = || -> PyResult<CountOrRandom> {
        let n = get("n")?;
        match tag(&n)? {
            Some((_, tuple)) => Ok(CountOrRandom::Random(random(&tuple)?)),
            None => Ok(CountOrRandom::Count(n.extract()?)),
        }
    };
    let source = || generator(&get("generator")?);
    Ok(match name {
        "AllToAll" => Connector::AllToAll {
            self_connections: self_connections()?,
        },
        "OneToOne" => Connector::OneToOne,
        "FixedProbability" => Connector::FixedProbability {
            probability: get("probability")?.extract()?,
            self_connections: self_connections()?,
            generator: source()?,
        },
        "DistanceDependentProbability" => Connector::DistanceDependentProbability {
            expression: Expression(get("expression")?.extract()?),
            self_connections: self_connections()?,
            generator: source()?,
        },
        "FixedNumberPre" => Connector::FixedNumberPre {
            n: count()?,
            with_replacement: get("with_replacement")?.extract()?,
            self_connections: self_connections()?,
            generator: source()?,
        },
        "FixedNumberPost" => Connector::FixedNumberPost {
            n: count()?,
            with_replacement: get("with_replacement")?.extract()?,
            self_connections: self_connections()?,
            generator: source()?,
        },
        "FixedTotalNumber" => Connector::FixedTotalNumber {
            n: get("n")?.extract()?,
            with_replacement: get("with_replacement")?.extract()?,
            self_connections: self_connections()?,
            generator: source()?,
        },
        "SmallWorld" => Connector::SmallWorld {
            degree: get("degree")?.extract()?,
            rewiring: get("rewiring")?.extract()?,
            self_connections: self_connections()?,
            n_connections: get("n_connections")?.extract()?,
            generator: source()?,
        },
        "Array" => Connector::Array {
            connected: get("connected")?
                .extract::<PyReadonlyArray2<'_, bool>>()?
                .as_array()
                .iter()
                .copied()
                .collect(),
        },
        "Clone" => Connector::Clone {
            projection: ProjectionId(get("projection")?.extract()?),
        },
        "List" => Connector::List {
            sources: indices(&get("sources")?)?,
            targets: indices(&get("targets")?)?,
        },
        _ => return Err(PyValueError::new_err(format!("unknown connector `{name}`"))),
    })
}

/// A group of cells: a list of (population, indices or none).
pub(crate) fn group(parts: &Bound<'_, PyAny>) -> PyResult<Group> {
    let mut selections = Vec::new();
    for part in parts.try_iter()? {
        let (population, cells): (u32, Option<Bound<'_, PyAny>>) = part?.extract()?;
        selections.push(Selection {
            population: PopulationId(population),
            cells: cells.as_ref().map(indices).transpose()?,
        });
    }
    Ok(Group(selections))
}

/// How distances are measured: axes, scale factor, offset, periodic boundaries.
pub(crate) fn space(value: &Bound<'_, PyAny>) -> PyResult<Space> {
    let (axes, scale_factor, offset, boundaries): (Vec<u8>, f64, [f64; 3], Bound<'_, PyAny>) =
        value.extract()?;
    let periodic_boundaries = boundaries
        .extract::<Option<Vec<Option<(f64, f64)>>>>()?
        .map(|bounds| {
            <[_; 3]>::try_from(bounds).map_err(|_| {
                PyValueError::new_err(
                    "periodic boundaries are given for x, y and z (None where there is none)",
                )
            })
        })
        .transpose()?;
    Ok(Space {
        axes,
        scale_factor,
        offset,
        periodic_boundaries,
    })
}

pub(crate) fn variable(name: &str) -> PyResult<Variable> {
    Variable::from_name(name).ok_or_else(|| PyValueError::new_err(format!("unknown variable `{name}`")))
}

pub(crate) fn cell_type(name: &str) -> PyResult<CellType> {
    CellType::from_name(name).ok_or_else(|| PyValueError::new_err(format!("unknown cell type `{name}`")))
}

/// The cell types that networks may use: `[(name, parameters, initial values, receptors, recordables)]`.
#[pyfunction]
pub(crate) fn cell_types() -> Vec<CellDescription> {
    let names = |parameters: &[taproot_network::ParameterInfo]| parameters.iter().map(|p| p.name).collect();
    CellType::ALL
        .into_iter()
        .map(|cell| {
            (
                cell.name(),
                names(cell.parameters()),
                names(cell.initial_values()),
                cell.receptors().to_vec(),
                cell.recordables().iter().map(|v| v.name()).collect(),
            )
        })
        .collect()
}

/// Name, parameters, initial values, receptors, recordables of a cell type.
type CellDescription = (
    &'static str,
    Vec<&'static str>,
    Vec<&'static str>,
    Vec<&'static str>,
    Vec<&'static str>,
);

/// `n` draws from a distribution.
#[pyfunction]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    name: &str,
    parameters: &Bound<'py, PyDict>,
    source: &Bound<'py, PyAny>,
    n: usize,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let source = RandomSource {
        distribution: distribution(name, parameters)?,
        generator: generator(source)?,
    };
    let (values, _) = py
        .detach(|| source.draw(n))
        .map_err(|error| errors::draw(py, &error))?;
    Ok(values.into_pyarray(py))
}

/// Whether the native side understands an expression of the distance `d`.
#[pyfunction]
pub(crate) fn understands(expression: String) -> bool {
    Expression(expression).parse().is_ok()
}
