// What a text in the filter field may mean, before the store is asked.

import { hex } from '../ui/plain.mjs'

// idOf returns the id that a text is, or ''.
export function idOf(text) {
  const t = text.trim().toLowerCase()
  return /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(t) ? t : ''
}

// sequenceOf returns the sequence that a text is: 1234, 1,234 or #1234; undefined for others.
export function sequenceOf(text) {
  const m = /^#?(\d{1,3}(?:,\d{3})+|\d{1,20})$/.exec(text.trim())
  if (!m) return undefined
  const n = BigInt(m[1].replaceAll(',', ''))
  if (n >= 1n << 64n) return undefined
  return n <= Number.MAX_SAFE_INTEGER ? Number(n) : n
}

// kindOf returns the kind that a text is by number, undefined for others.
export const kindOf = (text) => (/^0x[0-9a-f]{1,4}$/i.test(text.trim()) ? Number(text.trim()) : undefined)

const LENGTHS = { 4: 'year', 7: 'month', 10: 'day', 13: 'hour', 16: 'minute', 19: 'second' }
const MS = { hour: 3600000, minute: 60000, second: 1000 }

// timeOf returns [begin, end] in ms of the time that a text names, as precisely as it does: a
// year, a month, a day, an hour, a minute, a second or a millisecond; null for others. Times are UTC.
export function timeOf(text) {
  const t = text.trim().replace(/\s+UTC$|Z$/i, '').replace(/[ T]+/, 'T')
  const m = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?)?)?)?$/.exec(t)
  if (!m || (m[1] && t.length === 4 && (m[1] < '1900' || m[1] > '2199'))) return null
  const [y, mo, d, h, mi, s, f] = [1, 2, 3, 4, 5, 6, 7].map((i) => m[i])
  const begin = Date.UTC(y, (mo ?? 1) - 1, d ?? 1, h ?? 0, mi ?? 0, s ?? 0, f ? Number(f.padEnd(3, '0')) : 0)
  // A Date rolls over what does not exist, such as the 31st of February.
  if (new Date(begin).toISOString().slice(0, Math.min(t.length, 19)) !== t.slice(0, 19)) return null
  if (f) return [begin, begin + 10 ** (3 - f.length)]
  const unit = LENGTHS[t.length]
  if (unit === 'year') return [begin, Date.UTC(Number(y) + 1, 0)]
  if (unit === 'month') return [begin, Date.UTC(y, Number(mo))]
  return [begin, begin + (unit === 'day' ? 86400000 : MS[unit])]
}

// kindsLike returns the kinds whose name or number begins with a text, and then those whose
// name has it within, the most frequent first.
export function kindsLike(text, kinds, name, most = 6) {
  const t = text.trim().toLowerCase()
  if (t === '') return []
  const begins = ({ kind }) => name(kind).toLowerCase().startsWith(t) || hex(kind).toLowerCase().startsWith(t)
  const holds = (k) => !begins(k) && name(k.kind).toLowerCase().includes(t)
  return [...kinds.filter(begins), ...kinds.filter(holds)].slice(0, most)
}

// parseTime returns the ms of what one types as since or until: a time as above, or a number of
// ms; undefined for '', null for others.
export function parseTime(text, end = false) {
  const t = text.trim()
  if (t === '') return undefined
  if (/^-?\d{5,16}$/.test(t)) return Number(t)
  const range = timeOf(t)
  return range ? range[end ? 1 : 0] : null
}
