//! What answers look like to people. Pure: the API's types and the time of day go in, text comes out.
//!
//! Tables have relative times, IEC sizes and no borders; what is absent is `-`. Programs never see any of this: they
//! get the API's JSON.

pub(crate) mod artifact;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod event;
pub(crate) mod explanation;
pub(crate) mod fate;
pub(crate) mod job;
pub(crate) mod module;
pub(crate) mod need;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod operation;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod subcluster;
pub(crate) mod table;
pub(crate) mod task;
mod traffic;
pub(crate) mod unit;
pub(crate) mod usage;
pub(crate) mod user;
