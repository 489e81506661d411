//! The crate sublet-job, as it is in this binary: a project in Rust has it in a folder of its own, so that it fits the host
//! and nothing has to be published.

use super::template::File;

/// A file of the crate, and its text.
macro_rules! sdk {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../../../../guest-sdk/", $path)),
        )
    };
}

/// Where it is put.
const FOLDER: &str = "sublet-job";

const FILES: &[(&str, &str)] = &[
    sdk!("Cargo.toml"),
    sdk!("macros/Cargo.toml"),
    sdk!("macros/src/lib.rs"),
    sdk!("macros/src/signature.rs"),
    sdk!("src/artifact.rs"),
    sdk!("src/checkpoint.rs"),
    sdk!("src/children.rs"),
    sdk!("src/children/fan_out.rs"),
    sdk!("src/children/spec.rs"),
    sdk!("src/entry.rs"),
    sdk!("src/fail.rs"),
    sdk!("src/host.rs"),
    sdk!("src/host/files.rs"),
    sdk!("src/host/files/deadline.rs"),
    sdk!("src/host/imports.rs"),
    sdk!("src/host/imports/bindings.rs"),
    sdk!("src/host/memory.rs"),
    sdk!("src/host/memory/alone.rs"),
    sdk!("src/host/memory/children.rs"),
    sdk!("src/host_error.rs"),
    sdk!("src/job.rs"),
    sdk!("src/lib.rs"),
    sdk!("src/logging.rs"),
    sdk!("src/logging/with_log.rs"),
    sdk!("src/logging/with_tracing.rs"),
    sdk!("src/pace.rs"),
    sdk!("src/payload.rs"),
    sdk!("src/peers.rs"),
    sdk!("src/progress.rs"),
    sdk!("src/test.rs"),
];

/// The crate without its tests and without what writes its bindings.
pub(super) fn files() -> Vec<File> {
    let file = |(path, text): &(&str, &str)| File {
        path: format!("{FOLDER}/{path}"),
        text: text.replace(", \"bindings\"]", "]"),
        is_program: false,
    };
    FILES.iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn no_file_of_the_crate_is_forgotten() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk");
        let mut found = vec!["Cargo.toml".to_owned(), "macros/Cargo.toml".to_owned()];
        for folder in ["macros/src", "src"] {
            collect(&root, folder, &mut found);
        }
        found.sort();
        let listed: Vec<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(listed, found);
    }

    fn collect(root: &Path, folder: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                collect(root, &path, found);
            } else if path.ends_with(".rs") && !path.ends_with("/tests.rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn what_is_left_out_is_not_asked_for() {
        let manifest = &files()[0];
        assert_eq!(manifest.path, "sublet-job/Cargo.toml");
        assert!(!manifest.text.contains("bindings\""), "{}", manifest.text);
    }
}
