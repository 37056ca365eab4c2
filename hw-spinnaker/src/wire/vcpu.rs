//! The `vcpu` block: what a chip knows about one of its cores.
//!
//! Source: `spinnaker_tools: include/sark.h` (`vcpu_t`).

use super::{
    WireError,
    reader::Reader,
    state::{CoreState, RuntimeError},
};
use taproot_spinnaker_chip::system_ram::{VCPU_BASE, VCPU_SIZE};

/// Address of the block of a virtual core.
pub const fn address(core: u8) -> u32 {
    VCPU_BASE + VCPU_SIZE * core as u32
}

/// One `vcpu` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vcpu {
    /// r0 to r7, filled in when the core crashes.
    pub registers: [u32; 8],
    /// Status register of a crash.
    pub psr: u32,
    /// Stack pointer of a crash.
    pub sp: u32,
    /// Link register of a crash: about where it happened.
    pub lr: u32,
    /// Why it crashed.
    pub runtime_error: RuntimeError,
    /// Physical core.
    pub physical_core: u8,
    /// What it is doing.
    pub state: CoreState,
    /// Application.
    pub application: u8,
    /// Message from monitor to core, a pointer.
    pub mailbox_to_core: u32,
    /// Message from core to monitor, a pointer.
    pub mailbox_to_monitor: u32,
    /// Command to the core.
    pub command_to_core: u8,
    /// Command to the monitor.
    pub command_to_monitor: u8,
    /// Software errors, saturating.
    pub software_errors: u16,
    /// Address of the name of the file of the last one.
    pub software_file: u32,
    /// Its line.
    pub software_line: u32,
    /// When the application was loaded, seconds since 1970.
    pub load_time: u32,
    /// Name of the application.
    pub application_name: [u8; 16],
    /// First block of its IOBUF, 0 for none.
    pub iobuf: u32,
    /// Version of the application.
    pub software_version: u32,
    /// Not used by SARK.
    pub spare: [u32; 4],
    /// For hosts and applications; `user0` is where an application finds its data.
    pub user: [u32; 4],
}

impl Vcpu {
    /// Understands the 128 bytes of a block.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new("vcpu block", bytes);
        let words = |reader: &mut Reader<'_>, count: usize| -> Result<Vec<u32>, WireError> {
            (0..count).map(|_| reader.u32()).collect()
        };
        let mut registers = [0; 8];
        registers.copy_from_slice(&words(&mut reader, 8)?);
        let vcpu = Self {
            registers,
            psr: reader.u32()?,
            sp: reader.u32()?,
            lr: reader.u32()?,
            runtime_error: RuntimeError::from_number(reader.u8()?),
            physical_core: reader.u8()?,
            state: CoreState::from_number(reader.u8()?),
            application: reader.u8()?,
            mailbox_to_core: reader.u32()?,
            mailbox_to_monitor: reader.u32()?,
            command_to_core: reader.u8()?,
            command_to_monitor: reader.u8()?,
            software_errors: reader.u16()?,
            software_file: reader.u32()?,
            software_line: reader.u32()?,
            load_time: reader.u32()?,
            application_name: {
                let mut name = [0; 16];
                name.copy_from_slice(reader.take(16)?);
                name
            },
            iobuf: reader.u32()?,
            software_version: reader.u32()?,
            spare: {
                let mut spare = [0; 4];
                spare.copy_from_slice(&words(&mut reader, 4)?);
                spare
            },
            user: {
                let mut user = [0; 4];
                user.copy_from_slice(&words(&mut reader, 4)?);
                user
            },
        };
        reader.end()?;
        Ok(vcpu)
    }

    /// The 128 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(VCPU_SIZE as usize);
        let put = |bytes: &mut Vec<u8>, words: &[u32]| {
            for word in words {
                bytes.extend(word.to_le_bytes());
            }
        };
        put(&mut bytes, &self.registers);
        put(&mut bytes, &[self.psr, self.sp, self.lr]);
        bytes.extend([
            self.runtime_error.number(),
            self.physical_core,
            self.state.number(),
            self.application,
        ]);
        put(&mut bytes, &[self.mailbox_to_core, self.mailbox_to_monitor]);
        bytes.extend([self.command_to_core, self.command_to_monitor]);
        bytes.extend(self.software_errors.to_le_bytes());
        put(
            &mut bytes,
            &[self.software_file, self.software_line, self.load_time],
        );
        bytes.extend(self.application_name);
        put(&mut bytes, &[self.iobuf, self.software_version]);
        put(&mut bytes, &self.spare);
        put(&mut bytes, &self.user);
        bytes
    }

    /// The application's name as text, up to the first NUL.
    pub fn name(&self) -> String {
        let end = self
            .application_name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(16);
        String::from_utf8_lossy(&self.application_name[..end]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_at_the_documented_offsets() {
        let mut bytes = [0u8; 128];
        bytes[0x28..0x2c].copy_from_slice(&0x1234u32.to_le_bytes());
        bytes[0x2c] = 13;
        bytes[0x2e] = 2;
        bytes[0x2f] = 30;
        bytes[0x3a] = 7;
        bytes[0x48..0x53].copy_from_slice(b"IF_curr_exp");
        bytes[0x58..0x5c].copy_from_slice(&0x6030_0000u32.to_le_bytes());
        bytes[112..116].copy_from_slice(&0x6024_0000u32.to_le_bytes());
        let vcpu = Vcpu::from_bytes(&bytes).unwrap();
        assert_eq!(vcpu.lr, 0x1234);
        assert_eq!(vcpu.runtime_error, RuntimeError::Software);
        assert_eq!(vcpu.state, CoreState::RuntimeError);
        assert_eq!((vcpu.application, vcpu.software_errors), (30, 7));
        assert_eq!(vcpu.name(), "IF_curr_exp");
        assert_eq!(vcpu.iobuf, 0x6030_0000);
        assert_eq!(vcpu.user[0], 0x6024_0000);
        assert_eq!(address(2), 0xe500_7100);
    }

    proptest! {
        #[test]
        fn blocks_round_trip(bytes in proptest::collection::vec(any::<u8>(), 128)) {
            prop_assert_eq!(Vcpu::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        }

        #[test]
        fn other_lengths_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            prop_assert!(Vcpu::from_bytes(&bytes).is_err());
        }
    }
}
