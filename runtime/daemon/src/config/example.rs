//! A configuration file that says what holds anyway, to begin with.

/// The file. Its tests read it with the very types that a server reads its own with.
pub const EXAMPLE: &str = include_str!("example.toml");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use toml::{Table, Value};

    use super::EXAMPLE;
    use crate::config::Config;
    use crate::nearest::unknown_name;

    /// The example with the keys behind a `#` in force. A sentence has a space there.
    fn with_every_key() -> String {
        let is_key = |rest: &str| rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase());
        let line = |line: &'static str| match line.strip_prefix('#') {
            Some(rest) if is_key(rest) => rest,
            _ => line,
        };
        EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn it_says_the_defaults() {
        let read = Config::parse(EXAMPLE).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn its_other_keys_can_be_said() {
        let text = with_every_key();
        let read = Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(read.listen.metrics.is_some() && read.data_dir.is_some());
        assert_eq!(
            (
                read.subclusters.len(),
                read.routes.len(),
                read.classes.len()
            ),
            (1, 1, 1)
        );
    }

    /// The types themselves are asked which keys they have: by one that they do not know.
    #[test]
    fn it_shows_every_key_that_there_is() {
        let example: Table = with_every_key().parse().unwrap();
        let mut tables = vec![String::new()];
        let mut asked = 0;
        while let Some(table) = tables.pop() {
            let shown = keys_shown(&example, &table);
            for key in keys_known(&table) {
                assert!(
                    shown.contains(&key),
                    "[{table}] {key} is not in the example"
                );
                let below = [table.as_str(), &key].join(".");
                let below = below.trim_start_matches('.').to_owned();
                if matches!(value(&example, &below), Some(Value::Table(_))) {
                    tables.push(below);
                }
            }
            asked += 1;
        }
        assert_eq!(asked, 13, "there are as many tables");
    }

    fn value<'a>(example: &'a Table, key: &str) -> Option<&'a Value> {
        let mut parts = key.split('.');
        let first = example.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    fn keys_shown(example: &Table, table: &str) -> BTreeSet<String> {
        let found = match table {
            "" => Some(example),
            table => value(example, table).and_then(Value::as_table),
        };
        found.unwrap().keys().cloned().collect()
    }

    fn keys_known(table: &str) -> Vec<String> {
        let text = match table {
            "" => "nothing_is_called_so = 1".to_owned(),
            table => format!("[{table}]\nnothing_is_called_so = 1"),
        };
        let error = toml::from_str::<Config>(&text).unwrap_err();
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let (_, known) = unknown_name(&message).unwrap_or_else(|| panic!("[{table}]: {message}"));
        assert!(!known.is_empty(), "{message}");
        known.into_iter().map(str::to_owned).collect()
    }
}
