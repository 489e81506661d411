//! The queues against plain models, and what they promise.

mod courses;
mod fairness;
mod figures;
mod parts;
mod random;
mod reference;
mod turns;
mod waits;
mod world;
