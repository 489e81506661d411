//! Compilation: bombs, damage, storms of modules, and what others wait for meanwhile.

use std::fmt::Write as _;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Random, eventually};
use crate::siege::{Counter, Ground, Siege, besiege};

static GROUND: Ground = Ground::new("");
/// Where a user may not have many modules.
static CROWDED: Ground = Ground::new("modules = 30");

/// A module that takes the compiler a second or so, and is within its budget. Another one for each number.
fn heavy(number: usize) -> Vec<u8> {
    let mut code = String::new();
    for index in 0..2_000 {
        let (from, to) = (index % 50, (index * 7 + 3) % 50);
        write!(
            code,
            "loop local.get {from} i64.const {number} i64.add local.set {to} local.get {to} i64.const 9 i64.lt_s br_if 0 end "
        )
        .unwrap();
    }
    let function = format!("(func (local {}) {code})", "i64 ".repeat(50));
    let text = format!(
        r#"(module {} (func (export "_start")))"#,
        function.repeat(4)
    );
    wat::parse_str(text).unwrap()
}

/// Pushes each of these at once, as the attacker; the codes of the answers, and none for what is kept.
fn pushed_at_once(siege: &Siege, modules: &[Vec<u8>]) -> Vec<Option<String>> {
    thread::scope(|scope| {
        let push = |bytes: &[u8]| {
            let answer = siege.attacker.request("POST", "/v1/modules", bytes);
            let refused = answer.status != 200 && answer.status != 201;
            refused.then(|| answer.problem()["code"].as_str().unwrap().to_owned())
        };
        let all: Vec<_> = modules
            .iter()
            .map(|bytes| scope.spawn(move || push(bytes)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn heavy_modules_of_one_user_hold_up_a_neighbours_for_one_of_them() {
    besiege(&GROUND, &[Counter::refusal("S0316")], |siege| {
        let modules: Vec<_> = (1..=10).map(heavy).collect();
        let kept = || {
            let listed = siege.attacker.json(&["modules", "list"])["items"].clone();
            listed.as_array().unwrap().len()
        };
        let before = kept();
        thread::scope(|scope| {
            let attack = scope.spawn(|| pushed_at_once(siege, &modules));
            eventually(DEADLINE, "one is compiled", || {
                let compiling = siege.server.process().children("compile");
                (!compiling.is_empty()).then_some(())
            });
            let text = r#"(module (func (export "_start") (drop (i32.const 17))))"#;
            let fresh = wat::parse_str(text).unwrap();
            let answer = siege.neighbour.user.request("POST", "/v1/modules", &fresh);
            assert_eq!(answer.status, 201, "{}", answer.text());
            // One was under way, and another may have begun before the neighbour was heard or since; eight wait.
            let came_first = kept() - before;
            assert!(came_first <= 4, "{came_first} came before the neighbour");
            let codes = attack.join().unwrap();
            let refused: Vec<_> = codes.iter().flatten().collect();
            assert!(refused.iter().all(|code| *code == "S0316"), "{refused:?}");
        });
    });
}

#[test]
fn bombs_that_can_be_counted_are_refused_by_their_number() {
    let locals = |count: usize| format!("(local {})", "i32 ".repeat(count));
    let function = |code: String| format!(r#"(module (func (export "_start") {code}))"#);
    let loops = "loop ".repeat(1_000) + &"end ".repeat(1_000);
    let row = "loop end ".repeat(2_000);
    let switch = format!("block i32.const 0 br_table {} 0 end", "0 ".repeat(65_537));
    let results = format!("(type (func (result {})))", "i32 ".repeat(1_000));
    besiege(&GROUND, &[Counter::refusal("S0405")], |siege| {
        for (text, words) in [
            (
                function(locals(200) + &loops),
                "locals times depth of loops in one function, the limit is 10000",
            ),
            (
                function(locals(500) + &row),
                "locals times loops in one function, the limit is 100000",
            ),
            (
                function(switch),
                "targets of one `br_table`, the limit is 65536",
            ),
            (
                function("nop ".repeat(1 << 20)),
                "bytes in one function, the limit is 1048576",
            ),
            (
                format!("(module {} {results})", "(func)".repeat(10)),
                "results of one function type, the limit is 32",
            ),
            (
                format!("(module {})", "(func)".repeat(50_001)),
                "50001 functions, the limit is 50000",
            ),
        ] {
            siege.upload_is_refused(&wat::parse_str(text).unwrap(), "S0405", words);
        }
    });
}

#[test]
fn imports_of_things_that_nobody_has_are_named_and_their_names_bounded() {
    let long = "x".repeat(90_000);
    besiege(&GROUND, &[Counter::refusal("S0412")], |siege| {
        for (module, name) in [
            ("env", "memcpy"),
            ("wasi_snapshot_preview1", "sock_connect"),
            ("wasi_unstable", "fd_write"),
            ("sublet", "give_me_everything"),
            (r"\1b[2J", r"\0d\0a"),
            ("env", long.as_str()),
        ] {
            let text =
                format!(r#"(module (import "{module}" "{name}" (func)) (func (export "_start")))"#);
            let bytes = wat::parse_str(text).unwrap();
            let problem = siege
                .attacker
                .request("POST", "/v1/modules", &bytes)
                .problem();
            assert_eq!(problem["code"], "S0412", "{problem:#}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                detail.len() < 1_000 && !detail.chars().any(char::is_control),
                "{detail:?}"
            );
        }
    });
}

#[test]
fn damaged_modules_are_refused_or_do_no_harm() {
    const SEED: u64 = 0x5eed_0007;
    println!("seed {SEED:#x}");
    let mut random = Random::new(SEED);
    let text = crate::text::spinner().replace("(loop (br 0))", "");
    let whole = wat::parse_str(text).unwrap();
    besiege(&GROUND, &[Counter::refusal("S0403")], |siege| {
        let damaged: Vec<_> = (0..96)
            .map(|_| {
                let mut bytes = whole.clone();
                let length = u32::try_from(bytes.len()).unwrap();
                bytes[random.below(length) as usize] ^= 1 << random.below(8);
                bytes
            })
            .collect();
        for some in damaged.chunks(6) {
            for code in pushed_at_once(siege, some).into_iter().flatten() {
                assert!(code.starts_with("S04"), "{code}");
            }
        }
        let kept = siege.attacker.json(&["modules", "list"])["items"].clone();
        let submit = |module: &Value| {
            let said = json!({"module": module["digest"], "limits": {"timeout_ms": 500}});
            let said = said.to_string();
            let job = siege.attacker.request("POST", "/v1/jobs", said.as_bytes());
            job.json()["id"].as_str().unwrap().to_owned()
        };
        let jobs: Vec<_> = kept.as_array().unwrap().iter().map(submit).collect();
        for job in jobs {
            let outcome = siege.server.wait(&job)["end"]["outcome"].clone();
            assert_ne!(outcome["kind"], "lost", "{outcome}");
        }
    });
}

#[test]
fn a_storm_of_small_modules_ends_at_the_quota() {
    besiege(&CROWDED, &[Counter::refusal("S0314")], |siege| {
        let modules: Vec<_> = (100..140)
            .map(|number| {
                let text =
                    format!(r#"(module (func (export "_start") (drop (i32.const {number}))))"#);
                wat::parse_str(text).unwrap()
            })
            .collect();
        for some in modules.chunks(6) {
            for code in pushed_at_once(siege, some).into_iter().flatten() {
                assert_eq!(code, "S0314");
            }
        }
        let modules = siege.attacker.json(&["modules", "list"])["items"].clone();
        assert!(modules.as_array().unwrap().len() <= 30);
    });
}
