//! Nodes that move, in small worlds.

mod attributes;
mod bounds;
mod cost;
mod course;
mod drains;
mod explanations;
mod flow;
mod hosts;
mod looking;
mod precedence;
mod reference;
mod rule_changes;
mod world;
