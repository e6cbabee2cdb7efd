// How many entities or scopes a store has.

import { FORMAT } from '../../../../js/question.mjs'

// countNames lists the names in parts, looks only at the length of each row, and tells how many
// there were so far.
export async function countNames(store, op, signal, onCount) {
  let n = 0
  await store.each({ op, format: FORMAT.rows, rows: 4096 }, { signal }, async (part) => {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
    for (let at = 0; at < part.byteLength; at += view.getUint32(at, true)) n++
    onCount(n)
  })
  return n
}
