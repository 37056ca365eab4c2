//! Booting a board.

use crate::{Host, HostError, Observer};
use std::time::Duration;
use taproot_spinnaker::wire::{
    boot::{BootValues, packets},
    reply::VersionReply,
};
use taproot_spinnaker_chip::system_ram::BOOT_PORT;

/// Silence after which the observer hears what is waited for.
const WORTH_A_WORD: Duration = Duration::from_secs(2);

/// How a board is booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootOptions {
    /// What goes into the image.
    pub values: BootValues,
    /// Pause between packets: they are not acknowledged, and the boot ROM has room for two.
    pub spacing: Duration,
    /// How long the board may stay silent.
    pub silence: Duration,
    /// How long the machine may take to find its shape.
    pub patience: Duration,
}

impl BootOptions {
    /// Options for a board. An emulated machine may be slower than real time, hence the long limits.
    pub const fn new(values: BootValues) -> Self {
        Self {
            values,
            spacing: Duration::from_millis(20),
            silence: Duration::from_secs(60),
            patience: Duration::from_secs(180),
        }
    }
}

impl Host {
    /// Makes sure that the board can be used: boots it if nobody answers, and waits until the machine has found its
    /// shape. Returns what runs there.
    pub fn ensure_booted(
        &mut self,
        image: &[u8],
        options: BootOptions,
        observer: &dyn Observer,
    ) -> Result<VersionReply, HostError> {
        if self.version()?.is_none() {
            return self.boot(image, options, observer);
        }
        self.wait_until_ready(options, observer)
    }

    /// Boots the board with `image` (`scamp.boot`) and waits until the machine has found its shape. A board that has
    /// been booted already does not hear boot packets; it goes on as it is.
    pub fn boot(
        &mut self,
        image: &[u8],
        options: BootOptions,
        observer: &dyn Observer,
    ) -> Result<VersionReply, HostError> {
        observer.stage("booting");
        let packets = packets(image, options.values)?;
        let mut transport = self.opener.open(self.boards[0].address, BOOT_PORT)?;
        let total = packets.len() as u64;
        for (sent, packet) in (1..).zip(&packets) {
            transport.send(&packet.to_udp())?;
            observer.progress(sent, total, "packets");
            if observer.interrupted() {
                return Err(HostError::Interrupted);
            }
            self.clock.sleep(options.spacing);
        }
        transport.close();
        observer.stage("starting");
        self.wait_until_ready(options, observer)
    }

    fn wait_until_ready(
        &mut self,
        options: BootOptions,
        observer: &dyn Observer,
    ) -> Result<VersionReply, HostError> {
        let start = self.clock.now();
        let mut answered = false;
        let mut said = false;
        loop {
            let version = self.version()?;
            let waited = self.clock.now() - start;
            observer.progress(waited.as_millis() as u64, 0, "ms");
            match version {
                Some(version) => {
                    if version.kernel != "SC&MP" || !version.version.starts_with("4.0.") {
                        return Err(HostError::WrongKernel {
                            board: self.boards[0].scp.board(),
                            kernel: version.kernel,
                            version: version.version,
                        });
                    }
                    if version.is_ready() {
                        return Ok(version);
                    }
                    answered = true;
                }
                None if !answered && waited >= options.silence => {
                    return Err(HostError::BootSilent {
                        board: self.boards[0].scp.board(),
                        waited,
                    });
                }
                None if !answered && !said && waited >= WORTH_A_WORD => {
                    let board = self.boards[0].scp.board();
                    observer.waiting(
                        &format!("the board at {board} to answer"),
                        options.silence - waited,
                    );
                    said = true;
                }
                None => {}
            }
            if waited >= options.patience {
                return Err(HostError::BootUnfinished {
                    board: self.boards[0].scp.board(),
                    waited,
                });
            }
            if observer.interrupted() {
                return Err(HostError::Interrupted);
            }
            self.clock.sleep(Duration::from_millis(100));
        }
    }
}
