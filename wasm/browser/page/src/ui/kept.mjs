// Answers about a store that are kept, so that what was looked at before is there at once.

const stores = new WeakMap()
const MOST = 24 // answers of a store

// kept returns the answer of ask, which is asked once for a key. An answer belongs to a report:
// a store that was opened again is asked again.
export async function kept(store, key, ask) {
  let all = stores.get(store.report)
  if (!all) stores.set(store.report, all = new Map())
  if (all.has(key)) return all.get(key)
  const answer = await ask()
  all.set(key, answer)
  if (all.size > MOST) all.delete(all.keys().next().value)
  return answer
}

// keyOf returns a text for the keys of a question.
export const keyOf = (question) => JSON.stringify(question, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))

const turns = new WeakMap()

// inTurn asks what takes long one after the other: questions that read a whole store at once
// throw out of the cache what the others need.
export async function inTurn(store, signal, ask) {
  const before = turns.get(store)
  let over
  turns.set(store, new Promise((done) => { over = done }))
  try {
    await before
    signal.throwIfAborted()
    return await ask()
  } finally {
    over()
  }
}
