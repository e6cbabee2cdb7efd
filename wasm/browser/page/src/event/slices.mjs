// Long work in slices, so that the page answers meanwhile.

const SLICE_MS = 8

const pause = () => new Promise((resolve) => setTimeout(resolve))

// sliced runs a generator to its end and hands each value to use. Between slices it lets the
// page go on. It throws the reason of an aborted signal.
export async function sliced(work, use, signal) {
  for (let until = performance.now() + SLICE_MS, n = 0;;) {
    const { value, done } = work.next()
    if (done) return value
    if (value !== undefined) use(value)
    // Looking at the clock costs as much as a small value.
    if ((++n & 63) === 0 && performance.now() > until) {
      await pause()
      signal?.throwIfAborted()
      until = performance.now() + SLICE_MS
    }
  }
}
