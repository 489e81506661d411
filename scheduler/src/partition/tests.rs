//! Nodes that move, in small worlds.

mod attributes;
mod drains;
mod flow;
mod world;
