//! The description of the API for programs: it is the one in the repository, and whatever it allows is answered without a
//! fault of the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};

use crate::harness::{Answer, Random, Server, Sublet, repository, shared};

/// Where the description lies.
const FILE: &str = "docs/openapi.json";
/// Requests for each operation.
const ROUNDS: usize = 60;
/// What describes one operation of a path.
const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

fn committed() -> Value {
    serde_json::from_str(&fs::read_to_string(repository().join(FILE)).unwrap()).unwrap()
}

#[test]
fn the_description_is_the_one_of_this_server() {
    let printed = Sublet::alone().args(["api", "openapi"]).run().code(0);
    let committed = fs::read_to_string(repository().join(FILE)).unwrap();
    assert!(
        printed.stdout == committed,
        "the API and its description differ: sublet api openapi > {FILE}"
    );
    let served = shared().request("GET", "/v1/openapi.json", b"");
    assert_eq!(served.text(), committed);
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[test]
fn every_shape_that_is_spoken_of_is_there() {
    let document = committed();
    assert_eq!(document["openapi"], "3.1.0");
    let (mut spoken_of, mut open) = (BTreeSet::new(), vec![&document]);
    while let Some(value) = open.pop() {
        if let Some(name) = value["$ref"].as_str() {
            spoken_of.insert(name.to_owned());
        }
        open.extend(value.as_object().into_iter().flat_map(Map::values));
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(spoken_of.len() > 40, "{spoken_of:?}");
    for name in &spoken_of {
        let place = name.trim_start_matches('#');
        assert!(document.pointer(place).is_some(), "{name}");
    }
    let names = operations(&document).map(|(_, _, one)| one["operationId"].as_str().unwrap());
    let names: Vec<_> = names.collect();
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), different.len(), "{names:?}");
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let each = METHODS.into_iter();
        each.filter_map(|method| Some((path.as_str(), method, item.get(method)?)))
    })
}

/// Requests that the description allows, and some that it nearly does. What it changes is its own server's.
#[test]
fn nothing_that_is_asked_for_is_a_fault_of_the_server() {
    let seed = match std::env::var("SUBLET_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::process::id().into(),
    };
    let server = Server::with_slots(1);
    let job = server.submit(&[], "print hello");
    server.wait(&job);
    server.push_probe();
    let document = committed();
    let known = [
        job.as_str(),
        "probe",
        "default",
        "n0",
        "u1",
        "1",
        "*",
        "last",
    ];
    let mut requests = Requests {
        random: Random::new(seed),
        document: &document,
        known: known.map(str::to_owned).to_vec(),
    };
    let mut statuses = BTreeMap::<u16, u32>::new();
    for (path, method, operation) in operations(&document) {
        for _ in 0..ROUNDS {
            let (target, body) = requests.next(path, operation);
            let answer = server.request(&method.to_uppercase(), &target, &body);
            *statuses.entry(answer.status).or_default() += 1;
            is_no_fault(
                &answer,
                seed,
                &format!("{method} {target} {}", String::from_utf8_lossy(&body)),
            );
        }
    }
    // It is of no use to be refused at the door each time.
    for status in [200, 400, 404, 422] {
        let count = statuses.get(&status).copied().unwrap_or_default();
        assert!(count > 10, "{status}: {statuses:?}, SUBLET_SEED={seed}");
    }
    assert_eq!(server.request("GET", "/readyz", b"").status, 200, "{seed}");
}

#[track_caller]
fn is_no_fault(answer: &Answer, seed: u64, request: &str) {
    let shown: String = request.chars().take(2_000).collect();
    let told = || format!("SUBLET_SEED={seed}: {shown}\n{}", answer.text());
    assert!(
        (200..500).contains(&answer.status),
        "{}: {}",
        answer.status,
        told()
    );
    if answer.status >= 400 {
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{}",
            told()
        );
        assert_eq!(answer.problem()["status"], answer.status, "{}", told());
    }
}

/// Values as a description has them, and now and then others.
struct Requests<'a> {
    random: Random,
    document: &'a Value,
    /// Words that name something on this server.
    known: Vec<String>,
}

impl Requests<'_> {
    fn next(&mut self, path: &str, operation: &Value) -> (String, Vec<u8>) {
        let mut target = path.to_owned();
        let mut query = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let value = self.value(&parameter["schema"], 0);
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let value = encoded(&value);
            match parameter["in"].as_str() {
                Some("path") => target = target.replace(&format!("{{{name}}}"), &value),
                Some("query") if !self.random.once_in(3) => {
                    query.push(format!("{name}={value}"));
                }
                _ => {}
            }
        }
        // A log is followed to the end of a job, and a wait waits.
        query.retain(|one| !one.starts_with("follow=") && !one.starts_with("timeout_s="));
        if path.ends_with("/wait") {
            query.push("timeout_s=0".to_owned());
        }
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        (target, self.body(&operation["requestBody"]["content"]))
    }

    fn body(&mut self, content: &Value) -> Vec<u8> {
        if content["application/json"].is_object() {
            let value = self.value(&content["application/json"]["schema"], 0);
            let text = value.to_string().into_bytes();
            let length = if self.random.once_in(10) {
                text.len() / 2
            } else {
                text.len()
            };
            return text[..length].to_vec();
        }
        if content.is_object() {
            let length = self.random.below(200);
            let bytes = (0..length).map(|_| self.random.below(256).to_le_bytes()[0]);
            return bytes.collect();
        }
        Vec::new()
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > 6 || self.random.once_in(20) {
            return self.anything();
        }
        if let Some(name) = schema["$ref"].as_str() {
            let place = name.trim_start_matches('#').to_owned();
            return self.value(&self.document.pointer(&place).unwrap().clone(), depth);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(all) = schema[choice].as_array() {
                let one = self.one_of(all);
                return self.value(&one, depth + 1);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for one in all.clone() {
                if let Value::Object(part) = self.value(&one, depth + 1) {
                    whole.extend(part);
                }
            }
            return Value::Object(whole);
        }
        if let Some(words) = schema["enum"].as_array() {
            return self.one_of(words);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => self.one_of(kinds),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let items = schema["items"].clone();
                let count = self.random.below(4);
                (0..count).map(|_| self.value(&items, depth + 1)).collect()
            }
            Some("string") => json!(self.word()),
            Some("integer") => self.integer(),
            Some("number") => json!(f64::from(self.random.below(1_000)) / 7.0),
            Some("boolean") => json!(self.random.once_in(2)),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, shape) in schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default()
        {
            if required.contains(&json!(name)) || !self.random.once_in(3) {
                let value = self.value(&shape, depth + 1);
                object.insert(name, value);
            }
        }
        if schema["additionalProperties"].is_object() {
            let (name, shape) = (self.word(), schema["additionalProperties"].clone());
            let value = self.value(&shape, depth + 1);
            object.insert(name, value);
        }
        Value::Object(object)
    }

    fn integer(&mut self) -> Value {
        match self.random.below(5) {
            0 => json!(u64::MAX),
            1 => json!(-1),
            2 => json!(self.random.below(u32::MAX)),
            _ => json!(self.random.below(200)),
        }
    }

    fn word(&mut self) -> String {
        match self.random.below(8) {
            0 => String::new(),
            1 => "x".repeat(5_000),
            2 => "\u{0}\u{202e}../ü%".to_owned(),
            3 => "2026-11-22T10:00:00Z".to_owned(),
            4 => self.random.below(u32::MAX).to_string(),
            _ => {
                let known: Vec<&String> = self.known.iter().collect();
                self.random.pick(&known).unwrap().to_string()
            }
        }
    }

    fn anything(&mut self) -> Value {
        let all = [
            json!(null),
            json!([]),
            json!({}),
            json!(-0.5),
            json!("?"),
            json!(true),
            json!([[{}]]),
        ];
        self.one_of(&all)
    }

    fn one_of(&mut self, all: &[Value]) -> Value {
        let all: Vec<&Value> = all.iter().collect();
        self.random.pick(&all).unwrap().clone()
    }
}

/// As it stands in a URL.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
