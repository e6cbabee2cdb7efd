// The difference between two payloads: which paths were added, removed or changed. Bounded in
// steps and in changes, because both payloads may be anything.

import { bodyOf, childrenOf, headAt, KIND, skip, textOf } from './msgpack.mjs'
import { scalar, spell } from './spell.mjs'

export const MOST_STEPS = 500_000
export const MOST_CHANGES = 1000

function sameBytes(a, from, to, b, start, end) {
  if (to - from !== end - start) return false
  for (; from < to; from++, start++) if (a[from] !== b[start]) return false
  return true
}

// keyOf is equal for equal keys, whatever the width of their encoding.
function keyOf(b, at) {
  const h = headAt(b, at)
  const text = h.kind === KIND.str ? textOf(bodyOf(b, h)) : null
  return text === null ? `#${spell(b, at)}` : `"${text}`
}

// compare yields the changes from payload a to payload b: { change, path, a, b }, where change is
// 'added', 'removed' or 'changed', path has an index per array and a key's offset per map, as
// { index } or { key, of } with of the bytes that the offset is in, and a and b are the offsets
// of the values, -1 for none. It yields undefined between changes, so that a caller can pause, and returns whether it
// stopped early.
export function* compare(a, b, most = { steps: MOST_STEPS, changes: MOST_CHANGES }) {
  let steps = 0, changes = 0
  const over = () => steps > most.steps || changes > most.changes

  function* report(change, path, at, bt) {
    if (++changes <= most.changes) yield { change, path, a: at, b: bt }
  }

  function* values(path, at, bt) {
    if (++steps % 64 === 0) yield undefined
    if (over()) return
    const h = headAt(a, at), k = headAt(b, bt)
    if (h.container && h.kind === k.kind) {
      const ac = childrenOf(a, at), bc = childrenOf(b, bt)
      steps += (ac.length + bc.length) >> 3 // reading them is work too
      if (sameBytes(a, at, ac.at(-1), b, bt, bc.at(-1))) return
      yield* h.kind === KIND.map ? maps(path, ac, bc) : arrays(path, ac, bc)
      return
    }
    if (h.container || k.container) yield* report('changed', path, at, bt)
    else if (!sameBytes(a, at, skip(a, at), b, bt, skip(b, bt)) && scalar(a, h) !== scalar(b, k)) yield* report('changed', path, at, bt)
  }

  function* maps(path, ac, bc) {
    const before = new Map() // from a key to the pairs that have it, in order
    for (let i = 0; i < ac.length - 1; i += 2) {
      const key = keyOf(a, ac[i])
      if (!before.has(key)) before.set(key, [])
      before.get(key).push(i)
    }
    for (let i = 0; i < bc.length - 1 && !over(); i += 2) {
      const step = { key: bc[i], of: b }
      const was = before.get(keyOf(b, bc[i]))?.shift()
      if (was === undefined) yield* report('added', [...path, step], -1, bc[i + 1])
      else yield* values([...path, step], ac[was + 1], bc[i + 1])
    }
    for (const left of before.values()) {
      for (const i of left) yield* report('removed', [...path, { key: ac[i], of: a }], ac[i + 1], -1)
      if (over()) return
    }
  }

  // arrays leaves out what is the same at both ends, so that an element put in or taken out at
  // one place is one change.
  function* arrays(path, ac, bc) {
    const same = (i, j) => sameBytes(a, ac[i], ac[i + 1], b, bc[j], bc[j + 1])
    let first = 0, aEnd = ac.length - 1, bEnd = bc.length - 1
    while (first < aEnd && first < bEnd && same(first, first)) first++
    while (aEnd > first && bEnd > first && same(aEnd - 1, bEnd - 1)) {
      aEnd--
      bEnd--
    }
    for (let i = first; i < Math.max(aEnd, bEnd) && !over(); i++) {
      const here = [...path, { index: i }]
      if (i >= bEnd) yield* report('removed', here, ac[i], -1)
      else if (i >= aEnd) yield* report('added', here, -1, bc[i])
      else yield* values(here, ac[i], bc[i])
    }
  }

  yield* values([], 0, 0)
  return over()
}

// pathText is a path as text: $.items[3]["two words"].
export function pathText(path) {
  let text = '$'
  for (const step of path) {
    if (step.index !== undefined) {
      text += `[${step.index}]`
      continue
    }
    const h = headAt(step.of, step.key)
    const name = h.kind === KIND.str ? textOf(bodyOf(step.of, h)) : null
    if (name !== null && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) text += '.' + name
    else text += `[${spell(step.of, step.key)}]`
  }
  return text
}
