//! What `run` takes beyond the flags that it shares with `submit`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::{FateFlags, JobFlags, word};

/// Run a module here, without a server
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet run hello.wasm\n  \
    cat access.log | sublet run count.wasm -- --words\n  \
    sublet run resize.wasm --dir photos::/photos --memory 256MiB --timeout 2m\n\n\
    The exit code is the guest's own; 124 and above are told in `sublet help exit-codes`.")]
pub(crate) struct Run {
    /// A .wasm or .wat file, or `-` for stdin
    #[arg(value_name = "FILE|-", required_unless_present = "args")]
    pub(super) file: Option<String>,
    /// Arguments of the module; without FILE the first of them is the file, as for a runner of cargo
    #[arg(last = true, value_name = "ARGS")]
    pub(super) args: Vec<String>,
    /// A directory of this host and where the guest sees it
    #[arg(long = "dir", value_name = "HOST::GUEST[:ro]", value_parser = word::directory_grant)]
    pub(super) directories: Vec<word::DirectoryGrant>,
    /// Put what a task that succeeded left in /out there; of an array, in a directory per task
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) fate: FateFlags,
    #[command(flatten)]
    pub(super) given: JobFlags,
}

impl Run {
    /// The file and the guest's arguments.
    pub(super) fn command(&self) -> (&str, &[String]) {
        match (&self.file, self.args.split_first()) {
            (Some(file), _) => (file, &self.args),
            (None, Some((file, args))) => (file, args),
            (None, None) => unreachable!("the parser wants FILE where there are no ARGS"),
        }
    }
}
