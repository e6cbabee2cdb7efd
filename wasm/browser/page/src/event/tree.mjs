// The rows of a payload's tree. Only unfolded values have rows, and only the rows in sight are
// rendered; children of large arrays and maps come in chunks, which unfold like values.

import { childrenOf, headAt, KIND } from './msgpack.mjs'

export const CHUNK = 1000 // children of a node before they are chunked
export const MOST_ROWS = 100_000 // of an unfold all

// A row: id, at (offset of the value), depth (from 0), parent (id, or null), nth and of (its
// place among its siblings), key (offset of the key of a map, or -1), index (in an array, or
// -1), from and to (of a chunk, else -1), folds (it has children), open.

const chunkId = (at, from) => `${at}+${from}`

export class Tree {
  #b
  #open = new Set() // ids
  #children = new Map() // by offset, of unfolded values

  constructor(b) {
    this.#b = b
    this.rows = []
    if (headAt(b, 0).container) this.#open.add('0')
    this.#build()
  }

  isOpen(id) { return this.#open.has(id) }

  // toggle folds or unfolds a row.
  toggle(id, open = !this.#open.has(id)) {
    if (open) this.#open.add(id)
    else this.#open.delete(id)
    this.#build()
  }

  // unfoldAll unfolds level by level until there would be more than most rows. It returns how
  // many values stay folded, 0 for none.
  unfoldAll(most = MOST_ROWS) {
    let level = this.rows.filter((row) => row.folds && !row.open), count = this.rows.length, left = 0
    // What is open stays open; the first level are the folded rows at any depth.
    while (level.length > 0) {
      const next = []
      for (const row of level) {
        const more = this.#childCount(row)
        if (count + more > most) {
          left++
          continue
        }
        this.#open.add(row.id)
        count += more
        for (const child of this.#childRows(row)) if (child.folds) next.push(child)
      }
      level = next
    }
    this.#build()
    return left
  }

  // foldAll folds everything below the root.
  foldAll() {
    this.#open.clear()
    this.#children.clear()
    if (headAt(this.#b, 0).container) this.#open.add('0')
    this.#build()
  }

  // reveal unfolds what a value or key at an offset lies in, and returns the number of its row.
  reveal(offset) {
    for (const step of pathTo(this.#b, offset)) {
      this.#open.add(String(step.at))
      if (step.count > CHUNK) this.#open.add(chunkId(step.at, step.nth - step.nth % CHUNK))
    }
    this.#build()
    return this.rows.findIndex((row) => row.from < 0 && (row.at === offset || row.key === offset))
  }

  #build() {
    const rows = []
    const add = (row) => {
      rows.push(row)
      if (row.folds && this.#open.has(row.id)) {
        row.open = true
        for (const child of this.#childRows(row)) add(child)
      }
    }
    add(this.#row(0, 0, null, 1, 1, {}))
    this.rows = rows
  }

  #row(at, depth, parent, nth, of, more) {
    const h = headAt(this.#b, at)
    return { id: String(at), at, depth, parent, nth, of, key: -1, index: -1, from: -1, to: -1, folds: h.container && h.n > 0, open: false, ...more }
  }

  #childrenAt(at) {
    let children = this.#children.get(at)
    if (!children) this.#children.set(at, children = childrenOf(this.#b, at))
    return children
  }

  #childCount(row) {
    if (row.from >= 0) return row.to - row.from
    const { n } = headAt(this.#b, row.at)
    return n > CHUNK ? Math.ceil(n / CHUNK) : n
  }

  #childRows(row) {
    const children = this.#childrenAt(row.at), map = headAt(this.#b, row.at).kind === KIND.map
    const count = (children.length - 1) / (map ? 2 : 1), rows = []
    const chunk = row.from >= 0
    if (!chunk && count > CHUNK) {
      const of = Math.ceil(count / CHUNK)
      for (let from = 0; from < count; from += CHUNK) {
        const to = Math.min(from + CHUNK, count)
        rows.push(this.#row(row.at, row.depth + 1, row.id, from / CHUNK + 1, of, { id: chunkId(row.at, from), from, to, folds: true }))
      }
      return rows
    }
    const from = chunk ? row.from : 0, to = chunk ? row.to : count
    for (let i = from; i < to; i++) {
      const more = map ? { key: children[2 * i] } : { index: i }
      rows.push(this.#row(children[map ? 2 * i + 1 : i], row.depth + 1, row.id, i - from + 1, to - from, more))
    }
    return rows
  }
}

// pathTo returns the containers around the value or key at an offset, outermost first: at,
// count (elements or pairs), nth of them that leads on, and key, the offset of its key or -1.
export function pathTo(b, offset) {
  const path = []
  for (let at = 0; at !== offset;) {
    const h = headAt(b, at)
    if (!h.container) break
    const children = childrenOf(b, at)
    let low = 0, high = children.length - 2
    if (high < 0) break
    while (low < high) { // the last child that begins at or before the offset
      const middle = (low + high + 1) >> 1
      if (children[middle] <= offset) low = middle
      else high = middle - 1
    }
    const map = h.kind === KIND.map
    path.push({ at, count: h.n, nth: map ? low >> 1 : low, key: map ? children[low - low % 2] : -1 })
    // A container as the key of a map has no rows of its own: its pair's row stands for it.
    if (map && low % 2 === 0) break
    at = children[low]
  }
  return path
}
