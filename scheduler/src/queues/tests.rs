//! The queues against plain models, and what they promise.

mod courses;
mod exchanges;
mod fairness;
mod figures;
mod parts;
mod questions;
mod random;
mod reference;
mod turns;
mod waits;
mod world;
