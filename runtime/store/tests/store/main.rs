//! The store as the server sees it, on a real disk.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this is tests, also what lies outside of the functions that are marked so"
)]

mod archives;
mod audit;
mod backup;
mod backup_changed;
mod certificates;
mod crash;
mod damage;
mod data_directory;
mod disk_full;
mod harm;
mod key_files;
mod library;
mod library_queries;
mod lists;
mod logs;
mod migration;
mod migration_from_step_2;
mod migration_from_step_3;
mod model;
mod network_model;
mod networks;
mod nics;
mod nodes;
mod operators;
mod outputs;
mod pages;
mod pool_model;
mod power_loss;
mod queries;
mod recovery;
mod retention;
mod routes;
mod support;
mod throughput;
mod usage;
mod users;
mod work;
