//! Expands networks given as JSON, one a line on standard input, one line of JSON a network on standard output: the
//! Rust side of `tests/outside/network/compare_with_mock.py`.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use taproot_network::{Network, ProjectionId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let network: Network = serde_json::from_str(&line?)?;
        let problems: Vec<String> = network.check().iter().map(ToString::to_string).collect();
        let projections: Vec<Value> = (0..network.projections.len() as u32)
            .map(|id| match network.expand_with_state(ProjectionId(id)) {
                Ok(expanded) => json!({
                    "offsets": expanded.connections.offsets,
                    "sources": expanded.connections.sources,
                    "weights": expanded.connections.weights,
                    "delays": expanded.connections.delays,
                    "connector_after": expanded.connector_after,
                    "count_after": expanded.count_after,
                }),
                Err(error) => json!({ "error": error.to_string() }),
            })
            .collect();
        writeln!(
            out,
            "{}",
            json!({ "problems": problems, "projections": projections })
        )?;
    }
    Ok(())
}
