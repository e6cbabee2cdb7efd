// The events of a region, by their number in it. The engine tells the sequence of every
// step-th event (the marks); the events between two marks are a chunk, read when it is looked at.

import { OP } from '../../../../js/question.mjs'

const MARKS = 65536 // at most some so many, for regions of any size
const KEPT = 24000 // rows

// stepFor returns the number of rows of a chunk.
export function stepFor(events) {
  let step = 64
  while (step * MARKS < Number(events)) step *= 2
  return step
}

export class Rows {
  total = null // until it is known
  error = null

  #store
  #region
  #step
  #seqs = null
  #chunks = new Map() // number to { rows } or { stop }, the latest used last
  #all = new AbortController()

  // version is a signal, whose value changes when there is something new to show.
  constructor(store, region, version) {
    this.version = version
    this.#store = store
    this.#region = region
    this.#step = stepFor(store.report.events)
    this.#load(0) // at once: the first rows do not wait for the marks
    this.ready = this.#mark()
  }

  // close cancels what is being read.
  close() {
    this.#all.abort()
    for (const c of this.#chunks.values()) c.stop?.abort()
  }

  // known is the number of rows that can be shown now.
  get known() { return this.total ?? this.#chunks.get(0)?.rows?.length ?? 0 }

  // at returns a row, undefined while it is not there.
  at(n) { return this.#chunks.get(Math.floor(n / this.#step))?.rows?.[n % this.#step] }

  // want reads what is missing of the rows from first to end, and cancels all other reads.
  want(first, end) {
    if (!this.#seqs) return
    const low = Math.max(0, Math.floor(first / this.#step)), high = Math.floor((end - 1) / this.#step)
    for (const [n, chunk] of this.#chunks) {
      if (chunk.stop && (n < low || n > high)) {
        chunk.stop.abort()
        this.#chunks.delete(n)
      }
    }
    for (let n = low; n <= high && n < this.#seqs.length; n++) this.#load(n)
  }

  // find returns the number of the row with a sequence, or of the next one.
  async find(seq) {
    await this.ready
    if (!this.#seqs || this.#seqs.length === 0) return -1
    let low = 0, high = this.#seqs.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#seqs[middle] <= seq) low = middle
      else high = middle
    }
    const rows = await this.#read(low, this.#all.signal)
    const at = rows.findIndex((r) => r.seq >= seq)
    return Math.min(low * this.#step + (at < 0 ? rows.length : at), this.total - 1)
  }

  async #mark() {
    try {
      const [events, ...seqs] = await this.#store.rows({ op: OP.marks, ...this.#region, step: this.#step }, { signal: this.#all.signal })
      this.#seqs = seqs
      this.total = events
      this.version.value++
    } catch (error) {
      this.#fail(error)
    }
  }

  async #load(n) {
    const known = this.#chunks.get(n)
    if (known) {
      this.#chunks.delete(n) // the latest last
      this.#chunks.set(n, known)
      return
    }
    const stop = new AbortController()
    this.#chunks.set(n, { stop })
    try {
      const rows = await this.#read(n, stop.signal)
      this.#chunks.set(n, { rows })
      while (this.#chunks.size * this.#step > KEPT && this.#chunks.size > 4) this.#chunks.delete(this.#chunks.keys().next().value)
      this.version.value++
    } catch (error) {
      if (this.#chunks.get(n)?.stop === stop) this.#chunks.delete(n)
      this.#fail(error)
    }
  }

  #read(n, signal) {
    const range = this.#seqs ? { from: this.#seqs[n], ...(n + 1 < this.#seqs.length ? { to: this.#seqs[n + 1] } : {}) } : {}
    return this.#store.rows({ op: OP.query, ...this.#region, ...range, limit: this.#step }, { signal, urgent: true })
  }

  #fail(error) {
    if (error?.name === 'AbortError' || this.#all.signal.aborted) return
    this.error = error
    this.version.value++
  }
}
