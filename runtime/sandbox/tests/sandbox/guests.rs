//! Text of guests: WASI 0.1 imports by name, and components with the WASI 0.2 interfaces that the tests use.

/// A core module that imports functions of WASI 0.1 as `$name`, has one page of memory and `body`.
pub(crate) fn core(functions: &[&str], body: &str) -> String {
    let imports: String = functions.iter().map(|name| import(name)).collect();
    format!("(module {imports} (memory (export \"memory\") 1) {body})")
}

fn import(name: &str) -> String {
    let parameters = match name {
        "proc_exit" => return preview1(name, "(param i32)"),
        "sched_yield" => "",
        "fd_close" => "(param i32)",
        "args_get" | "args_sizes_get" | "environ_get" | "environ_sizes_get" | "random_get"
        | "clock_res_get" => "(param i32 i32)",
        "clock_time_get" => "(param i32 i64 i32)",
        "fd_filestat_set_size" => "(param i32 i64)",
        "path_unlink_file" | "path_create_directory" => "(param i32 i32 i32)",
        "fd_write" | "fd_read" | "poll_oneoff" => "(param i32 i32 i32 i32)",
        "path_symlink" => "(param i32 i32 i32 i32 i32)",
        "path_open" => "(param i32 i32 i32 i32 i32 i64 i64 i32 i32)",
        _ => panic!("the signature of {name} is not known here"),
    };
    preview1(name, &format!("{parameters} (result i32)"))
}

fn preview1(name: &str, signature: &str) -> String {
    format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} {signature}))\n")
}

/// Writes the bytes at 1024, of the length at 4, to a descriptor; answers the errno.
pub(crate) const WRITE: &str = r#"
    (func $put (param $fd i32) (param $length i32) (result i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (local.get $length))
        (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))"#;

/// Opens the path at 2048 in the first granted directory, following links; answers the errno, the descriptor is at 16.
/// Rights 2 read, 64 write; open flags 1 create, 2 directory, 4 exclusive, 8 truncate.
pub(crate) const OPEN: &str = r#"
    (func $open (param $length i32) (param $flags i32) (param $rights i64) (result i32)
        (call $path_open (i32.const 3) (i32.const 1) (i32.const 2048) (local.get $length) (local.get $flags)
            (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))"#;

/// Waits for `$seconds`; a subscription to the clock is built at 64.
pub(crate) const SLEEP: &str = r#"
    (func $sleep (param $seconds i64)
        (i32.store8 (i32.const 72) (i32.const 0))
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.mul (local.get $seconds) (i64.const 1000000000)))
        (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 192))))"#;

/// Says "x" and then computes for ever.
pub(crate) fn spinner() -> String {
    core(
        &["fd_write"],
        &format!(
            "{WRITE} (data (i32.const 1024) \"x\") (func (export \"_start\") (drop (call $put (i32.const 1) (i32.const 1))) (loop (br 0)))"
        ),
    )
}

/// A component that is a command, from the text of its imports and of a core module `$main` that exports `run`.
pub(crate) fn command(imports: &str, main: &str, with: &str) -> String {
    format!(
        r#"(component
            {imports}
            (core module $main {main})
            (core instance $main (instantiate $main {with}))
            (func $run (result (result)) (canon lift (core func $main "run")))
            (instance $command (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $command)))"#
    )
}

/// Standard output of WASI 0.2: `$get-stdout` and `$write`, for [`command`], with a memory that they share.
pub(crate) const STDOUT: &str = r#"
    (import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type (sub resource)))))
    (alias export $io-error "error" (type $error))
    (import "wasi:io/streams@0.2.0" (instance $streams
        (export "output-stream" (type $output-stream (sub resource)))
        (alias outer 1 $error (type $outer-error))
        (export "error" (type $error (eq $outer-error)))
        (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
        (export "stream-error" (type $stream-error (eq $failure)))
        (export "[method]output-stream.blocking-write-and-flush" (func
            (param "self" (borrow $output-stream)) (param "contents" (list u8))
            (result (result (error $stream-error)))))))
    (alias export $streams "output-stream" (type $output-stream))
    (import "wasi:cli/stdout@0.2.0" (instance $stdout
        (alias outer 1 $output-stream (type $outer-stream))
        (export "output-stream" (type $stream (eq $outer-stream)))
        (export "get-stdout" (func (result (own $stream))))))
    (core module $memory (memory (export "memory") 1))
    (core instance $memory (instantiate $memory))
    (core func $get-stdout (canon lower (func $stdout "get-stdout")))
    (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
        (memory $memory "memory")))
    (core func $drop (canon resource.drop $output-stream))"#;

/// How a core module of [`command`] is given what [`STDOUT`] made.
pub(crate) const WITH_STDOUT: &str = r#"(with "host" (instance
    (export "get-stdout" (func $get-stdout)) (export "write" (func $write)) (export "drop" (func $drop))
    (export "memory" (memory $memory "memory"))))"#;

/// The imports of that core module.
pub(crate) const USE_STDOUT: &str = r#"
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "memory" (memory 1))"#;

/// The file system of WASI 0.2: `$get-directories` and `$open-at`, for [`command`], with a memory that they share.
pub(crate) const FILES: &str = r#"
    (import "wasi:filesystem/types@0.2.0" (instance $types
        (export "descriptor" (type $descriptor (sub resource)))
        (type $codes (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist"
            "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop"
            "too-many-links" "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory"
            "insufficient-space" "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device"
            "overflow" "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
        (export "error-code" (type $error-code (eq $codes)))
        (type $path (flags "symlink-follow"))
        (export "path-flags" (type $path-flags (eq $path)))
        (type $open (flags "create" "directory" "exclusive" "truncate"))
        (export "open-flags" (type $open-flags (eq $open)))
        (type $flags (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync"
            "mutate-directory"))
        (export "descriptor-flags" (type $descriptor-flags (eq $flags)))
        (export "[method]descriptor.open-at" (func
            (param "self" (borrow $descriptor)) (param "path-flags" $path-flags) (param "path" string)
            (param "open-flags" $open-flags) (param "flags" $descriptor-flags)
            (result (result (own $descriptor) (error $error-code)))))))
    (alias export $types "descriptor" (type $descriptor))
    (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
        (alias outer 1 $descriptor (type $outer-descriptor))
        (export "descriptor" (type $own-descriptor (eq $outer-descriptor)))
        (export "get-directories" (func (result (list (tuple (own $own-descriptor) string)))))))
    (core module $memory
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 4096))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next) (global.set $next (i32.add (global.get $next) (i32.const 64)))))
    (core instance $memory (instantiate $memory))
    (core func $get-directories (canon lower (func $preopens "get-directories")
        (memory $memory "memory") (realloc (func $memory "realloc"))))
    (core func $open-at (canon lower (func $types "[method]descriptor.open-at") (memory $memory "memory")))"#;

/// How a core module of [`command`] is given what [`FILES`] made.
pub(crate) const WITH_FILES: &str = r#"(with "host" (instance
    (export "get-directories" (func $get-directories)) (export "open-at" (func $open-at))
    (export "memory" (memory $memory "memory"))))"#;

/// The imports of that core module.
pub(crate) const USE_FILES: &str = r#"
    (import "host" "get-directories" (func $get-directories (param i32)))
    (import "host" "open-at" (func $open-at (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "memory" (memory 1))"#;
