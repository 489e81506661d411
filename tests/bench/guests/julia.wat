;; Iterates z² + c for each point of a square, ROUNDS times. Floating-point arithmetic: where a check costs next to nothing.
(module
  (memory (export "memory") 1)
  (global $points (mut i32) (i32.const 0))
  (func (export "_start")
    (local $round i32)
    (loop $again
      (call $square)
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const ROUNDS)))))
  (func $square
    (local $x i32) (local $y i32)
    (local.set $y (i32.const 0))
    (loop $rows
      (local.set $x (i32.const 0))
      (loop $columns
        (global.set $points
          (i32.add (global.get $points)
            (call $steps
              (f64.div (f64.convert_i32_s (i32.sub (local.get $x) (i32.const 64))) (f64.const 40))
              (f64.div (f64.convert_i32_s (i32.sub (local.get $y) (i32.const 64))) (f64.const 40)))))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $x) (i32.const 128))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $y) (i32.const 128)))))
  (func $steps (param $re f64) (param $im f64) (result i32)
    (local $step i32) (local $re2 f64) (local $im2 f64)
    (loop $more
      (local.set $re2 (f64.mul (local.get $re) (local.get $re)))
      (local.set $im2 (f64.mul (local.get $im) (local.get $im)))
      (local.set $im
        (f64.add (f64.mul (f64.mul (f64.const 2) (local.get $re)) (local.get $im)) (f64.const 0.156)))
      (local.set $re (f64.sub (f64.sub (local.get $re2) (local.get $im2)) (f64.const 0.8)))
      (local.set $step (i32.add (local.get $step) (i32.const 1)))
      (br_if $more
        (i32.and
          (i32.lt_u (local.get $step) (i32.const 500))
          (f64.le (f64.add (local.get $re2) (local.get $im2)) (f64.const 4)))))
    (local.get $step)))
