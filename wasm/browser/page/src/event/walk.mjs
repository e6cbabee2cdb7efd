// Checking the hash chain of an entity: a window of it at once, all of it on demand.

import { FORMAT, OP } from '../../../../js/question.mjs'
import { rows as decodeRows } from '../../../../js/rows.mjs'
import { Chain, LINK, sides, WHY } from './chain.mjs'
import { isThinned } from './extract.mjs'
import { fromFrame } from './load.mjs'

export const WINDOW = 24 // links shown at first
export const MOST_KEPT = 200 // links of a whole chain that are kept to be shown: those that do not fit
const PAGE = 512 // events asked for at once

const MOST = (1n << 64n) - 1n // the highest bound of a sequence

const next = (seq) => BigInt(seq) + 1n

// CONTENT has what can be wrong with an event by itself, in the words of thaw verify.
export const CONTENT = {
  contentHash: 'content_hash differs from event_hash',
  digest: "the payload's digest differs from event_hash",
  payloadSize: 'payload_size is not the size of the payload',
}

// contentOf returns what a frame that was read says against itself, or null. Reading compared
// the digest of the payload already.
export function contentOf(full) {
  if (full.contentHash !== full.hash) return CONTENT.contentHash
  return full.payloadSize === full.payload.length ? null : CONTENT.payloadSize
}

const damageOf = (error) => error?.details?.damage ?? null

// refusedFor returns what an error of reading an event says against its content, or null if it
// says that the frame cannot be read at all.
export const refusedFor = (error) => (damageOf(error)?.reason === 'payload_hash' ? CONTENT.digest : null)

// Between says what the open found between two events of a store: losses and hidden events.
export class Between {
  #losses
  #hidden

  constructor(report) {
    this.#losses = (report?.damages ?? [])
      .filter((d) => d.reason !== 'frame_length' && /^\d+\.fbat$/.test(d.file)) // a damaged length loses nothing
      .map((d) => [BigInt(parseInt(d.file, 10)), BigInt(d.offset ?? 0)])
    this.#hidden = (report?.hidden_ranges ?? []).map((r) => [BigInt(r.start), BigInt(r.end)])
  }

  lost(a, b) {
    const after = (segment, offset, row) => segment > BigInt(row.segment) || segment === BigInt(row.segment) && offset > BigInt(row.offset)
    const from = a ?? { segment: 0, offset: 0 }
    return this.#losses.some(([segment, offset]) => after(segment, offset, from) && !after(segment, offset, b))
  }

  hidden(a, b) {
    const from = a ? BigInt(a.seq) : -1n, to = BigInt(b.seq)
    return this.#hidden.some(([start, end]) => end > from + 1n && start < to)
  }
}

// Judge adds events of a chain to what is known of it: see Chain.add. Its answer also has row,
// content (what is wrong with the event itself, or null) and error (why it could not be read).
export class Judge {
  #chain
  #between
  #last = null
  #lost = false // the last event could not be read
  #extracts = new Map() // by segment
  #source

  constructor(store, whole) {
    this.#chain = new Chain(whole)
    this.#between = new Between(store.report)
    this.#source = store.source
  }

  // thinned reports whether events may be missing between the last event and a row: the header
  // of either segment says so. Headers are read only where a link needs it.
  async #thinned(row) {
    return await this.#extract(row) || this.#last !== null && await this.#extract(this.#last)
  }

  async #extract({ segment }) {
    if (!this.#extracts.has(segment)) this.#extracts.set(segment, await isThinned(this.#source, segment))
    return this.#extracts.get(segment)
  }

  async add(row, { content = null, error = null } = {}) {
    const lost = this.#lost || this.#between.lost(this.#last, row)
    const judged = this.#chain.add(row, {
      lost, extract: !this.#chain.simple(row) && await this.#thinned(row), hiddenBetween: this.#between.hidden(this.#last, row), suspect: content !== null || error !== null,
    })
    this.#last = row
    this.#lost = error !== null && content === null
    return { ...judged, row, content, error }
  }
}

// lastOf returns the links from an event back, newest first, by the index alone; whole says
// that they reach back to the first event of the entity.
export async function lastOf(store, row, count, signal) {
  const found = await store.rows({
    op: OP.query, entity: row.entity, to: next(row.seq), reverse: true, limit: count + 1,
  }, { signal })
  const whole = found.length <= count
  const judge = new Judge(store, whole)
  const links = []
  for (const r of found.reverse()) links.push(await judge.add(r))
  if (!whole) links.shift() // which was only read to judge the next one
  return { links: links.reverse(), whole }
}

// events yields the events of an entity from the first to the last, up to a sequence: { row, content,
// error }. With frames their payloads are read and compared with their hashes; an event that cannot
// be read does not end it.
async function* events(store, entity, to, frames, signal) {
  for (let from = 0n; from < to;) {
    let rows = [], error = null
    const question = { op: OP.query, entity, from, to, limit: PAGE, format: FORMAT.rows, payloads: frames }
    try {
      await store.each(question, { signal }, async (part) => {
        // Payloads are let go at once: a chain may have any number of any size.
        for (const row of decodeRows(part)) {
          const content = frames ? contentOf(row) : null
          delete row.payload
          rows.push({ row, content, error: null })
        }
      })
    } catch (err) {
      signal?.throwIfAborted()
      if (!damageOf(err)) throw err
      error = err
    }
    for (const event of rows) {
      from = next(event.row.seq)
      yield event
    }
    if (error === null && rows.length < PAGE) return
    if (error === null) continue
    // The error is about the next event of the entity, which the index still has.
    const [row] = await store.rows({ op: OP.query, entity, from, to, limit: 1 }, { signal })
    if (!row) throw error
    from = next(row.seq)
    yield { row, content: refusedFor(error), error }
  }
}

// whole checks the chain of an entity from its first event up to one, or to its last. onProgress
// gets (done, total). It returns { events, fits, forks, unsure, unread, wrong, kept, omitted }: counts, and
// the links that do not fit, at most MOST_KEPT of them.
export async function whole(store, row, { upTo = true, frames = true, signal, onProgress = () => {} } = {}) {
  const { entity } = row
  const [total] = await store.lines({ op: OP.count, entity }, { signal })
  const judge = new Judge(store, true)
  const result = { events: 0, fits: 0, forks: 0, unsure: 0, unread: 0, wrong: 0, kept: [], omitted: 0 }
  for await (const { row: r, content, error } of events(store, entity, upTo ? next(row.seq) : MOST, frames, signal)) {
    const judged = await judge.add(r, { content, error })
    result.events++
    count(result, judged)
    if (!good(judged)) {
      if (result.kept.length < MOST_KEPT) result.kept.push(judged)
      else result.omitted++
    }
    if (result.events % 256 === 0) onProgress(result.events, total)
  }
  onProgress(result.events, total)
  return result
}

const good = ({ link, content, error }) => error === null && content === null && (link === LINK.fits || link === LINK.begins)

function count(result, { link, content, error }) {
  if (error !== null && content === null) result.unread++
  else if (content !== null || link === LINK.broken) result.wrong++
  else if (link === LINK.fork || link === LINK.again) result.forks++
  else if (link === LINK.left || link === LINK.lost || link === LINK.hidden || link === LINK.unknown) result.unsure++
  else result.fits++
}

// proofOf reads an event's frame and says whether its payload fits its hash: { readable, fits }.
export async function proofOf(store, row, signal) {
  if (!row) return null
  try {
    return { readable: true, fits: contentOf(await fromFrame(store, row, signal)) === null }
  } catch (err) {
    signal?.throwIfAborted()
    if (!damageOf(err)) throw err
    return { readable: false, fits: refusedFor(err) === null ? null : false }
  }
}

// blame says in words which side of a broken link does not fit.
export async function blame(store, judged, signal) {
  const { row, from, why } = judged
  const before = await proofOf(store, from, signal), event = await proofOf(store, row, signal)
  const here = `#${row.seq}`, there = from ? `#${from.seq}` : ''
  switch (sides(why, before, event)) {
    case 'both': return `Neither ${there || 'its predecessor'} nor ${here} fits its own payload.`
    case 'before': return `The side of ${there} does not fit: its payload has another hash than its event_hash.`
    case 'event':
      if (!from) return `The side of ${here} does not fit: it names a predecessor, and the store has none.`
      return `The side of ${here} does not fit: the payload of ${there} has the hash that ${there} says, and ${here} names another.`
  }
  if (why === WHY.clock) return `The hashes fit. The clocks do not: ${from.clock} is followed by ${row.clock}.`
  if (why === WHY.wall) return 'The hashes fit. The times of the two events do not.'
  return `Which side is wrong cannot be told: ${there} cannot be read.`
}
