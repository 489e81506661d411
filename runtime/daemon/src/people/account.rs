//! The names that the system has for its accounts.

use std::fs;

/// The name of an account, from the system's list of accounts; `uid-1000` for one that is not in it.
pub(crate) fn name(uid: u32) -> String {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    accounts
        .lines()
        .find_map(|line| name_in_line(line, uid))
        .map_or_else(|| format!("uid-{uid}"), str::to_owned)
}

fn name_in_line(line: &str, uid: u32) -> Option<&str> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let its_uid: u32 = fields.nth(1)?.parse().ok()?;
    (its_uid == uid && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::name_in_line;

    #[test]
    fn an_account_is_found_by_its_number() {
        assert_eq!(
            name_in_line("ada:x:1000:1000:Ada:/home/ada:/bin/sh", 1000),
            Some("ada")
        );
        assert_eq!(
            name_in_line("ada:x:1000:1000:Ada:/home/ada:/bin/sh", 100),
            None
        );
        assert_eq!(name_in_line("", 0), None);
        assert_eq!(name_in_line("broken:x", 0), None);
    }
}
