;; Sleeps for a tenth of a second.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; One subscription: a clock (tag 0), the monotonic one (1), relative, 100,000,000 ns.
  (data (i32.const 16) "\01")
  (data (i32.const 24) "\00\e1\f5\05\00\00\00\00")
  (func (export "_start")
    (if (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
      (then unreachable))))
