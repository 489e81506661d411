;; Finds the primes below 1,048,576, ROUNDS times. Loops of a few instructions: where a check in every loop costs most.
(module
  (memory (export "memory") 17)
  (func (export "_start")
    (local $round i32)
    (loop $again
      (call $sieve)
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const ROUNDS)))))
  (func $sieve
    (local $prime i32) (local $multiple i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 1048576))
    (local.set $prime (i32.const 2))
    (loop $primes
      (if (i32.eqz (i32.load8_u (local.get $prime)))
        (then
          (local.set $multiple (i32.mul (local.get $prime) (local.get $prime)))
          (loop $multiples
            (i32.store8 (local.get $multiple) (i32.const 1))
            (local.set $multiple (i32.add (local.get $multiple) (local.get $prime)))
            (br_if $multiples (i32.lt_u (local.get $multiple) (i32.const 1048576))))))
      (local.set $prime (i32.add (local.get $prime) (i32.const 1)))
      (br_if $primes (i32.lt_u (local.get $prime) (i32.const 1024))))))
