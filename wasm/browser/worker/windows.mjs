// The files of all stores, read by windows that are kept up to a budget. A Blob's slice costs
// 0.3 ms whatever its size, so what is missing for a step is read with one call, and of a
// file that is read from front to end the next part is read while the last one is used.

import { ReadError } from '../../js/errors.mjs'
import { STATUS } from '../../js/task.mjs'
import { Scan } from './scan.mjs'

export const WINDOW = 64 << 10
const AHEAD = 16 // windows at most: 1 MiB
// A read of so many bytes is a scan: it passes the windows by, of which it would evict all.
export const LARGE = 256 << 10
const MOST_WINDOWS = 2 ** 26 // of a file, for a key that is a safe integer

let files = 0

// File is a file of a store. read belongs to its source: it takes a list of {file, at, end}
// and returns a promise of a list of {bytes} or {status, cause}, and does not reject. With
// content, the whole file is in memory.
export class File {
  constructor(name, size, regular, read, content = null) {
    this.id = ++files
    this.name = name
    this.size = size
    this.regular = regular
    this.read = read
    this.content = content
    this.next = this.ahead = 0 // of sequential reads, in windows
    this.scan = new Scan(this)
  }
}

const key = (file, w) => file.id * MOST_WINDOWS + w

// Plan is how the wants of one step are filled.
class Plan {
  held = new Map() // from a window's key to the window: there whatever the budget is
  direct = new Map() // from a large want to the parts that have its bytes
  reads = [] // ranges to read now
  waits = [] // promises of what is read already
}

export class Windows {
  #budget
  #kept = new Map() // from a window's key to {bytes}, least recently used first
  #coming = new Map() // from a window's key to a promise of {bytes} or {status}: read ahead
  #size = 0

  constructor(budget) { this.#budget = budget }

  // size is the number of bytes kept.
  get size() { return this.#size }

  // supply fills wants, whose files are those of a list. It returns null if all was at
  // hand, else a promise of a function that fills them. Both throw a ReadError for what the
  // system failed to read. onGone is called for a file that was replaced or removed.
  supply(list, wants, onGone) {
    const plan = this.#plan(list, wants)
    if (plan.reads.length === 0 && plan.waits.length === 0) {
      this.#fill(list, wants, plan, onGone)
      return null
    }
    return Promise.all([this.#read(plan.reads, plan.held), ...plan.waits]).then(() => () => this.#fill(list, wants, plan, onGone))
  }

  // load reads a part of a file that is not wanted yet, from a multiple of WINDOW on. It
  // reports whether that succeeded.
  async load(file, at, end) {
    const held = new Map()
    await this.#read([{ file, at, end }], held)
    return [...held.values()].every(({ bytes }) => bytes)
  }

  // behind reports whether a file is small enough to be read behind: others need room too.
  behind(file) { return file.size <= this.#budget / 2 }

  // forget drops the windows of some files.
  forget(list) {
    const ids = new Set(list.map((file) => file.id))
    for (const k of [...this.#kept.keys()]) if (ids.has(Math.floor(k / MOST_WINDOWS))) this.#drop(k)
  }

  #plan(list, wants) {
    const plan = new Plan(), lacking = new Map() // from a file to the windows to read
    for (const want of wants) {
      const file = list[want.file]
      if (file.content) continue
      const at = Number(want.offset), end = at + want.length
      if (want.length >= LARGE) {
        const parts = file.scan.parts(at, end)
        plan.direct.set(want, parts)
        for (const part of parts) if (!part.result) plan.waits.push(part.promise)
        continue
      }
      for (let w = Math.floor(at / WINDOW); w * WINDOW < end; w++) {
        const k = key(file, w)
        if (plan.held.has(k)) continue
        const window = this.#get(k), coming = this.#coming.get(k)
        if (window) plan.held.set(k, window)
        else if (coming) {
          plan.held.set(k, null)
          plan.waits.push(coming.then((window) => plan.held.set(k, window)))
        } else {
          if (!lacking.has(file)) lacking.set(file, new Set())
          lacking.get(file).add(w)
        }
      }
    }
    for (const [file, numbers] of lacking) this.#reads(file, [...numbers].sort((a, b) => a - b), plan)
    return plan
  }

  // reads plans the reads of windows, and reads ahead of a file that is read in order.
  #reads(file, windows, plan) {
    const first = windows[0], last = windows.at(-1)
    const inOrder = file.next > 0 && first >= file.next && first <= file.next + file.ahead && last - first === windows.length - 1
    file.ahead = inOrder ? Math.min(Math.max(2 * file.ahead, 1), AHEAD) : 0
    file.next = last + 1
    plan.reads.push(...ranges(file, windows))
    const ahead = []
    for (let w = last + 1; w <= last + file.ahead && w * WINDOW < file.size; w++) {
      if (!this.#kept.has(key(file, w)) && !this.#coming.has(key(file, w))) ahead.push(w)
    }
    if (ahead.length === 0) return
    const held = new Map(), read = this.#read(ranges(file, ahead), held)
    for (const w of ahead) {
      const k = key(file, w)
      this.#coming.set(k, read.then(() => {
        this.#coming.delete(k)
        return held.get(k)
      }))
    }
  }

  // read reads ranges, keeps their windows, and adds them to held.
  async #read(ranges, held) {
    const results = await read(ranges)
    ranges.forEach(({ file, at, end }, i) => {
      const { bytes } = results[i]
      for (let from = at; from < end; from += WINDOW) {
        // A copy, since a part of a large buffer would keep all of it.
        const window = bytes ? { bytes: bytes.slice(from - at, Math.min(from - at + WINDOW, end - at)) } : results[i]
        const k = key(file, from / WINDOW)
        held.set(k, window)
        if (bytes) this.#put(k, window)
      }
    })
  }

  #put(k, window) {
    this.#drop(k)
    this.#kept.set(k, window)
    this.#size += window.bytes.length
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#budget) break
      this.#drop(oldest)
    }
  }

  #drop(k) {
    const window = this.#kept.get(k)
    if (!window) return
    this.#kept.delete(k)
    this.#size -= window.bytes.length
  }

  #get(k) {
    const window = this.#kept.get(k)
    if (window) { // now the most recently used
      this.#kept.delete(k)
      this.#kept.set(k, window)
    }
    return window
  }

  #fill(list, wants, plan, onGone) {
    for (const want of wants) {
      const file = list[want.file]
      const { status, cause } = fill(file, want, plan)
      if (status === STATUS.failed) throw new ReadError(file.name, cause)
      if (status === STATUS.gone) onGone()
      want.status = status
    }
  }
}

// fill copies the bytes of a want, and returns its status.
function fill(file, want, plan) {
  const at = Number(want.offset), to = want.bytes
  if (file.content) {
    to.set(file.content.subarray(at, at + to.length))
    return { status: STATUS.done }
  }
  const parts = plan.direct.get(want)
  for (let n = 0; n < to.length;) {
    const part = parts?.find(({ end }) => end > at + n), w = Math.floor((at + n) / WINDOW)
    const { result, from } = part ? { result: part.result, from: part.at } : { result: plan.held.get(key(file, w)), from: w * WINDOW }
    if (!result.bytes) {
      file.scan.end() // what failed must be read again
      return result
    }
    const some = result.bytes.subarray(at + n - from, at - from + to.length)
    if (some.length === 0) return { status: STATUS.short }
    to.set(some, n)
    n += some.length
  }
  return { status: STATUS.done }
}

// ranges joins windows that lie side by side.
function ranges(file, windows) {
  const out = []
  for (const w of windows) {
    const end = Math.min((w + 1) * WINDOW, file.size)
    if (out.length > 0 && out.at(-1).end === w * WINDOW) out.at(-1).end = end
    else out.push({ file, at: w * WINDOW, end })
  }
  return out
}

// read reads ranges, with one call for each source.
async function read(ranges) {
  const out = new Array(ranges.length), bySource = new Map()
  ranges.forEach((range, i) => {
    const { read } = range.file
    if (!bySource.has(read)) bySource.set(read, [])
    bySource.get(read).push(i)
  })
  for (const [read, at] of bySource) {
    const results = await read(at.map((i) => ranges[i]))
    at.forEach((i, n) => { out[i] = results[n] })
  }
  return out
}
