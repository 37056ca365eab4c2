//! What the documents name exists: every relative link, and every path in backticks that begins with a folder of ours.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Markdown files below a folder, in order.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
        .into_iter()
        .flat_map(|path| match path.is_dir() {
            true => markdown(&path),
            false if path.extension().is_some_and(|e| e == "md") => vec![path],
            false => Vec::new(),
        })
        .collect()
}

/// The folders of the repository that a path may begin with.
fn folders() -> BTreeSet<String> {
    fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !["target", "out"].contains(&name.as_str()))
        .collect()
}

/// The lines of a text that are not in fenced blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .collect()
}

/// The targets of relative links.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target))
}

/// What stands in backticks.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What a document names and does not exist. Paths in backticks may be relative to the first folder on their line.
fn missing(text: &str, folder: &Path, root: &Path, folders: &BTreeSet<String>) -> Vec<(usize, String)> {
    let mut missing = Vec::new();
    for (number, line) in prose(text) {
        for target in links(line) {
            if !folder.join(target).exists() {
                missing.push((number, target.to_owned()));
            }
        }
        let first = code(line).find(|path| root.join(path).is_dir());
        for path in code(line) {
            let Some((begin, _)) = path.split_once('/') else {
                continue;
            };
            // Names in capitals stand for something.
            let placeholder = path.contains("NAME") || path.contains(['*', ' ', '<']);
            if placeholder || !(begin == "src" || folders.contains(begin)) {
                continue;
            }
            let beside = first.is_some_and(|first| root.join(first).join(path).exists());
            if !root.join(path).exists() && !beside {
                missing.push((number, path.to_owned()));
            }
        }
    }
    missing
}

#[test]
fn what_the_documents_name_exists() {
    let root = root();
    let folders = folders();
    let mut files = vec![root.join("README.md")];
    files.extend(markdown(&root.join("docs")));
    files.extend(markdown(&root.join("changelog")));
    assert!(files.len() > 15, "the documents are found");
    let mut problems = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let folder = file.parent().unwrap();
        problems.extend(
            missing(&text, folder, &root, &folders)
                .into_iter()
                .map(|(line, path)| format!("{}:{line}: {path}", file.display())),
        );
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn lists_of_pages_are_complete() {
    for folder in ["docs/decisions", "docs/howto"] {
        let folder = root().join(folder);
        let index = fs::read_to_string(folder.join("README.md")).unwrap();
        for page in markdown(&folder) {
            let name = page.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                name == "README.md" || index.contains(&format!("]({name})")),
                "{name} is not in the list of {}",
                folder.display()
            );
        }
    }
}

#[test]
fn a_missing_path_is_found() {
    let text = "[a](README.md), [b](gone.md#x), [c](https://example.invalid/gone)\n\
                | `mapper/` | `src/lib.rs`, `src/gone.rs`, `mapper/gone`, `no/folder`, `mapper/NAME.rs` |\n\
                ```\n[d](also-gone.md) `mapper/gone`\n```\n";
    let found = missing(text, &root(), &root(), &folders());
    let expected = [(1, "gone.md"), (2, "src/gone.rs"), (2, "mapper/gone")];
    assert_eq!(found, expected.map(|(line, path)| (line, path.to_owned())));
}
