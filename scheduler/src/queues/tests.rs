//! The queues against plain models, and what they promise.

mod turns;
mod world;
