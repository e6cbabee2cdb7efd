// The facts of an event, ready to be shown and copied.

import { bodyOf, childrenOf, headAt, textOf } from './msgpack.mjs'

const FLAGS = [[1, 'requires acknowledgement'], [2, 'transactional'], [8, 'replay'], [0x80, 'redacted']]

// flagsText names the flags of an event.
export function flagsText(flags) {
  const names = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
  const others = flags & ~0x8b
  if (others !== 0) names.push(`undefined 0x${others.toString(16)}`)
  return names.length === 0 ? 'none' : names.join(', ')
}

// metaOf decodes metadata, a MessagePack map of texts, as pairs.
export function metaOf(meta) {
  if (!meta) return []
  const children = childrenOf(meta, 0), pairs = []
  const text = (at) => textOf(bodyOf(meta, headAt(meta, at))) ?? '?'
  for (let i = 0; i + 1 < children.length - 1; i += 2) pairs.push([text(children[i]), text(children[i + 1])])
  return pairs
}

// segmentName is the file of a segment.
export const segmentName = (segment) => `${String(segment).padStart(6, '0')}.fbat`

export const isZero = (hash) => /^0*$/.test(hash)
