//! Fetching the firmware with the package client.

use super::{FirmwareCache, Pin, VERSION, pins, sha256};
use crate::Observer;
use std::{
    collections::BTreeSet,
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// No file of the firmware is larger; a package that claims otherwise is not the right one.
const FILE_LARGEST: u64 = 1 << 20;

/// Why the firmware could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Python does not start.
    #[error("cannot run {} to fetch the firmware", python.display())]
    Python {
        /// The interpreter.
        python: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The package client failed.
    #[error("the package client could not fetch the firmware; its last words: {words}")]
    Client {
        /// The end of what it printed.
        words: String,
    },
    /// A package is not there although the client said that it went well.
    #[error("the package client brought no package {0}")]
    NoPackage(String),
    /// A package cannot be opened.
    #[error("the package {} cannot be opened", path.display())]
    Package {
        /// The package.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: zip::result::ZipError,
    },
    /// A package lacks a file, or has it in another version.
    #[error(
        "{name} of package {package} is not the pinned file: its SHA-256 is {found}, expected {expected}"
    )]
    Mismatch {
        /// The file.
        name: String,
        /// The package.
        package: String,
        /// The pinned hash.
        expected: String,
        /// The hash that it has.
        found: String,
    },
    /// The cache cannot be written.
    #[error("cannot write the firmware to {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

impl FirmwareCache {
    /// Fetches all files with `python -m pip download`, verifies them, and puts them into the folder all at once: the
    /// folder is whole, or as it was. Does nothing if everything is there already.
    pub fn install(&self, python: &Path, observer: &dyn Observer) -> Result<(), InstallError> {
        if self.verify().is_empty() {
            return Ok(());
        }
        let parent = self.folder().parent().unwrap_or(Path::new("."));
        let write = |path: &Path| {
            let path = path.to_owned();
            move |source| InstallError::Write { path, source }
        };
        fs::create_dir_all(parent).map_err(write(parent))?;
        let partial = Scratch(parent.join(format!(".partial-{}", std::process::id())));
        let (packages, files) = (partial.0.join("packages"), partial.0.join("files"));
        for folder in [&packages, &files] {
            fs::create_dir_all(folder).map_err(write(folder))?;
        }
        observer.stage("fetching firmware");
        download(python, &packages)?;
        observer.stage("verifying firmware");
        for package in names() {
            let wheel = find_wheel(&packages, package)?;
            unpack(&wheel, package, &files)?;
        }
        let old = partial.0.join("old");
        if self.folder().exists() {
            fs::rename(self.folder(), &old).map_err(write(self.folder()))?;
        }
        fs::rename(&files, self.folder()).map_err(write(self.folder()))
    }
}

/// A folder that is removed when it is no longer needed.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names() -> BTreeSet<&'static str> {
    pins().iter().map(|pin| pin.package.as_str()).collect()
}

fn download(python: &Path, folder: &Path) -> Result<(), InstallError> {
    let output = Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary", ":all:", "--dest"])
        .arg(folder)
        .args(names().into_iter().map(|name| format!("{name}==1!{VERSION}")))
        .stdin(Stdio::null())
        .output()
        .map_err(|source| InstallError::Python {
            python: python.to_owned(),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(InstallError::Client {
        words: lines[lines.len().saturating_sub(3)..].join(" / "),
    })
}

fn find_wheel(folder: &Path, package: &str) -> Result<PathBuf, InstallError> {
    let missing = || InstallError::NoPackage(package.to_owned());
    let mut wheels: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|_| missing())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            name.starts_with(&format!("{}-", package.to_lowercase())) && name.ends_with(".whl")
        })
        .collect();
    wheels.sort();
    wheels.pop().ok_or_else(missing)
}

/// Takes the pinned files out of a package, by name: nothing that the package says decides where a file goes.
fn unpack(wheel: &Path, package: &str, folder: &Path) -> Result<(), InstallError> {
    let opened = |source| InstallError::Package {
        path: wheel.to_owned(),
        source,
    };
    let file = fs::File::open(wheel).map_err(|source| opened(source.into()))?;
    let mut archive = zip::ZipArchive::new(file).map_err(opened)?;
    for pin in pins().iter().filter(|pin| pin.package == package) {
        let entry = archive.by_name(&pin.path).map_err(opened)?;
        let mut content = Vec::new();
        entry
            .take(FILE_LARGEST)
            .read_to_end(&mut content)
            .map_err(|source| opened(source.into()))?;
        check(pin, &content)?;
        let path = folder.join(&pin.name);
        fs::write(&path, content).map_err(|source| InstallError::Write { path, source })?;
    }
    Ok(())
}

fn check(pin: &Pin, content: &[u8]) -> Result<(), InstallError> {
    let found = sha256(content);
    if found == pin.sha256 {
        return Ok(());
    }
    Err(InstallError::Mismatch {
        name: pin.name.clone(),
        package: pin.package.clone(),
        expected: pin.sha256.clone(),
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quiet;

    #[test]
    fn without_python_the_message_says_so_and_nothing_is_left_behind() {
        let home = tempfile::tempdir().unwrap();
        let cache = FirmwareCache::new(home.path().join("firmware"));
        let error = cache.install(Path::new("/no/such/python"), &Quiet).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run /no/such/python to fetch the firmware"
        );
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_package_with_other_files_is_refused_by_name_and_hash() {
        let home = tempfile::tempdir().unwrap();
        let wheel = home.path().join("spinnman-1!7.4.1-py3-none-any.whl");
        let mut archive = zip::ZipWriter::new(fs::File::create(&wheel).unwrap());
        let pin = pins().iter().find(|pin| pin.name == "scamp.boot").unwrap();
        archive
            .start_file(&pin.path, zip::write::SimpleFileOptions::default())
            .unwrap();
        io::Write::write_all(&mut archive, b"abc").unwrap();
        archive.finish().unwrap();
        let found = find_wheel(home.path(), "SpiNNMan").unwrap();
        let error = unpack(&found, "SpiNNMan", home.path()).unwrap_err();
        let message = error.to_string();
        for part in ["scamp.boot", "SpiNNMan", "ba7816bf", &pin.sha256] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!home.path().join("scamp.boot").exists());
    }

    #[test]
    #[ignore = "fetches four packages; `make build` does the same"]
    fn the_package_client_brings_everything() {
        let home = tempfile::tempdir().unwrap();
        let cache = FirmwareCache::new(home.path().join("firmware"));
        cache.install(Path::new("python3"), &Quiet).unwrap();
        assert!(cache.verify().is_empty());
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), pins().len());
        // A damaged file is replaced, and nothing but the firmware is left behind.
        fs::write(cache.folder().join("synapses.aplx"), b"abc").unwrap();
        assert_eq!(cache.verify().len(), 1);
        cache.install(Path::new("python3"), &Quiet).unwrap();
        assert!(cache.verify().is_empty());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
