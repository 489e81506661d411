//! Questions about modules and inputs: each finds what is theirs, and nothing of somebody else.

use sublet_store::{
    Digest, Input, InputKind, ModuleName, ModuleSelector, NewModule, Record, Whose,
};

use crate::support::*;

const ADAS: Whose = Whose::User(ADA);
const BOBS: Whose = Whose::User(BOB);

fn module(content: &[u8], name: Option<(&str, Option<&str>)>) -> Record {
    Record::ModuleAdded(NewModule {
        user: ADA,
        digest: Digest::of(content),
        name: name.map(|(name, tag)| module_name(name, tag)),
        size_bytes: 3,
        interface: "{}".to_owned(),
        at: at(1),
    })
}

fn module_name(name: &str, tag: Option<&str>) -> ModuleName {
    ModuleName {
        name: name.to_owned(),
        tag: tag.map(str::to_owned),
    }
}

#[test]
fn a_module_is_found_by_digest_and_by_name() {
    let mut store = store();
    store.commit(&[
        module(b"one", Some(("render", Some("1")))),
        module(b"two", Some(("render", Some("2")))),
        module(b"three", None),
        module(b"one", Some(("render", None))),
    ]);
    let digests = |whose, selector: &ModuleSelector| {
        let rows = store.reader().find_modules(whose, selector).unwrap();
        rows.into_iter().map(|row| row.digest).collect::<Vec<_>>()
    };
    let named = |name, tag| digests(ADAS, &ModuleSelector::Name(module_name(name, tag)));
    let (one, two, three) = (Digest::of(b"one"), Digest::of(b"two"), Digest::of(b"three"));
    assert_eq!(named("render", Some("1")), [one]);
    assert_eq!(named("render", Some("2")), [two]);
    assert_eq!(named("render", None), [one], "the newest that got the name");
    assert_eq!(named("render", Some("3")), []);
    let prefix = |text: &str| ModuleSelector::Digest(text.parse().unwrap());
    assert_eq!(digests(ADAS, &prefix(&three.to_string()[..9])), [three]);
    assert_eq!(
        digests(Whose::Everyone, &prefix(&three.to_string())),
        [three]
    );
    assert_eq!(digests(BOBS, &prefix(&three.to_string())), []);
    assert_eq!(
        digests(BOBS, &ModuleSelector::Name(module_name("render", None))),
        []
    );

    let reader = store.reader();
    let page = reader.modules(ADAS, None, 2).unwrap();
    assert_eq!(
        page.iter().map(|row| row.digest).collect::<Vec<_>>(),
        [three, two]
    );
    let rest = reader.modules(ADAS, Some(page[1].id), 2).unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(
        rest[0].names,
        [
            module_name("render", None),
            module_name("render", Some("1"))
        ]
    );
    assert_eq!(reader.modules(BOBS, None, 2).unwrap(), []);

    store.commit(&[Record::ModuleDeleted {
        user: ADA,
        digest: one,
    }]);
    let left = store
        .reader()
        .find_modules(ADAS, &ModuleSelector::Name(module_name("render", None)));
    assert_eq!(
        left.unwrap()[0].digest,
        two,
        "the name falls back to the one before"
    );
}

#[test]
fn what_the_compiler_said_is_remembered_for_the_user_and_the_engine() {
    let mut store = store();
    let digest = Digest::of(b"bad");
    store.commit(&[Record::ModuleRefused {
        user: ADA,
        digest,
        engine: "e1".to_owned(),
        code: "S0201".to_owned(),
        message: "it is bad".to_owned(),
        at: at(5),
    }]);
    let refusal = |user, engine| store.reader().refusal(user, digest, engine).unwrap();
    assert_eq!(refusal(ADA, "e1").unwrap().code, "S0201");
    assert_eq!(refusal(ADA, "e2"), None);
    assert_eq!(refusal(BOB, "e1"), None);
}

#[test]
fn an_input_is_its_user_s_and_of_one_kind() {
    let mut store = store();
    let digest = Digest::of(b"input");
    let input = Input {
        user: ADA,
        digest,
        kind: InputKind::Tree,
        size_bytes: 10,
        files: 2,
        at: at(5),
    };
    store.commit(&[Record::InputAdded(input), Record::InputAdded(input)]);
    let find = |user, kind| store.reader().input(user, digest, kind).unwrap();
    assert_eq!(find(ADA, InputKind::Tree), Some(input));
    assert_eq!(find(ADA, InputKind::Blob), None);
    assert_eq!(find(BOB, InputKind::Tree), None);
}
