//! Draws reports and raster pictures of invented networks, to look at: `cargo run --example pictures DIR`.

#[path = "../tests/support/demo.rs"]
mod demo;

use std::{env, fs, io, path::Path};
use taproot_session::{picture::raster_and_rates, report::html};
use taproot_spinnaker_chip::{ChipXy, Link, Machine};

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).unwrap_or_else(|| "target/pictures".to_owned());
    let directory = Path::new(&directory);
    fs::create_dir_all(directory)?;

    let mut spin5 = Machine::spin5();
    spin5.kill_chip(ChipXy::new(2, 4));
    spin5.kill_link(ChipXy::new(1, 0), Link::NorthEast);
    spin5.kill_core(ChipXy::new(0, 0), 17);
    let spin5x3 = Machine::triads("spin5x3", 12, 12).expect("12 by 12 is three boards");
    let large = Machine::triads("spin:24x24", 24, 24).expect("24 by 24 is twelve boards");
    let mesh = Machine::grid("mesh:60x60", 60, 60, false).expect("60 by 60 is a grid");
    for (name, machine, cores) in [
        ("spin3", Machine::spin3(), 60),
        ("spin5", spin5, 76),
        ("spin5-full", Machine::spin5(), 700),
        ("spin5x3", spin5x3, 900),
        ("spin-24x24", large, 8600),
        ("mesh-60x60", mesh, 20_000),
    ] {
        fs::write(
            directory.join(format!("report-{name}.html")),
            html(&demo::vogels_abbott(machine, cores)),
        )?;
    }

    let network = [
        ("Excitatory_Cells", 3200, 14.0),
        ("Inhibitory_Cells", 800, 14.5),
        ("Kick", 50, 40.0),
    ];
    fs::write(
        directory.join("raster.svg"),
        raster_and_rates(&demo::recording(1000.0, &network, true)),
    )?;
    let small = [("Output", 20, 12.0)];
    fs::write(
        directory.join("raster-small.svg"),
        raster_and_rates(&demo::recording(300.0, &small, true)),
    )?;
    let long: Vec<_> = network
        .iter()
        .map(|(label, size, rate)| (*label, size * 2, *rate))
        .collect();
    fs::write(
        directory.join("raster-long.svg"),
        raster_and_rates(&demo::recording(10_000.0, &long, false)),
    )?;
    let labels: Vec<String> = (0..1000).map(|i| format!("column {i}")).collect();
    let many: Vec<_> = labels
        .iter()
        .enumerate()
        .map(|(i, l)| (l.as_str(), 20, 4.0 + (i % 17) as f64))
        .collect();
    fs::write(
        directory.join("raster-many.svg"),
        raster_and_rates(&demo::recording(500.0, &many, false)),
    )?;
    let dozen: Vec<_> = labels
        .iter()
        .take(12)
        .enumerate()
        .map(|(i, l)| (l.as_str(), 100 + 40 * i as u32, 5.0 + i as f64))
        .collect();
    fs::write(
        directory.join("raster-dozen.svg"),
        raster_and_rates(&demo::recording(500.0, &dozen, false)),
    )
}
