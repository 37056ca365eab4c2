//! Prints the load image of a network as JSON, for comparison with other programs.
//!
//! `dump_image NETWORK.json STEPS` reads a network as serde writes it, lowers it for one SpiNN-5 board as sPyNNaker 7.4.1
//! would, and prints every core's regions and the send buffers of a run of STEPS steps.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use serde_json::{Value, json};
use std::error::Error;
use taproot_network::Network;
use taproot_spinnaker::{LowerOptions, Role, lower};
use taproot_spinnaker_chip::Machine;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which network file?")?;
    let steps: u32 = arguments.next().ok_or("how many steps?")?.parse()?;
    let network: Network = serde_json::from_slice(&std::fs::read(path)?)?;
    let options = LowerOptions {
        match_spynnaker: arguments.next().as_deref() != Some("--own"),
        run_steps: Some(steps),
        ..LowerOptions::default()
    };
    let lowered = lower(&network, &Machine::spin5(), &options)?;
    let buffers = lowered.send_buffers(0, steps)?;
    let cores: Vec<Value> = lowered
        .image
        .cores
        .iter()
        .zip(&lowered.layout.cores)
        .map(|(core, layout)| {
            let (population, cells, delay) = match &layout.role {
                Role::Cells { population, cells } => (population, cells, false),
                Role::Delay {
                    population, cells, ..
                } => (population, cells, true),
            };
            json!({
                "population": network.population(*population).label,
                "first": cells.start,
                "last": cells.end - 1,
                "delay": delay,
                "binary": core.binary.name(),
                "regions": core.regions.iter().map(|region| json!({
                    "number": region.number,
                    "size": region.size,
                    "content": hex(&region.content),
                })).collect::<Vec<_>>(),
                "send_buffer": buffers.iter().find(|b| b.core == core.core).map(|b| hex(&b.content)),
            })
        })
        .collect();
    let projections: Vec<Value> = (0..network.projections.len() as u32)
        .map(|index| {
            let stored = lowered.stored(&network, taproot_network::ProjectionId(index))?;
            let resolution = lowered
                .layout
                .cores
                .iter()
                .flat_map(|core| &core.synapses)
                .filter(|blocks| blocks.projection.0 == index)
                .map(|blocks| 1.0 / blocks.scale)
                .fold(0.0, f64::max);
            Ok(json!({
                "sources": stored.sources,
                "weights": stored.weights,
                "delays": stored.delays,
                "resolution": resolution,
            }))
        })
        .collect::<Result<_, taproot_spinnaker::ReadBackError>>()?;
    println!(
        "{}",
        json!({"hardware_timestep": lowered.image.hardware_timestep, "cores": cores, "projections": projections})
    );
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
