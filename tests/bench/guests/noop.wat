;; The smallest command: a memory, as WASI wants it, and nothing to do.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
