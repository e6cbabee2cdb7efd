// The files of all stores, read by windows that are kept up to a budget. A Blob's slice costs
// 0.3 ms whatever its size, so what is missing for a step is read with one call, and a file
// that is read from front to end is read ahead.

import { ReadError } from '../../js/errors.mjs'
import { STATUS } from '../../js/task.mjs'

export const WINDOW = 64 << 10
const AHEAD = 16 // windows at most: 1 MiB
// A read of so many bytes is a scan: it passes the windows by, of which it would evict all.
export const LARGE = 256 << 10
const MOST_WINDOWS = 2 ** 26 // of a file, for a key that is a safe integer

let files = 0

// File is a file of a store. read belongs to its source: it takes a list of {file, at, end}
// and returns a promise of a list of {bytes} or {status, cause}. With content, the whole
// file is in memory.
export class File {
  constructor(name, size, regular, read, content = null) {
    this.id = ++files
    this.name = name
    this.size = size
    this.regular = regular
    this.read = read
    this.content = content
    this.next = this.ahead = 0 // of sequential reads, in windows
  }
}

export class Windows {
  #budget
  #kept = new Map() // from a window's key to {bytes} or {status}, least recently used first
  #size = 0

  constructor(budget) { this.#budget = budget }

  // size is the number of bytes kept.
  get size() { return this.#size }

  // supply fills wants, whose files are those of a list. It returns null if all was at
  // hand, else a promise of a function that fills them. Both throw a ReadError for what the
  // system failed to read. onGone is called for a file that was replaced or removed.
  supply(list, wants, onGone) {
    const { ranges, direct, held } = this.#missing(list, wants)
    if (ranges.length === 0) {
      this.#fill(list, wants, held, direct, onGone)
      return null
    }
    return read(ranges).then((results) => () => {
      this.#keep(ranges, results, direct, held)
      this.#fill(list, wants, held, direct, onGone)
    })
  }

  // forget drops the windows of some files.
  forget(list) {
    const ids = new Set(list.map((file) => file.id))
    for (const key of [...this.#kept.keys()]) if (ids.has(Math.floor(key / MOST_WINDOWS))) this.#drop(key)
  }

  // missing plans the reads for wants. direct is a map from a large want to its result, and
  // held has the windows that the wants need, which must be there whatever the budget is.
  #missing(list, wants) {
    const ranges = [], direct = new Map(), held = new Map(), lacking = new Map() // from a file to its missing windows
    for (const want of wants) {
      const file = list[want.file]
      if (file.content) continue
      const at = Number(want.offset), end = at + want.length
      if (want.length >= LARGE) {
        ranges.push({ file, at, end, want })
        direct.set(want, null)
        continue
      }
      for (let w = Math.floor(at / WINDOW); w * WINDOW < end; w++) {
        const k = key(file, w), window = held.get(k) ?? this.#get(k)
        if (window) {
          held.set(k, window)
          continue
        }
        if (!lacking.has(file)) lacking.set(file, new Set())
        lacking.get(file).add(w)
      }
    }
    for (const [file, numbers] of lacking) ranges.push(...this.#ranges(file, [...numbers].sort((a, b) => a - b)))
    return { ranges, direct, held }
  }

  // ranges joins windows that lie side by side, and reads ahead behind the last.
  #ranges(file, windows) {
    const last = windows.at(-1)
    file.ahead = windows[0] === file.next && file.next > 0 ? Math.min(Math.max(2 * file.ahead, 1), AHEAD) : 0
    for (let w = last + 1; w <= last + file.ahead && w * WINDOW < file.size && !this.#kept.has(key(file, w)); w++) windows.push(w)
    file.next = windows.at(-1) + 1
    const out = []
    for (const w of windows) {
      const end = Math.min((w + 1) * WINDOW, file.size)
      if (out.length > 0 && out.at(-1).end === w * WINDOW) out.at(-1).end = end
      else out.push({ file, at: w * WINDOW, end })
    }
    return out
  }

  // keep puts what was read into windows.
  #keep(ranges, results, direct, held) {
    ranges.forEach(({ file, at, end, want }, i) => {
      const result = results[i]
      if (want) {
        direct.set(want, result)
        return
      }
      for (; at < end; at += WINDOW) {
        // A copy, since a part of a large buffer would keep all of it.
        const window = result.bytes ? { bytes: result.bytes.slice(at - ranges[i].at, Math.min(at - ranges[i].at + WINDOW, end - ranges[i].at)) } : result
        const k = key(file, at / WINDOW)
        held.set(k, window)
        if (window.bytes) this.#put(k, window)
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

  #fill(list, wants, held, direct, onGone) {
    for (const want of wants) {
      const file = list[want.file]
      const { status, cause } = this.#fillOne(file, want, held, direct.get(want))
      if (status === STATUS.failed) throw new ReadError(file.name, cause)
      if (status === STATUS.gone) onGone()
      want.status = status
    }
  }

  #fillOne(file, want, held, result) {
    const at = Number(want.offset), to = want.bytes
    const from = file.content ? { bytes: file.content.subarray(at, at + want.length) } : result
    if (from) {
      if (!from.bytes) return from
      if (from.bytes.length < to.length) return { status: STATUS.short }
      to.set(from.bytes)
      return { status: STATUS.done }
    }
    for (let n = 0; n < to.length;) {
      const w = Math.floor((at + n) / WINDOW), begin = at + n - w * WINDOW
      const window = held.get(key(file, w))
      if (!window.bytes) return window
      const part = window.bytes.subarray(begin, begin + to.length - n)
      if (part.length === 0) return { status: STATUS.short }
      to.set(part, n)
      n += part.length
    }
    return { status: STATUS.done }
  }
}

const key = (file, w) => file.id * MOST_WINDOWS + w

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
