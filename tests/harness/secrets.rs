//! Whether a private key is somewhere else than where keys are kept, in any form in which bytes get into files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";
/// Where the number that is the secret lies in a key on P-256 as PKCS #8 has it.
const SECRET: std::ops::Range<usize> = 36..68;

/// What must not be found.
#[derive(Debug)]
pub(crate) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// The private keys in all files that keep one, below these directories.
    pub(crate) fn kept_below(roots: &[&Path]) -> Self {
        let mut secrets = Self(Vec::new());
        for path in roots
            .iter()
            .flat_map(|root| files(root))
            .filter(|path| keeps_keys(path))
        {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
            secrets.add_keys_of(&text);
        }
        secrets.0.sort();
        secrets.0.dedup();
        secrets
    }

    /// One that is no key.
    pub(crate) fn add(&mut self, secret: &str) {
        self.0.push(secret.as_bytes().to_vec());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn add_keys_of(&mut self, text: &str) {
        for block in text
            .split(BEGIN)
            .skip(1)
            .filter_map(|rest| rest.split_once(END))
        {
            // A credential has its key in the quotes of its own format, where a line may end as two characters.
            let body = block.0.replace("\\n", "\n");
            let body: String = body.split_whitespace().collect();
            if let Some(secret) = STANDARD
                .decode(&body)
                .ok()
                .as_deref()
                .and_then(|der| der.get(SECRET))
            {
                self.0.extend(forms(secret));
                // As it stands in the text: what is of the secret in its second line.
                self.0.push(body.as_bytes()[64..88].to_vec());
            }
        }
    }

    /// Where one of them is, of all files below a directory that keep no keys.
    #[must_use]
    pub(crate) fn found_below(&self, root: &Path) -> Vec<PathBuf> {
        let finders: Vec<_> = self.0.iter().map(memmem::Finder::new).collect();
        let shown = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_default();
            finders.iter().any(|finder| finder.find(&bytes).is_some())
        };
        let open = files(root).into_iter().filter(|path| !keeps_keys(path));
        open.filter(shown).collect()
    }
}

/// As bytes, as the digits of programs that show bytes, and as the text that keys are written as.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let part = &secret[..12];
    let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = |separator: &str| {
        part.iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(separator)
    };
    vec![
        part.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        list(", ").into_bytes(),
        list(",").into_bytes(),
    ]
}

/// The keys of the house, what users got, and backups, each of which nobody but its owner may read.
fn keeps_keys(path: &Path) -> bool {
    let is_private =
        || fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 == 0);
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("key" | "credential" | "backup")) && is_private()
}

/// Every file below a directory; one that goes meanwhile is none.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

#[test]
fn a_key_is_found_in_each_of_its_forms() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let der: Vec<u8> = (0..138)
        .map(|number| 3_u8.wrapping_mul(number).wrapping_add(11))
        .collect();
    let body = STANDARD.encode(&der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let pem = format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"));
    write("house.key", pem.as_bytes());
    let key = folder.path().join("house.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let secrets = Secrets::kept_below(&[folder.path()]);
    assert_eq!(
        secrets.found_below(folder.path()),
        [""; 0].map(PathBuf::from)
    );
    let secret = &der[SECRET];
    let forms = [
        secret.to_vec(),
        format!("{secret:?}").into_bytes(),
        secret
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into_bytes(),
        body.clone().into_bytes(),
    ];
    for form in forms {
        write("log", &[b"before ", form.as_slice(), b" after"].concat());
        assert_eq!(
            secrets.found_below(folder.path()),
            [folder.path().join("log")]
        );
    }
    fs::remove_file(folder.path().join("log")).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        secrets.found_below(folder.path()),
        [key],
        "others may read it"
    );
}
