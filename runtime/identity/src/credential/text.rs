//! The text of a credential: TOML, each field looked at by its name.
//!
//! Fields are taken out of the table one by one, because the messages of a general reader quote what they found, which
//! may be the key when a file was put together by hand.

use serde::Serialize;
use toml::{Table, Value};

use super::{BadCredential, Credential};

/// The fields, in the order they stand in a file.
const FIELDS: [&str; 8] = [
    "servers",
    "user",
    "role",
    "serial",
    "not_after",
    "certificate",
    "key",
    "roots",
];

/// Longest name of an unknown field that is repeated in a message.
const NAME_BYTES_MAX: usize = 24;

#[derive(Serialize)]
struct File<'credential> {
    servers: &'credential [String],
    user: String,
    role: &'static str,
    serial: String,
    not_after: String,
    certificate: &'credential str,
    key: &'credential str,
    roots: &'credential [String],
}

pub(super) fn write(credential: &Credential) -> String {
    let subject = credential.subject();
    let file = File {
        servers: &credential.servers,
        user: subject.user.to_string(),
        role: subject.role.as_str(),
        serial: credential.serial().to_string(),
        not_after: credential.validity().not_after.to_string(),
        certificate: &credential.certificate_pem,
        key: &credential.key_pem,
        roots: &credential.roots_pem,
    };
    let body =
        toml::to_string_pretty(&file).expect("texts and lists of texts can be written as TOML");
    format!(
        "# A credential of Sublet: whoever has this file is {} {} to the servers below. Keep it to yourself.\n\
         # `sublet login FILE` takes it in.\n\n{body}",
        subject.role, subject.user
    )
}

pub(super) fn read(text: &str) -> Result<Credential, BadCredential> {
    if text.len() > Credential::BYTES_MAX {
        return Err(BadCredential::TooLong {
            bytes: text.len(),
            limit: Credential::BYTES_MAX,
        });
    }
    let mut table: Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    if let Some(name) = table.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown(name));
    }
    let credential = Credential::from_parts(
        texts(&mut table, "servers")?,
        one_text(&mut table, "certificate")?,
        one_text(&mut table, "key")?,
        texts(&mut table, "roots")?,
    )?;
    let subject = credential.subject();
    for (field, certificate) in [
        ("user", subject.user.to_string()),
        ("role", subject.role.to_string()),
        ("serial", credential.serial().to_string()),
        ("not_after", credential.validity().not_after.to_string()),
    ] {
        if one_text(&mut table, field)? != certificate {
            return Err(BadCredential::Disagrees { field, certificate });
        }
    }
    Ok(credential)
}

fn syntax(text: &str, error: &toml::de::Error) -> BadCredential {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.bytes().take(at);
    BadCredential::Syntax {
        line: before.filter(|byte| *byte == b'\n').count() + 1,
    }
}

fn unknown(name: &str) -> BadCredential {
    let is_a_name =
        name.len() <= NAME_BYTES_MAX && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    BadCredential::Unknown {
        name: if is_a_name {
            format!(" `{name}`")
        } else {
            String::new()
        },
        known: FIELDS.join(", "),
    }
}

fn taken(table: &mut Table, field: &'static str) -> Result<Value, BadCredential> {
    table.remove(field).ok_or(BadCredential::Missing { field })
}

fn one_text(table: &mut Table, field: &'static str) -> Result<String, BadCredential> {
    match taken(table, field)? {
        Value::String(text) => Ok(text),
        _ => Err(BadCredential::Kind {
            field,
            wanted: "a text in quotation marks",
        }),
    }
}

fn texts(table: &mut Table, field: &'static str) -> Result<Vec<String>, BadCredential> {
    let wrong = || BadCredential::Kind {
        field,
        wanted: "a list of texts",
    };
    let Value::Array(values) = taken(table, field)? else {
        return Err(wrong());
    };
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Ok(text),
        _ => Err(wrong()),
    });
    texts.collect()
}
