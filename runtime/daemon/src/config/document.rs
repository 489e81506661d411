use super::Config;

const DOCUMENT: &str = include_str!("../../../../docs/operating.md");

/// The examples of the document, in its order.
fn examples() -> Vec<Config> {
    let blocks = DOCUMENT.split("```toml\n").skip(1);
    let texts = blocks.map(|rest| rest.split("```").next().unwrap());
    texts
        .map(|text| toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
        .collect()
}

#[test]
fn the_defaults_in_the_document_are_the_defaults() {
    let [defaults, _] = &examples()[..] else {
        panic!("the document has two examples");
    };
    assert_eq!(format!("{defaults:?}"), format!("{:?}", Config::default()));
}

#[test]
fn the_document_shows_every_other_key() {
    let [_, others] = &examples()[..] else {
        panic!("the document has two examples");
    };
    assert!(others.data_dir.is_some());
    assert!(others.listen.socket.is_some());
    assert!(others.pool.reserve.cpu.is_some() && others.pool.reserve.memory.is_some());
    assert_eq!(others.subclusters.len(), 1);
}
