// Signals: values that tell who read them when they change.

let running = null // the effect that runs now

// signal returns { value, peek() }. Setting the same value again tells nobody.
export function signal(value) {
  const readers = new Set()
  return {
    get value() {
      if (running) {
        readers.add(running)
        running.reads.add(readers)
      }
      return value
    },
    set value(next) {
      if (next === value) return
      value = next
      for (const reader of [...readers]) reader.run()
    },
    peek: () => value,
  }
}

// effect calls f now, and again whenever a signal that it read last time changes, until the
// function that it returns is called.
export function effect(f) {
  const self = {
    reads: new Set(),
    run() {
      self.forget()
      const outer = running
      running = self
      try {
        f()
      } finally {
        running = outer
      }
    },
    forget() {
      for (const readers of self.reads) readers.delete(self)
      self.reads.clear()
    },
  }
  self.run()
  return () => {
    self.run = () => {} // it may be about to be told
    self.forget()
  }
}

// computed returns a signal with the value of f, which reads other signals.
export function computed(f) {
  const result = signal(undefined)
  effect(() => {
    result.value = f()
  })
  return result
}
