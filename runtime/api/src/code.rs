//! The stable codes of every error, on the command line and in the API, each with its page.

use std::fmt;

macro_rules! codes {
    ($( $name:ident = $number:literal, $title:literal, $page:literal; )*) => {
        /// A stable error code. A code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $( #[doc = $title] $name, )* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$( Self::$name, )*];

            /// The four digits.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $( Self::$name => $number, )* }
            }

            /// The code in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )* }
            }

            /// What it means and what to do: a paragraph, shown by `sublet help CODE`.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $( Self::$name => $page, )* }
            }
        }
    };
}

codes! {
    RequestMalformed = 101, "request is malformed",
        "The body, path, query or a header could not be read as what the route expects. The message names the place. Compare with the API's types, or send the request with the sublet command of the same name.";
    UnknownField = 102, "unknown field",
        "The request has a field that this server does not know. The message offers the nearest name. Fields are never ignored silently, because a misspelt limit would then not hold.";
    OutOfRange = 103, "value out of range",
        "A number, text or list is outside what is allowed. The message names the limit and what was asked.";
    BodyTooLarge = 104, "body is too large",
        "The upload or request is larger than the server takes. The message names the limit. Modules: strip debug information (wasm-tools strip, or `strip = true` in the release profile).";
    MethodNotAllowed = 105, "method not allowed",
        "The route exists, but not with this method.";
    NoSuchRoute = 106, "no such route",
        "The server has no such route. Everything is under /v1 but for /livez, /readyz, /metrics and /version.";
    ForeignCaller = 107, "caller is not the owner of the server",
        "The unix socket serves only the account that started the server. Run the command as that account, or start a server of your own.";
    VersionMissing = 108, "version is missing",
        "The request changes something that others may change as well, and does not say which version it was made for. Read the thing first and send its ETag as If-Match; `sublet apply` does both.";
    PatternInvalid = 109, "egress pattern is not valid",
        "A pattern of what may be dialled is not HOST:PORT. The message names the pattern and the part of it that is at fault. HOST is a name with a dot, *.name for all names below it, an IPv4 address or range, or an IPv6 address or range in brackets; PORT is a number, a range such as 8000-8999, or * for all. `sublet help networking` has examples.";
    NotPermitted = 110, "not permitted",
        "The route is for operators, and the caller's certificate or account is not one's. The message names the role. Ask an operator.";
    CertificateRefused = 111, "certificate is refused",
        "The client certificate was good when the connection was made and is not honoured any more: it was revoked, it expired, or its user was removed. Ask an operator for another one; `sublet login FILE` takes it.";
    UserSuspended = 112, "user is suspended",
        "An operator has suspended this user: nothing can be asked for, and what waits does not start, until an operator resumes them.";
    JobNotFound = 201, "job not found",
        "No job of yours matches. `sublet jobs list` shows them. A job is named by its id, a unique prefix of it, its number (#412), its name, `last`, or -2 for the one before the last.";
    Ambiguous = 202, "several things match",
        "The prefix fits several jobs or modules where one is wanted; the message lists them. Give more characters.";
    ModuleNotFound = 203, "module not found",
        "No module of yours has this digest, prefix or name. `sublet modules list` shows them; `sublet modules push FILE` uploads one; `sublet submit FILE` does both.";
    TaskNotFound = 204, "task not found",
        "The job has no task of this index. `sublet jobs show JOB` shows the range.";
    InputNotFound = 205, "input not found",
        "The job names an input that was not uploaded. `sublet submit --in PATH` uploads and names it in one go.";
    SubclusterNotFound = 206, "sub-cluster not found",
        "There is no sub-cluster of this name; the message offers the nearest. `sublet subclusters list` shows them.";
    NodeNotFound = 207, "node not found",
        "There is no node of this name; the message offers the nearest. `sublet nodes list` shows them.";
    NetworkNotFound = 208, "network not found",
        "There is no network of this name, or it belongs to somebody else. `sublet networks list` shows yours; one is assigned with a user's first job.";
    UserNotFound = 209, "user not found",
        "There is no user of this name.";
    CertificateNotFound = 210, "certificate not found",
        "No certificate of yours has this serial number. `sublet certs list --all` shows them.";
    ArtifactNotFound = 211, "artifact not found",
        "The task left no such file, or none yet: artifacts are what an attempt that succeeded left in /out. `sublet jobs artifacts JOB/TASK` lists them. A job has /out when it is given disk with --scratch.";
    QueueFull = 301, "queue is full",
        "As many tasks as allowed are waiting or running. Wait for some to finish, or ask the operator for a larger [defaults] quota.";
    NotPlaceable = 302, "cannot be placed",
        "No sub-cluster would ever take this job, so it would wait for ever. The message says for each sub-cluster what would have to change: less memory or CPU, a shorter timeout, another label. Or the operator gives a sub-cluster larger slots or another accept rule (`sublet plan`).";
    Draining = 303, "server is stopping",
        "The server takes no new work because it is shutting down. Submit again when it is back.";
    DiskFull = 304, "disk is full",
        "The server's data directory has no room to record the submission, so it was refused and nothing of it was kept. Free some space; the server goes on by itself.";
    TooManyTasks = 305, "too many tasks",
        "An array has more tasks than a job may have. Split it into several jobs.";
    QuotaExceeded = 306, "quota exceeded",
        "The job needs more at one time than its user may ever hold, in all sub-clusters together. The message names the limit. Ask for less, or ask an operator for a larger quota.";
    GangTooLarge = 307, "gang is too large",
        "All tasks of a gang start together in one sub-cluster, and none has as many slots, or the gang is not the whole array. The message names the largest. Make the gang smaller, or let the operator give the sub-cluster more nodes.";
    DependencyUnknown = 308, "job to wait for is not known",
        "A job in `after` is not there: no job of yours matches, or it is the job itself. `sublet jobs list` shows what can be named.";
    DependencyBroken = 309, "can never start",
        "A job in `after` is over already, and not in the way that was asked for, so the new job could never start. Leave it out, or say `always`.";
    TooFast = 310, "too many submissions",
        "Submissions come faster than the quota of this user allows. The answer says when to come back (Retry-After). One array of many tasks is one submission.";
    NoNetworkLeft = 311, "no network is left",
        "Each user has a network of their own, assigned with their first job, and all that were prepared are taken. Nothing was kept of the submission. Ask the operator to prepare more ([service] networks), or submit with --network none.";
    EgressDenied = 312, "egress is not allowed by the operator",
        "The job asks to dial something outside that the operator's policy does not let this user dial, so it was refused instead of failing at its first connection. The message names the pattern. Ask for less with --allow-net, or ask an operator: `sublet users policy NAME --allow-net PATTERN`.";
    PortTaken = 313, "port of the host is taken",
        "A port of the host that the job publishes is in use: by another job, by the server itself, or by another program of the host. The message names it. Publish another, or wait for the job that has it to end.";
    TooManyModules = 314, "too many modules",
        "The user has as many modules as the quota allows. The message names the limit. Delete some (`sublet modules delete`), or ask an operator for a larger quota.";
    TooMuchStored = 315, "too much is stored",
        "The modules, inputs and artifacts of the user would take more room than the quota allows. The message names the limit and what is used. Delete modules that are not needed, or ask an operator for a larger quota.";
    TooManyUploads = 316, "too many uploads at a time",
        "The user has as many uploads under way as are let in at a time. Let one of them end first.";
    NotWasm = 401, "not a WebAssembly binary",
        "The file does not begin like a WebAssembly module or component. The message says what it looks like. The command line also takes the text format (.wat).";
    NativeCode = 402, "native code is refused",
        "The file is machine code (an executable, or a module that was compiled ahead of time). Only WebAssembly is run, because only that can be confined. Upload the .wasm it was made from.";
    ModuleInvalid = 403, "module is not valid",
        "The binary is truncated or breaks the rules of WebAssembly at the place that the message names. Build it again.";
    FeatureRefused = 404, "WebAssembly feature is not allowed",
        "The module uses a proposal that is switched off here: threads, 64-bit memories, several memories, garbage collection, exceptions. Build without it.";
    ModuleTooComplex = 405, "module is too complex",
        "A part of the module is larger than the compiler is trusted with: the message names the part, the number and the limit. Honest programs stay far below; code generators may need to split functions.";
    CompileBudget = 406, "compilation took too long",
        "The module was given a budget of processor time and memory for its compilation, and used it up. The refusal is remembered, so that the same bytes are not tried again. Split large functions, or optimise the module for size.";
    UnknownImport = 412, "module imports what nobody provides",
        "The module needs a function that is not part of WASI 0.1 or 0.2 or of sublet:job, or one of another type. The message names it. Build for wasm32-wasip1 or wasm32-wasip2; browser and Node.js builds do not fit. Bindings for sublet:job are made from the text that `sublet wit` prints.";
    NoEntryPoint = 413, "module is not a command",
        "The module has no start: a WASI 0.1 command exports `_start`, a WASI 0.2 command exports `wasi:cli/run`. Libraries and reactors cannot be run as jobs: build an executable.";
    ModuleNeedsMore = 414, "module needs more than any slot has",
        "The module's declared minimum of memory or tables is above the limit. Raise --memory if the slots allow it, or lower the module's minimum.";
    DigestMismatch = 415, "digest does not match",
        "The bytes that arrived do not have the sha256 that was announced. Send them again.";
    ModuleInUse = 416, "module is in use",
        "Jobs that are not over still need the module. Wait for them or cancel them.";
    InputInvalid = 417, "input is not valid",
        "An input tree may hold regular files and directories with relative paths, and nothing else: no links, no devices, no `..`. The message names the entry.";
    ModuleQuarantined = 418, "module is in quarantine",
        "The module did harm as often as the operator allows ([service] quarantine_after): worker processes died of it, functions of the host panicked when it called them, or its compilation was ended for its cost. Nothing of it is started any more: what waited was cancelled, and submissions and retries are refused. Other modules, and the same one of other users, are not affected. Find out what it does with `sublet run`, and push a mended one; or ask an operator, who lets it begin anew with `sublet modules release MODULE --user NAME`.";
    ServerFault = 501, "fault of the server",
        "Something failed on the server's side. The request id is in its log with the causes.";
    CompilerFault = 502, "compiler failed",
        "The process that compiles modules died or could not be started. This is not the module's fault as far as known; try again, and tell the operator.";
    NotReady = 503, "server is not ready",
        "Something that the server needs to do its work is missing; the message names each. `sublet doctor` says what to do about it. `GET /readyz?verbose` tells of every check once all is well again.";
    NothingToRetry = 601, "nothing to retry",
        "No finished task of the job fits the choice. `sublet jobs show JOB` shows how its tasks ended.";
    KeyReused = 602, "idempotency key was used for another request",
        "The same Idempotency-Key came with another body. Use a new key for a new job.";
    VersionMismatch = 603, "changed in the meantime",
        "Somebody changed the thing after it was read, so nothing was done. Read it again, look at what the other changed, and decide anew: `sublet plan FILE`, then `sublet apply FILE`.";
    SubclusterBusy = 604, "sub-cluster has running jobs",
        "Something runs on the nodes of the sub-cluster. Say --drain to let it end first: nothing new starts there, and the sub-cluster goes when its last node is empty.";
    RuleInvalid = 605, "rule is not valid",
        "A rule, or the document around it, cannot be read: the message has line, column and a caret under the place, and offers the nearest name for an unknown one. `sublet help rules` is the language on one page.";
    RulesRefused = 606, "rules are refused",
        "Each rule can be read, but the set cannot be obeyed: a rule that can never hold, entry and exit of one sub-cluster that hold for the same node, a target that is not there, a slot that fits no node, nodes that promise more than the host has. Every reason is told with its place; nothing was changed.";
    UserExists = 607, "user exists",
        "There is a user of this name, or there was one: names are never given to anybody else, because records keep them. Choose another name, or issue a further certificate with `sublet certs issue`.";
    NoOlderAuthority = 608, "no older authority",
        "There is one authority, and nothing to retire. `sublet certs rotate` makes a new one first.";
    NotListening = 609, "server listens on its socket only",
        "A credential leads to the address that the server listens on, and it listens on none but its unix socket. Start it with `sublet serve --listen ADDRESS`.";
    RotationUnfinished = 610, "two authorities already",
        "Credentials know two authorities at most, and there are two. `sublet certs retire` ends the older one, once everybody has renewed.";
    AuditBroken = 611, "audit log is not whole",
        "Somebody else than the server wrote into the audit log: an entry is missing, changed or added, and the message names the first. Stop trusting what stands after it, compare with a backup, and find out who can write the data directory.";
    EventsGone = 612, "events are no longer known",
        "The server keeps the latest events only, and those since it started. Read how jobs stand now, then go on without `after`: the records have everything, with its times.";
    ConfigurationRefused = 613, "configuration is not taken over",
        "The configuration as it is written now cannot come to hold while the server runs: it has an error, or changes what is decided when a server starts. The message names the place or the keys; nothing was changed.";
    ServerUnreachable = 701, "server cannot be reached",
        "No server answers on the socket. Start one with `sublet serve`, or name another with --url or SUBLET_URL.";
    FileUnreadable = 702, "file cannot be read",
        "The file does not exist or may not be read. The message has the system's reason.";
    DataDirectoryHeld = 703, "data directory is in use",
        "Another server works on this data directory; the message names its process. Stop it first, or choose another with --data-dir.";
    ConfigurationInvalid = 704, "configuration is not valid",
        "The configuration file has an error at the place that the message names. All keys are optional; unknown ones are errors.";
    Usage = 705, "command line is not valid",
        "The command line could not be understood. `sublet help COMMAND` shows what it takes.";
    TextInvalid = 706, "WebAssembly text is not valid",
        "The .wat file could not be turned into a binary; the message has line and column.";
    FileUnwritable = 707, "file cannot be written",
        "A temporary file or the command's own output could not be written; the message has the system's reason. Most often a disk is full: free some space, or set TMPDIR to another place.";
    LocalFault = 708, "this machine cannot do it",
        "The command could not get what it needs from the machine it runs on: threads, memory, a signal, a file of its own. The causes tell what and why.";
    CredentialInvalid = 709, "credential cannot be used",
        "The file is no credential, is damaged, or can be read by others than its owner. An operator makes credentials: `sublet users add NAME`, or `sublet certs issue NAME` for a further one.";
    HostUnfit = 710, "host does not hold what is promised",
        "A check of `sublet doctor` that Sublet's promises rest on failed. The table says which, and what to do about each.";
    BackupRefused = 711, "backup is refused",
        "The file is no backup, is damaged, or is of a newer Sublet, or the directory to restore into is not empty. The cause tells which. Nothing was changed.";
}

impl Code {
    /// The code of this text, such as `S0412`, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['S', 's'])?;
        let number: u16 = digits.parse().ok()?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.number() == number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{:04}", self.number())
    }
}
