//! What a lab engineer asks a board: `boot`, `info`, `ps`, `iobuf`.

use crate::{arguments::Host as HostArgument, failure::Failure, output, progress::Progress};
use std::collections::BTreeMap;
use taproot_host::{BootOptions, FirmwareCache, FirmwareSource, Host, HostOptions, firmware};
use taproot_session::{address_of, now};
use taproot_spinnaker::wire::{boot::BootValues, iobuf::Line, state::CoreState};
use taproot_spinnaker_chip::{Board, CORES_PER_CHIP, ChipXy, CoreId, Link, Machine};

fn connect(host: &HostArgument) -> Result<Host, Failure> {
    Ok(Host::connect(address_of(&host.host)?, HostOptions::default())?)
}

pub(crate) fn boot(host: &HostArgument, again: bool, json: bool) -> Result<bool, Failure> {
    let progress = Progress::new();
    let image = FirmwareCache::locate()?.read(firmware::BOOT_IMAGE)?;
    let options = BootOptions::new(BootValues::for_board(Board::Spin5, now()));
    let mut connection = connect(host)?;
    let booted = if again {
        connection.boot(&image, options, &progress)
    } else {
        connection.ensure_booted(&image, options, &progress)
    };
    progress.finish();
    let version = booted?;
    if json {
        output::json(&serde_json::json!({
            "kernel": version.kernel, "version": version.version, "chip": version.chip,
        }));
    } else {
        output::result(format!(
            "{} {} at {}, chip {}",
            version.kernel, version.version, host.host, version.chip
        ));
    }
    Ok(true)
}

pub(crate) fn info(host: &HostArgument, json: bool) -> Result<bool, Failure> {
    let info = connect(host)?.info()?;
    let machine = &info.machine;
    if json {
        let chips: Vec<_> = info
            .chips
            .iter()
            .map(|(xy, chip)| {
                serde_json::json!({
                    "chip": xy,
                    "cores": machine.chip(*xy).map_or(0, |c| c.cores.len()),
                    "links": machine.chip(*xy).map_or(0, |c| c.links.bits()),
                    "largest_sdram_block": chip.largest_sdram,
                    "free_router_entries": chip.free_entries,
                    "ethernet_up": chip.ethernet_up,
                })
            })
            .collect();
        output::json(&serde_json::json!({
            "kernel": info.version.kernel, "version": info.version.version,
            "width": machine.width(), "height": machine.height(),
            "application_cores": machine.application_cores(),
            "ethernets": info.ethernets, "chips": chips,
        }));
        return Ok(true);
    }
    output::result(format!(
        "{} {} at {}",
        info.version.kernel, info.version.version, host.host
    ));
    output::result(format!(
        "{} by {} chips: {} working, with {}",
        machine.width(),
        machine.height(),
        machine.chips().count(),
        output::amount(
            machine.application_cores() as u64,
            "application core",
            "application cores"
        )
    ));
    for (chip, address) in &info.ethernets {
        output::result(format!("Ethernet at {chip}: {address}"));
    }
    let mut by_cores: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for (xy, chip) in machine
        .chips()
        .filter(|(_, chip)| chip.cores.len() != CORES_PER_CHIP)
    {
        by_cores.entry(chip.cores.len()).or_default().push(xy.to_string());
    }
    for (cores, chips) in by_cores {
        output::result(format!(
            "chips with {} of {CORES_PER_CHIP}: {}",
            output::amount(cores.into(), "working core", "working cores"),
            chips.join(" ")
        ));
    }
    let closed: Vec<String> = closed_links(machine)
        .iter()
        .map(|(xy, link)| format!("{xy} {link}"))
        .collect();
    if !closed.is_empty() {
        output::result(format!("dead links between working chips: {}", closed.join(", ")));
    }
    Ok(true)
}

/// Links between working chips that a machine of this shape has and that are dead. Edges of boards are none.
fn closed_links(machine: &Machine) -> Vec<(ChipXy, Link)> {
    // A board alone has the links of its kind. Several are joined within the rectangle, and around it if any link goes there.
    let alone = match (machine.width(), machine.height()) {
        (2, 2) => {
            let mut board = Machine::spin3();
            // SCAMP switches off the south-west link of chip (1,0) of any board (scamp-3.c).
            board.kill_link(ChipXy::new(1, 0), Link::SouthWest);
            Some(board)
        }
        (8, 8) => Some(Machine::spin5()),
        _ => None,
    };
    let around = |xy: ChipXy, link: Link| {
        let beside = machine.beside(xy, link);
        xy.x.abs_diff(beside.x) > 1 || xy.y.abs_diff(beside.y) > 1
    };
    let links = || {
        machine
            .chips()
            .flat_map(|(xy, chip)| Link::ALL.map(|link| (xy, link, chip.links.contains(link))))
    };
    let torus = links().any(|(xy, link, open)| open && around(xy, link));
    links()
        .filter(|(xy, link, open)| {
            let there = match &alone {
                Some(board) => board.neighbour(*xy, *link).is_some(),
                None => torus || !around(*xy, *link),
            };
            !open && there && machine.chip(machine.beside(*xy, *link)).is_some()
        })
        .map(|(xy, link, _)| (xy, link))
        .collect()
}

pub(crate) fn ps(host: &HostArgument, all: bool, json: bool) -> Result<bool, Failure> {
    let mut connection = connect(host)?;
    connection.discover(&taproot_host::Quiet)?;
    let cores = connection.ps()?;
    if json {
        let rows: Vec<_> = cores
            .iter()
            .map(|status| {
                serde_json::json!({
                    "core": status.core, "state": status.vcpu.state.to_string(), "program": status.vcpu.name(),
                    "application": status.vcpu.application, "runtime_error": status.vcpu.runtime_error.to_string(),
                })
            })
            .collect();
        output::json(&rows);
        return Ok(true);
    }
    output::result(format!(
        "{:<12} {:<24} {:>4}  {}",
        "core", "state", "app", "program"
    ));
    let idle = |state| matches!(state, CoreState::Idle);
    for status in cores.iter().filter(|status| all || !idle(status.vcpu.state)) {
        output::result(format!(
            "{:<12} {:<24} {:>4}  {}",
            status.core.to_string(),
            status.vcpu.state.to_string(),
            status.vcpu.application,
            status.vcpu.name()
        ));
    }
    let hidden = cores.iter().filter(|status| idle(status.vcpu.state)).count();
    if !all && hidden > 0 {
        let hidden = output::amount(hidden as u64, "idle core is", "idle cores are");
        output::message(&format!("{hidden} not shown; --all shows them"));
    }
    Ok(true)
}

pub(crate) fn iobuf(host: &HostArgument, x: u8, y: u8, p: u8, json: bool) -> Result<bool, Failure> {
    let core = CoreId::new(ChipXy::new(x, y), p)?;
    let mut connection = connect(host)?;
    let messages = FirmwareCache::locate()?.messages();
    let texts_missing = messages.is_empty();
    connection.know_messages(messages);
    let machine = connection.discover(&taproot_host::Quiet)?;
    if machine.chip(core.chip).is_none_or(|chip| p >= chip.cores.len()) {
        return Err(Failure::with_hint(
            format!("the machine at {} has no core {core}", host.host),
            format!("`taproot info {}` says what it has", host.host),
        ));
    }
    let lines = connection.iobuf_lines(core)?;
    let text: Vec<String> = lines.iter().map(Line::to_string).collect();
    if json {
        output::json(&serde_json::json!({ "core": core, "lines": text }));
    } else {
        for line in &text {
            output::result(line);
        }
    }
    if text.is_empty() {
        output::message(&format!("core {core} has printed nothing"));
    }
    if texts_missing && lines.iter().any(|line| matches!(line, Line::Message { .. })) {
        output::message("`taproot firmware install` fetches the texts of messages that are shown by number");
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booted_spin3_has_no_closed_links() {
        let mut booted = Machine::spin3();
        booted.kill_link(ChipXy::new(1, 0), Link::SouthWest);
        assert_eq!(closed_links(&booted), []);
    }

    #[test]
    fn edges_of_boards_are_no_closed_links() {
        let torus = Machine::triads("torus", 12, 12).unwrap();
        let mesh = Machine::grid("mesh", 12, 12, false).unwrap();
        for healthy in [Machine::spin3(), Machine::spin5(), torus, mesh] {
            assert_eq!(closed_links(&healthy), [], "{}", healthy.name());
            let mut worn = healthy;
            let (xy, link) = (ChipXy::new(0, 0), Link::North);
            worn.kill_link(xy, link);
            assert_eq!(
                closed_links(&worn),
                [(xy, link), (worn.beside(xy, link), link.opposite())],
                "{}",
                worn.name()
            );
        }
    }
}
