//! What is in a file, in the words of the web, from the ending of its name: nobody looks into what a guest wrote.

/// Of endings that jobs often write. Nothing here makes a browser run anything: what is served is saved, not shown.
const KNOWN: &[(&str, &str)] = &[
    ("arrow", "application/vnd.apache.arrow.file"),
    ("avif", "image/avif"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("jsonl", "application/x-ndjson"),
    ("log", "text/plain"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ndjson", "application/x-ndjson"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppm", "image/x-portable-pixmap"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("toml", "application/toml"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// Bytes of what a guest says is in a file.
const BYTES_MAX: usize = 127;
const UNKNOWN: &str = "application/octet-stream";

/// What is in a file of this name, as far as that tells.
pub(crate) fn of_name(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    let known = ending.and_then(|ending| {
        KNOWN
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(ending))
    });
    known
        .map_or(UNKNOWN, |(_, media_type)| media_type)
        .to_owned()
}

/// Whether what a worker says that a guest said is fit for a header.
pub(crate) fn is_plain(media_type: &str) -> bool {
    media_type.len() <= BYTES_MAX
        && media_type.contains('/')
        && media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ending_counts() {
        for (name, expected) in [
            ("result.json", "application/json"),
            ("plots/a.PNG", "image/png"),
            ("logs.json/raw", UNKNOWN),
            ("data.tar.gz", "application/gzip"),
            (".json", "application/json"),
            ("json", UNKNOWN),
            ("a.", UNKNOWN),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
    }

    #[test]
    fn each_ending_is_known_once_and_in_order() {
        assert!(KNOWN.is_sorted_by(|one, next| one.0 < next.0));
    }
}
