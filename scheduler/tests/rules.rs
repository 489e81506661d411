//! The rule language from outside: what is refused and why, what holds, and that it is what CEL says.

#[path = "rules/world.rs"]
mod world;

#[path = "rules/attributes.rs"]
mod attributes;
#[path = "rules/bounds.rs"]
mod bounds;
#[path = "rules/meaning.rs"]
mod meaning;
#[path = "rules/pairs.rs"]
mod pairs;
#[path = "rules/refusals.rs"]
mod refusals;
