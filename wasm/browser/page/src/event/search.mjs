// Searching the keys and values of a payload.

import { bodyOf, heads, KIND, textOf } from './msgpack.mjs'
import { scalar } from './spell.mjs'

export const MOST_FOUND = 10_000

// found yields the offset of each key or value that contains a text, whatever its case, and
// undefined for others, so that a caller can pause. It goes through the bytes once, without
// decoding their structure.
export function* found(b, wanted) {
  const needle = wanted.toLowerCase()
  for (const h of heads(b)) {
    if (h.container || h.kind === KIND.bin || h.kind === KIND.ext) {
      yield undefined
      continue
    }
    const text = h.kind === KIND.str ? textOf(bodyOf(b, h)) : scalar(b, h)
    yield text !== null && text.toLowerCase().includes(needle) ? h.at : undefined
  }
}
