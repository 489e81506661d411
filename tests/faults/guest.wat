;; One guest for every kind of end: the first letter of its first argument says which.
;;   o  ends well   f  fails with 3   t  traps   w  waits ten minutes   s  waits for a tenth of a second and ends well
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  ;; A list of one piece, and the piece.
  (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
  (func $wait (param $nanoseconds i64)
    ;; A subscription to the monotonic clock, relative.
    (i32.store (i32.const 1016) (i32.const 1))
    (i64.store (i32.const 1024) (local.get $nanoseconds))
    (drop (call $poll (i32.const 1000) (i32.const 1104) (i32.const 1) (i32.const 1200))))
  (func (export "_start") (local $letter i32)
    (drop (call $args_get (i32.const 2000) (i32.const 3000)))
    (local.set $letter (i32.load8_u (i32.load (i32.const 2004))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
    (if (i32.eq (local.get $letter) (i32.const 0x66)) (then (call $exit (i32.const 3))))
    (if (i32.eq (local.get $letter) (i32.const 0x74)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 0x77)) (then (call $wait (i64.const 600000000000))))
    (if (i32.eq (local.get $letter) (i32.const 0x73)) (then (call $wait (i64.const 100000000))))))
