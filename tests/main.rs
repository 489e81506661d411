//! Sublet from the outside: the built binary, its socket and its files, and nothing of its inside.
//!
//! One harness, one binary, one folder: a module per subject, in reading order. Guests are built once; most tests
//! share one server, and those that kill theirs start their own.

#[cfg(test)]
mod harness;

#[cfg(test)]
mod events;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod modules;
#[cfg(test)]
mod run;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod submit;

#[cfg(test)]
mod authors;
#[cfg(test)]
mod families;
#[cfg(test)]
mod job_interface;
#[cfg(test)]
mod level0;
#[cfg(test)]
mod museum;
#[cfg(test)]
mod typed_jobs;

#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod drains;
#[cfg(test)]
mod fitting;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod waiting;

#[cfg(test)]
mod clock_jumps;
#[cfg(test)]
mod lost_workers;
#[cfg(test)]
mod networks;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod reaching;
#[cfg(test)]
mod users;

#[cfg(test)]
mod backups;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod usage;

#[cfg(test)]
mod disks;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod patching;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod walls;

#[cfg(test)]
mod bad_http;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod uploads;

#[cfg(test)]
mod real_programs;

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tidy;
