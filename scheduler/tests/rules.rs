//! The rule language from outside: what is refused and why, what holds, and that it is what CEL says.

#[path = "rules/world.rs"]
mod world;

#[path = "rules/attributes.rs"]
mod attributes;
#[path = "rules/bounds.rs"]
mod bounds;
#[path = "rules/chance.rs"]
mod chance;
#[path = "rules/clock.rs"]
mod clock;
#[path = "rules/fuzz.rs"]
mod fuzz;
#[path = "rules/generate.rs"]
mod generate;
#[path = "rules/meaning.rs"]
mod meaning;
#[path = "rules/oracle.rs"]
mod oracle;
#[path = "rules/pairs.rs"]
mod pairs;
#[path = "sim/random.rs"]
mod random;
#[path = "rules/refusals.rs"]
mod refusals;
#[path = "rules/searched.rs"]
mod searched;
#[path = "rules/speed.rs"]
mod speed;
