//! Values of the cells' parameters, as asked for and as stored.

use super::{LowerError, parts::steps_per_ms};
use crate::regions::{
    neuron_params::{Component, Field, components, global_weight_scale},
    poisson::{RATE_LIMIT, Rate, u3232},
};
use std::collections::BTreeMap;
use taproot_calibration::{Quantity, Quantized, Tally, fixed::S1615};
use taproot_network::{CellType, Network, Population, Values};

/// What the cells of one population are, ready for the regions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cells {
    /// Neurons: the stored word of every field for every cell.
    Neurons(Columns),
    /// Poisson sources: one rate per cell.
    Poisson(Vec<Rate>),
    /// Spike arrays: sorted `(step, cell)`.
    Array(Vec<(u32, u32)>),
}

/// Stored words of neuron fields, one per cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns(BTreeMap<Field, Vec<i32>>);

impl Columns {
    pub(crate) fn get(&self, field: Field, cell: u32) -> i32 {
        self.0.get(&field).map_or(0, |column| column[cell as usize])
    }
}

/// The cells of a population, and what storing them cost.
pub(crate) fn cells_of(
    network: &Network,
    population: &Population,
    report: &mut Vec<Quantized>,
) -> Result<Cells, LowerError> {
    match (components(population.cell), population.cell) {
        (Some(components), _) => neurons(network, population, components, report).map(Cells::Neurons),
        (None, CellType::SpikeSourcePoisson) => poisson(population, report).map(Cells::Poisson),
        (None, _) => array(network, population, report).map(Cells::Array),
    }
}

fn neurons(
    network: &Network,
    population: &Population,
    components: &[Component],
    report: &mut Vec<Quantized>,
) -> Result<Columns, LowerError> {
    let mut columns = BTreeMap::new();
    for &field in components.iter().flat_map(|c| c.fields) {
        let (name, scale, values) = match field {
            Field::Parameter(name) => (name, 1.0, numbers(population, name, &population.parameters)?),
            Field::State(name) => (name, 1.0, numbers(population, name, &population.initial_values)?),
            Field::Input(name) => (
                name,
                global_weight_scale(population.cell),
                numbers(population, name, &population.initial_values)?,
            ),
            Field::Timestep => {
                let step = S1615.encode(network.timestep).raw as i32;
                columns.insert(field, vec![step; population.size as usize]);
                continue;
            }
            Field::RefractoryTimer => {
                columns.insert(field, vec![0; population.size as usize]);
                continue;
            }
        };
        let mut tally = Tally::default();
        let mut column = Vec::with_capacity(values.len());
        for run in values.chunk_by(|a, b| a.to_bits() == b.to_bits()) {
            let asked = run[0];
            let stored = S1615.encode(asked * scale);
            let back = S1615.decode(stored.raw) / scale;
            if must_be_positive(name) && stored.raw <= 0 {
                return Err(LowerError::NotPositive {
                    population: population.label.clone(),
                    name: name.to_owned(),
                    value: asked,
                    stored: back,
                });
            }
            tally.add_many(asked, back, stored.saturated, run.len() as u64);
            column.extend(std::iter::repeat_n(stored.raw as i32, run.len()));
        }
        report.push(entry(population, name, 1.0 / (S1615.scale() * scale), tally));
        columns.insert(field, column);
    }
    Ok(Columns(columns))
}

/// Parameters that the models divide by.
fn must_be_positive(name: &str) -> bool {
    matches!(name, "cm" | "tau_m" | "tau_syn_E" | "tau_syn_I")
}

fn poisson(population: &Population, report: &mut Vec<Quantized>) -> Result<Vec<Rate>, LowerError> {
    let mut columns = Vec::new();
    for name in ["rate", "start", "duration"] {
        let values = numbers(population, name, &population.parameters)?;
        if let Some(&value) = values.iter().find(|v| v.is_nan() || **v < 0.0) {
            return Err(LowerError::Negative {
                population: population.label.clone(),
                name: name.to_owned(),
                value,
            });
        }
        if name == "rate"
            && let Some(&rate) = values.iter().find(|rate| **rate >= RATE_LIMIT)
        {
            return Err(LowerError::RateTooHigh {
                population: population.label.clone(),
                rate,
                limit: RATE_LIMIT,
            });
        }
        let mut tally = Tally::default();
        for run in values.chunk_by(|a, b| a.to_bits() == b.to_bits()) {
            let forever = run[0] >= f64::from(u32::MAX);
            let stored = if forever && name == "duration" {
                run[0]
            } else {
                u3232(run[0]) as f64 / 2f64.powi(32)
            };
            tally.add_many(run[0], stored, forever && name != "duration", run.len() as u64);
        }
        report.push(entry(population, name, 2f64.powi(-32), tally));
        columns.push(values);
    }
    Ok((0..population.size as usize)
        .map(|cell| Rate {
            rate: columns[0][cell],
            start: columns[1][cell],
            duration: columns[2][cell],
        })
        .collect())
}

fn array(
    network: &Network,
    population: &Population,
    report: &mut Vec<Quantized>,
) -> Result<Vec<(u32, u32)>, LowerError> {
    let name = "spike_times";
    let empty = Vec::new();
    let trains: Vec<&[f64]> = match population.parameters.get(name) {
        Some(Values::Sequences(trains)) if trains.len() == population.size as usize => {
            trains.iter().map(Vec::as_slice).collect()
        }
        // The same train for all: a list of one.
        Some(Values::Sequences(trains)) if trains.len() == 1 => {
            vec![trains[0].as_slice(); population.size as usize]
        }
        None => vec![empty.as_slice(); population.size as usize],
        Some(Values::Sequences(trains)) => return Err(count(population, name, trains.len())),
        Some(Values::PerCell(values)) => return Err(count(population, name, values.len())),
        Some(_) => return Err(count(population, name, 1)),
    };
    let step_us = (network.timestep * 1000.0).round();
    let mut tally = Tally::default();
    let mut spikes = Vec::with_capacity(trains.iter().map(|t| t.len()).sum());
    for (cell, train) in (0u32..).zip(&trains) {
        for &time in *train {
            if time.is_nan() || time < 0.0 {
                return Err(LowerError::Negative {
                    population: population.label.clone(),
                    name: name.to_owned(),
                    value: time,
                });
            }
            let step = step_of(time, step_us);
            tally.add(time, f64::from(step) * step_us / 1000.0, step == u32::MAX);
            spikes.push((step, cell));
        }
    }
    spikes.sort_unstable();
    // A spike at time 0 is not an underflow.
    tally.losses.underflowed = 0;
    if tally.count > 0 {
        report.push(entry(population, name, step_us / 1000.0, tally));
    }
    Ok(spikes)
}

/// The step at which a spike at `time` ms is sent: down to a whole microsecond, then up to the next step
/// (`sPyNNaker: spike_source_array_vertex.py`, so that 0.7 ms at 0.1 ms is step 7 whatever its last bit).
fn step_of(time: f64, step_us: f64) -> u32 {
    ((time * 1000.0 + 1e-6).floor() / step_us).ceil() as u32
}

/// Numbers of one parameter, one per cell. What is missing takes PyNN's default.
fn numbers(
    population: &Population,
    name: &str,
    from: &BTreeMap<String, Values>,
) -> Result<Vec<f64>, LowerError> {
    let size = population.size as usize;
    match from.get(name) {
        Some(Values::Constant(value)) => Ok(vec![*value; size]),
        Some(Values::PerCell(values)) if values.len() == size => Ok(values.clone()),
        Some(Values::PerCell(values)) => Err(count(population, name, values.len())),
        Some(Values::Sequences(values)) => Err(count(population, name, values.len())),
        Some(Values::Random(source)) => {
            source
                .draw(size)
                .map(|(values, _)| values)
                .map_err(|source| LowerError::Draw {
                    population: population.label.clone(),
                    name: name.to_owned(),
                    source,
                })
        }
        None => population
            .cell
            .parameters()
            .iter()
            .chain(population.cell.initial_values())
            .find(|info| info.name == name)
            .map(|info| vec![info.default; size])
            .ok_or_else(|| count(population, name, 0)),
    }
}

fn count(population: &Population, name: &str, found: usize) -> LowerError {
    LowerError::ParameterCount {
        population: population.label.clone(),
        name: name.to_owned(),
        found,
        needed: population.size,
    }
}

fn entry(population: &Population, name: &str, resolution: f64, tally: Tally) -> Quantized {
    let unit = population
        .cell
        .parameters()
        .iter()
        .chain(population.cell.initial_values())
        .find(|info| info.name == name)
        .map_or("", |info| info.unit);
    Quantized {
        quantity: Quantity::Parameter {
            population: population.label.clone(),
            name: name.to_owned(),
        },
        unit: unit.to_owned(),
        resolution,
        tally,
    }
}

/// Steps of a simulated second.
pub(crate) fn steps_per_second(timestep: f64) -> f64 {
    steps_per_ms(timestep) * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spike_times_go_up_to_the_next_step() {
        assert_eq!(step_of(0.7, 100.0), 7);
        assert_eq!(step_of(2.3, 100.0), 23);
        assert_eq!(step_of(0.0, 100.0), 0);
        assert_eq!(step_of(1.5, 1000.0), 2);
        assert_eq!(step_of(1e300, 1000.0), u32::MAX);
    }
}
