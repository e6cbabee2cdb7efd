// What the view of one event asks the store.

import { DIRECTION, OP } from '../../../../js/question.mjs'

export const MOST_EFFECTS = 20 // that are listed beside an event

const next = (seq) => BigInt(seq) + 1n

// read returns an event by its id, with its payload and the other fields of its frame.
export async function read(store, id, signal) {
  const [full] = await store.rows({ op: OP.get, id }, { signal, urgent: true })
  return full
}

// fromIndex returns what the index has of an event, without reading its frame: it is there
// even if the frame is damaged.
export async function fromIndex(store, id, signal) {
  const [row] = await store.rows({ op: OP.graph, id, limit: 1, depth: 1, direction: DIRECTION.effects }, { signal, urgent: true })
  return row
}

// fromFrame does so for an event that is known: ids may repeat, the sequence of an entity does not.
export async function fromFrame(store, row, signal) {
  const [full] = await store.rows({ ...only(row), payloads: true }, { signal, urgent: true })
  return full
}

// only is the question for one event by its entity and sequence.
const only = (row) => ({ op: OP.query, entity: row.entity, from: row.seq, to: next(row.seq), limit: 1 })

// before and after return the nearest event of the same entity, or of the store, or undefined.
const nearest = (key) => async (store, row, region, signal, payloads = false) => {
  const place = key === 'to' ? { to: row.seq, reverse: true } : { from: next(row.seq) }
  // The event before the first one: a "to" of 0 would be no bound.
  if (key === 'to' && BigInt(row.seq) === 0n) return undefined
  const [found] = await store.rows({ op: OP.query, ...region, ...place, limit: 1, payloads }, { signal })
  return found
}
export const before = nearest('to'), after = nearest('from')

export const previousFull = (store, row, signal) => before(store, row, { entity: row.entity }, signal, true)

// around returns the neighbours of an event.
export async function around(store, row, signal) {
  const of = { entity: row.entity }
  const [entityBefore, entityAfter, storeBefore, storeAfter] = await Promise.all([
    before(store, row, of, signal), after(store, row, of, signal), before(store, row, {}, signal), after(store, row, {}, signal),
  ])
  return { entityBefore, entityAfter, storeBefore, storeAfter }
}

// effectsOf returns the direct effects of an event, and how many more there are.
export async function effectsOf(store, id, signal) {
  const links = await store.rows({
    op: OP.graph, id, depth: 1, limit: MOST_EFFECTS + 1, direction: DIRECTION.effects,
  }, { signal })
  return { effects: links.filter((link) => link.distance > 0), more: links.at(-1)?.cut ?? 0 }
}

// frameOf returns the bytes of an event's frame with what each of them is.
export async function frameOf(store, id, signal) {
  const [frame] = await store.lines({ op: OP.frame, id }, { signal })
  return frame
}
