//! Datagrams that reset parts of an FPGA: four bytes, big-endian, outside of any connection. Nobody answers them.
//!
//! Sources: `hicann-system:units/stage2_hal/source/s2comm.cpp` (`set_fpga_reset`, `reprog_fpga`);
//! `hicann-system:units/stage2_hal/source/s2c_jtagphys_2fpga.cpp` (the older start of the system time, deprecated
//! there in favour of [`FpgaConfig`](super::fpga::FpgaConfig)).

use super::{WireError, reader::Reader};

/// UDP port of an FPGA for soft resets.
pub const SOFT_RESET_PORT: u16 = 1801;
/// UDP port of an FPGA for the older start of the system time.
pub const SYSTEM_TIME_PORT: u16 = 1800;

/// Upper byte of a word that sets switches.
const SWITCHES: u32 = 0x5500_0000;
/// The word that has the FPGA load its bit file again.
const RELOAD: u32 = 0xdead_e11d;

/// A datagram to the soft-reset port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoftReset {
    /// Holds parts in reset and releases the others.
    Hold(ResetLines),
    /// The FPGA loads its bit file again, which takes the connection down.
    Reload,
}

/// Parts of an FPGA that have a reset of their own; true holds one in reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResetLines {
    /// Bit 0: the core.
    pub core: bool,
    /// Bit 1: the DNC interface, and with it the HICANNs.
    pub dnc_interface: bool,
    /// Bit 2: the controller of the memory on the board.
    pub onboard_memory: bool,
    /// Bit 3: the controller of the memory module.
    pub memory_module: bool,
    /// Bit 4: the ARQ with the HICANNs.
    pub hicann_arq: bool,
}

impl ResetLines {
    /// All of them held.
    pub const ALL: Self = Self {
        core: true,
        dnc_interface: true,
        onboard_memory: true,
        memory_module: true,
        hicann_arq: true,
    };
}

impl SoftReset {
    /// The content of a datagram.
    pub fn to_udp(self) -> [u8; 4] {
        let word = match self {
            Self::Reload => RELOAD,
            Self::Hold(lines) => {
                let ResetLines {
                    core,
                    dnc_interface,
                    onboard_memory,
                    memory_module,
                    hicann_arq,
                } = lines;
                SWITCHES | bits([core, dnc_interface, onboard_memory, memory_module, hicann_arq])
            }
        };
        word.to_be_bytes()
    }

    /// Understands the content of a datagram.
    pub fn from_udp(bytes: &[u8]) -> Result<Self, WireError> {
        let what = "soft reset";
        let word = only(what, bytes)?;
        if word == RELOAD {
            return Ok(Self::Reload);
        }
        let [core, dnc_interface, onboard_memory, memory_module, hicann_arq] = switches(what, word)?;
        Ok(Self::Hold(ResetLines {
            core,
            dnc_interface,
            onboard_memory,
            memory_module,
            hicann_arq,
        }))
    }
}

/// The older way to start the system time or the experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemTimeStart {
    /// Bit 0: start now.
    pub enable: bool,
    /// Bit 1: listen to the global start signal.
    pub listen_global: bool,
    /// Bit 2: the start is that of the experiment.
    pub experiment: bool,
}

impl SystemTimeStart {
    /// The content of a datagram.
    pub fn to_udp(self) -> [u8; 4] {
        (SWITCHES | bits([self.enable, self.listen_global, self.experiment])).to_be_bytes()
    }

    /// Understands the content of a datagram.
    pub fn from_udp(bytes: &[u8]) -> Result<Self, WireError> {
        let what = "start of the system time";
        let [enable, listen_global, experiment] = switches(what, only(what, bytes)?)?;
        Ok(Self {
            enable,
            listen_global,
            experiment,
        })
    }
}

fn only(what: &'static str, bytes: &[u8]) -> Result<u32, WireError> {
    let mut reader = Reader::new(what, bytes);
    let word = reader.u32()?;
    reader.end()?;
    Ok(word)
}

fn bits<const N: usize>(switches: [bool; N]) -> u32 {
    (0..).zip(switches).map(|(bit, set)| u32::from(set) << bit).sum()
}

fn switches<const N: usize>(what: &'static str, word: u32) -> Result<[bool; N], WireError> {
    if word >> N != SWITCHES >> N {
        return Err(WireError::Field {
            what,
            field: "command",
            value: word.into(),
        });
    }
    Ok(std::array::from_fn(|bit| word >> bit & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn resets_have_the_documented_bytes() {
        assert_eq!(SoftReset::Hold(ResetLines::ALL).to_udp(), [0x55, 0, 0, 0x1f]);
        assert_eq!(SoftReset::Hold(ResetLines::default()).to_udp(), [0x55, 0, 0, 0]);
        let arq = ResetLines {
            hicann_arq: true,
            ..ResetLines::default()
        };
        assert_eq!(SoftReset::Hold(arq).to_udp(), [0x55, 0, 0, 0x10]);
        assert_eq!(SoftReset::Reload.to_udp(), [0xde, 0xad, 0xe1, 0x1d]);
        let start = SystemTimeStart {
            enable: true,
            listen_global: false,
            experiment: true,
        };
        assert_eq!(start.to_udp(), [0x55, 0, 0, 5]);
    }

    #[test]
    fn other_commands_are_refused() {
        let error = SoftReset::from_udp(&[0x55, 0, 0, 0x20]).unwrap_err();
        assert_eq!(error.to_string(), "soft reset: command cannot be 0x55000020");
        assert!(SystemTimeStart::from_udp(&[0x55, 0, 0, 8]).is_err());
        assert!(SoftReset::from_udp(&[0x55, 0, 0, 0, 0]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_understood_is_encoded_back(low in any::<u8>(), bytes in proptest::collection::vec(any::<u8>(), 0..6)) {
            for bytes in [&[0x55, 0, 0, low % 40][..], &bytes] {
                if let Ok(reset) = SoftReset::from_udp(bytes) {
                    prop_assert_eq!(&reset.to_udp()[..], bytes);
                }
                if let Ok(start) = SystemTimeStart::from_udp(bytes) {
                    prop_assert_eq!(&start.to_udp()[..], bytes);
                }
            }
        }
    }
}
