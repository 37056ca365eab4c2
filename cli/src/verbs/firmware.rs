//! `taproot firmware`: the pinned on-chip programs.

use crate::{arguments::FirmwareAction, failure::Failure, output, progress::Progress};
use std::path::PathBuf;
use taproot_host::{FirmwareCache, FirmwareError, firmware};

pub(crate) fn firmware(action: FirmwareAction, json: bool) -> Result<bool, Failure> {
    let cache = FirmwareCache::locate()?;
    match action {
        FirmwareAction::Path => {
            if json {
                output::json(&serde_json::json!({ "path": cache.folder() }));
            } else {
                output::result(cache.folder().display());
            }
            Ok(true)
        }
        FirmwareAction::Install => {
            let progress = Progress::new();
            let installed = cache.install(&python(), &progress);
            progress.finish();
            installed?;
            verify(&cache, json)
        }
        FirmwareAction::Verify => verify(&cache, json),
    }
}

fn verify(cache: &FirmwareCache, json: bool) -> Result<bool, Failure> {
    let problems = cache.verify();
    let files = firmware::pins().len();
    if json {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        output::json(&serde_json::json!({ "path": cache.folder(), "files": files, "problems": problems }));
    } else if problems.is_empty() {
        let folder = cache.folder().display();
        output::result(format!(
            "{files} files of version {} in {folder}, as pinned",
            firmware::VERSION
        ));
    } else if problems.len() == files
        && problems
            .iter()
            .all(|p| matches!(p, FirmwareError::Missing { .. }))
    {
        let folder = cache.folder().display();
        output::result(format!(
            "none of the {files} files is in {folder}; `taproot firmware install` fetches them"
        ));
    } else {
        for problem in &problems {
            output::result(problem);
        }
    }
    Ok(problems.is_empty())
}

/// The Python whose pip fetches: the one that runs us, else `python3`.
pub(crate) fn python() -> PathBuf {
    std::env::var_os("TAPROOT_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from)
}
