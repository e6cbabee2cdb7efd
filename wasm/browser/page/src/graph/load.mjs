// What a picture of causes is made of, from the store.

import { OP } from '../../../../js/question.mjs'
import { rows as decode } from '../../../../js/rows.mjs'
import { DIRECTION } from '../../../../js/question.mjs'

// MOST is how many events a picture holds. A larger one could be neither drawn nor read.
export const MOST = 500
const STEP = { causes: 100, effects: 200, conversation: 200 }
export const FIRST = { causes: 100, effects: 200, conversation: 200 }

// more returns the bounds with more of one kind of events, which may be the same.
export function more(bounds, of) {
  const rest = of === 'causes' ? bounds.effects : of === 'effects' ? bounds.causes : 0
  return { ...bounds, [of]: Math.min(MOST - rest, bounds[of] + STEP[of]) }
}

const notFound = -1

// causality loads the causes and effects of an event: { rows, causes, effects }, the last two
// being how many direct ones are left out. The event may be missing, when it caused others.
export async function causality(store, id, bounds, signal) {
  const ask = async (direction, limit) => {
    try {
      return await store.rows({ op: OP.graph, id, direction, limit }, { signal, urgent: true })
    } catch (err) {
      if (direction === DIRECTION.causes && err?.code === notFound) return []
      throw err
    }
  }
  const [causes, effects] = await Promise.all([ask(DIRECTION.causes, bounds.causes), ask(DIRECTION.effects, bounds.effects)])
  const cut = (rows) => rows.at(-1)?.cut ?? 0
  return { rows: [...causes, ...effects], causes: cut(causes), effects: cut(effects) }
}

// conversation loads the first events of a correlation: { rows, more }, more being whether
// there are others.
export async function conversation(store, id, bounds, signal) {
  const found = []
  const enough = new AbortController()
  const stop = () => enough.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    await store.each({ op: OP.correlated, id, format: 0 }, { signal: enough.signal, urgent: true }, (part) => {
      found.push(...decode(part))
      if (found.length > bounds.conversation) enough.abort(enough) // an answer of millions is not read to its end
    })
  } catch (err) {
    if (err !== enough) throw err
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return { rows: found.slice(0, bounds.conversation), more: found.length > bounds.conversation }
}
