//! What guests printed: append-only segments per job, beside the database and never in it.
//!
//! ```text
//! logs/<job>/1.log 2.log …      segment = "SUBLOG1\n" frame frame …
//! frame = length · checksum · task · attempt · time · stream · bytes
//! ```
//!
//! What `append` has written survives the end of the process at any instant. A power loss may cut the tail of the newest
//! segment; the record of each attempt says how many bytes there were. A segment that is torn or damaged is read up to
//! there, and the reader is told that something is missing. A new server begins new segments, so nothing is ever added
//! behind a torn tail.

mod append;
mod frame;
mod read;
mod segment;

pub use append::Logs;
pub use frame::{LogChunk, Stream};
pub use read::{LogEntry, LogFound, LogReader, LogSelection};
pub use segment::{LogPosition, NotAPosition};
