//! Machines by name and from TOML files.
//!
//! A description starts from a uniform machine and lists what differs:
//!
//! ```toml
//! name = "lab board 7"
//! base = "spin5"                      # spin3, spin5, spin5x3, spin:WxH or mesh:WxH
//! dead_chips = [[3, 3]]
//! dead_links = [{ chip = [0, 0], link = "north-east" }]
//! dead_cores = [[1, 1, 5]]            # x, y, physical core
//! sdram = 100_000_000                 # optional: usable bytes per chip
//! ```

use crate::{CORES_PER_CHIP, Chip, ChipXy, Link, Machine, MachineError, SDRAM_BYTES};
use serde::Deserialize;
use std::path::PathBuf;

/// What a machine argument on the command line or in `TAPROOT_MACHINE` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineName {
    /// A machine that can be described, and so emulated.
    Described(Machine),
    /// `udp:ADDRESS`: a real board, or an emulator started elsewhere, by IP address or name; the caller looks it up.
    Board(String),
    /// A path that ends in `.toml`; the caller reads it and calls [`Machine::from_toml`].
    File(PathBuf),
    /// `brainscales1`: one wafer module.
    BrainScaleS1,
}

/// A machine name or file that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// No such machine.
    #[error(
        "there is no machine called `{0}`; machines are spin3, spin5, spin5x3, spin:WxH, mesh:WxH, \
         a file ending in .toml, and udp:ADDRESS for a real board"
    )]
    Unknown(String),
    /// `spin:` or `mesh:` without two numbers.
    #[error("`{0}` should give width and height in chips, each from 1 to 255, as in `spin:24x12`")]
    Size(String),
    /// `udp:` without an address.
    #[error("`{0}` should give an IP address or the name of a host, as in `udp:192.168.240.1`")]
    Address(String),
    /// A machine file starts from something that cannot be described.
    #[error(
        "a machine file cannot start from the base `{0}`; it can from spin3, spin5, spin5x3, spin:WxH and mesh:WxH"
    )]
    Base(String),
    /// The file is not TOML, or has an unknown key or a value of the wrong kind.
    #[error("the machine description is not valid: {0}")]
    Toml(#[from] toml::de::Error),
    /// A defect lies where the machine has nothing.
    #[error("{what} {at:?} is not part of `{base}`")]
    Outside {
        /// `dead chip`, `dead link` or `dead core`.
        what: &'static str,
        /// The coordinates given.
        at: Vec<u8>,
        /// The base machine.
        base: String,
    },
    /// More SDRAM than a chip has.
    #[error("sdram = {0} is more than the {SDRAM_BYTES} bytes of a chip")]
    Sdram(u32),
    /// The parts do not agree.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl MachineName {
    /// Understands a machine name. Reads no file.
    pub fn parse(name: &str) -> Result<Self, DescriptionError> {
        if let Some(size) = name.strip_prefix("spin:") {
            let (width, height) = size_of(name, size)?;
            let machine = if width.is_multiple_of(12) && height.is_multiple_of(12) {
                Machine::triads(name, width, height)?
            } else {
                Machine::grid(name, width, height, true)?
            };
            return Ok(Self::Described(machine));
        }
        if let Some(size) = name.strip_prefix("mesh:") {
            let (width, height) = size_of(name, size)?;
            return Ok(Self::Described(Machine::grid(name, width, height, false)?));
        }
        if let Some(address) = name.strip_prefix("udp:") {
            let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
            if address.is_empty() || !address.chars().all(part_of_a_name) {
                return Err(DescriptionError::Address(name.to_owned()));
            }
            return Ok(Self::Board(address.to_owned()));
        }
        match name {
            "spin3" => Ok(Self::Described(Machine::spin3())),
            "spin5" => Ok(Self::Described(Machine::spin5())),
            "spin5x3" => Ok(Self::Described(Machine::triads(name, 12, 12)?)),
            "brainscales1" => Ok(Self::BrainScaleS1),
            _ if name.ends_with(".toml") => Ok(Self::File(PathBuf::from(name))),
            _ => Err(DescriptionError::Unknown(name.to_owned())),
        }
    }
}

fn size_of(name: &str, size: &str) -> Result<(u8, u8), DescriptionError> {
    let wrong = || DescriptionError::Size(name.to_owned());
    let (width, height) = size.split_once('x').ok_or_else(wrong)?;
    Ok((
        width.parse().map_err(|_| wrong())?,
        height.parse().map_err(|_| wrong())?,
    ))
}

/// Mirrors the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMachine {
    name: String,
    base: String,
    #[serde(default)]
    dead_chips: Vec<[u8; 2]>,
    #[serde(default)]
    dead_links: Vec<RawLink>,
    #[serde(default)]
    dead_cores: Vec<[u8; 3]>,
    sdram: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLink {
    chip: [u8; 2],
    link: Link,
}

impl Machine {
    /// The machine that the text of a TOML description describes (see the head of this file).
    pub fn from_toml(text: &str) -> Result<Self, DescriptionError> {
        let raw: RawMachine = toml::from_str(text)?;
        let mut machine = match MachineName::parse(&raw.base) {
            Ok(MachineName::Described(machine)) => machine,
            Ok(_) | Err(DescriptionError::Unknown(_)) => return Err(DescriptionError::Base(raw.base)),
            Err(error) => return Err(error),
        };
        let base = machine.name().to_owned();
        let outside = |what, at: &[u8]| DescriptionError::Outside {
            what,
            at: at.to_vec(),
            base: base.clone(),
        };
        // Look everything up in the whole machine first, so that the order of the lists does not matter.
        for [x, y] in &raw.dead_chips {
            machine
                .chip(ChipXy::new(*x, *y))
                .ok_or_else(|| outside("dead chip", &[*x, *y]))?;
        }
        for RawLink { chip: [x, y], .. } in &raw.dead_links {
            machine
                .chip(ChipXy::new(*x, *y))
                .ok_or_else(|| outside("dead link", &[*x, *y]))?;
        }
        for [x, y, core] in &raw.dead_cores {
            let exists = *core < CORES_PER_CHIP && machine.chip(ChipXy::new(*x, *y)).is_some();
            exists
                .then_some(())
                .ok_or_else(|| outside("dead core", &[*x, *y, *core]))?;
        }
        for [x, y, core] in raw.dead_cores {
            machine.kill_core(ChipXy::new(x, y), core);
        }
        for RawLink { chip: [x, y], link } in raw.dead_links {
            machine.kill_link(ChipXy::new(x, y), link);
        }
        for [x, y] in raw.dead_chips {
            machine.kill_chip(ChipXy::new(x, y));
        }
        if let Some(sdram) = raw.sdram
            && sdram > SDRAM_BYTES
        {
            return Err(DescriptionError::Sdram(sdram));
        }
        let chips: Vec<(ChipXy, Chip)> = machine
            .chips()
            .map(|(xy, chip)| {
                (
                    xy,
                    Chip {
                        sdram: raw.sdram.unwrap_or(chip.sdram),
                        ..chip.clone()
                    },
                )
            })
            .collect();
        Ok(Machine::new(raw.name, machine.width(), machine.height(), chips)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_contract_are_understood() {
        for (name, chips) in [
            ("spin3", 4),
            ("spin5", 48),
            ("spin5x3", 144),
            ("spin:24x12", 288),
            ("mesh:13x13", 169),
        ] {
            let MachineName::Described(machine) = MachineName::parse(name).unwrap() else {
                panic!("{name}")
            };
            assert_eq!(machine.chips().count(), chips, "{name}");
        }
        for name in ["127.0.0.2", "board7.lab"] {
            assert_eq!(
                MachineName::parse(&format!("udp:{name}")).unwrap(),
                MachineName::Board(name.to_owned())
            );
        }
        for name in ["udp:", "udp:a b", "udp:host/7"] {
            let error = MachineName::parse(name);
            assert!(matches!(error, Err(DescriptionError::Address(_))), "{name}");
        }
        assert!(matches!(
            MachineName::parse("spin:0x12"),
            Err(DescriptionError::Machine(_))
        ));
        assert!(matches!(
            MachineName::parse("spin9"),
            Err(DescriptionError::Unknown(_))
        ));
    }

    #[test]
    fn defects_of_a_description_are_applied() {
        let machine = Machine::from_toml(
            "name = \"lab\"\nbase = \"spin5\"\ndead_chips = [[3, 3]]\ndead_cores = [[0, 0, 5]]\n\
             dead_links = [{ chip = [0, 0], link = \"east\" }]\n",
        )
        .unwrap();
        assert!(machine.chip(ChipXy::new(3, 3)).is_none());
        assert_eq!(machine.chip(ChipXy::new(0, 0)).unwrap().cores.len(), 17);
        assert_eq!(machine.neighbour(ChipXy::new(1, 0), Link::West), None);
    }

    #[test]
    fn unknown_keys_and_defects_outside_the_machine_are_refused() {
        assert!(matches!(
            Machine::from_toml("name=\"a\"\nbase=\"spin5\"\ncolour=1\n"),
            Err(DescriptionError::Toml(_))
        ));
        assert!(matches!(
            Machine::from_toml("name=\"a\"\nbase=\"spin5\"\ndead_chips=[[7,0]]\n"),
            Err(DescriptionError::Outside { .. })
        ));
        for base in ["spin9", "udp:127.0.0.2", "other.toml", "brainscales1"] {
            let error = Machine::from_toml(&format!("name=\"a\"\nbase=\"{base}\"\n"));
            assert!(matches!(error, Err(DescriptionError::Base(_))), "{base}");
        }
    }
}
