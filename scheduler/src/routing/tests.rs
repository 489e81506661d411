//! Where jobs go, seen from outside.

mod class;
mod load;
mod order;
mod random;
mod refusal;
mod table;
mod world;
