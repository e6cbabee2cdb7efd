// Text from a store, and numbers, as the page shows them. A store may be made to deceive:
// its names and payloads can hold characters that turn the direction of a line, take no
// width, or look like the end of one.

// hidden are characters that cannot be seen for what they are: controls, formatting (bidi,
// zero width), surrogates without their partner, private and unassigned ones, line ends, and
// every space but the plain one.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

const names = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }

const escape = (c) => {
  if (names[c]) return names[c]
  const code = c.codePointAt(0).toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}

// visible replaces characters that cannot be seen by escapes such as \u202e.
export const visible = (s) => String(s).replace(hidden, escape)

// pieces returns the same as a list of [text, whether it is an escape], so that an escape can
// be told from a name that spells one.
export function pieces(s) {
  const all = []
  let at = 0
  for (const m of String(s).matchAll(hidden)) {
    if (m.index > at) all.push([s.slice(at, m.index), false])
    const last = all.at(-1)
    if (last?.[1]) last[0] += escape(m[0])
    else all.push([escape(m[0]), true])
    at = m.index + m[0].length
  }
  if (at < s.length) all.push([s.slice(at), false])
  return all
}

// cut returns at most n UTF-16 units, and no half of a pair.
export function cut(s, n) {
  if (s.length <= n) return s
  const half = /[\ud800-\udbff]/.test(s[n - 1]) && /[\udc00-\udfff]/.test(s[n])
  return s.slice(0, half ? n - 1 : n)
}

// short returns a text that is visible and has at most some n characters of s, and says how
// many there are if it is not all.
export function short(s, n = 120) {
  s = String(s)
  return s.length <= n ? visible(s) : `${visible(cut(s, n))}\u2026 (${count(s.length)} characters)`
}

const grouped = new Intl.NumberFormat('en-US')

// count returns a number or BigInt with its thousands apart.
export const count = (n) => (n === null || n === undefined ? '?' : grouped.format(n))

// plural returns a count with its noun.
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 || n === 1n ? one : many}`

const LAST = 8.64e15 // ms, of a Date

// when returns a time in ms since 1970 as text, in UTC.
export function when(ms) {
  const n = Number(ms)
  if (!Number.isFinite(n) || Math.abs(n) > LAST) return `${ms} ms`
  const [day, time] = new Date(n).toISOString().split('T')
  return `${day} ${time.slice(0, -1)}`
}

// whenMicros does the same for a time in \u00b5s.
export function whenMicros(us) {
  const n = BigInt(us)
  const rest = ((n % 1000n) + 1000n) % 1000n
  return `${when((n - rest) / 1000n)}${String(rest).padStart(3, '0')}`
}

const units = [[86400000, 'd'], [3600000, 'h'], [60000, 'min'], [1000, 's'], [1, 'ms']]

// span returns a length of time in ms with its two highest units.
export function span(ms) {
  let rest = Number(ms)
  if (!(rest > 0)) return '0 ms'
  const all = []
  for (const [size, name] of units) {
    const n = Math.floor(rest / size)
    if (n > 0) all.push(`${count(n)} ${name}`)
    else if (all.length > 0) break
    if (all.length === 2) break
    rest -= n * size
  }
  return all.join(' ') || `${rest.toFixed(2)} ms`
}

// size returns a number of bytes with its unit.
export function size(n) {
  n = Number(n)
  for (const unit of ['bytes', 'kB', 'MB', 'GB']) {
    if (n < 1000 || unit === 'GB') return unit === 'bytes' ? plural(n, 'byte') : `${n < 10 ? n.toFixed(1) : Math.round(n)} ${unit}`
    n /= 1000
  }
}

// hex returns a kind as lines have it.
export const hex = (kind) => `0x${Number(kind).toString(16).toUpperCase().padStart(4, '0')}`

// shortId returns the end of an id. Ids made in the same millisecond begin alike.
export const shortId = (id) => (id ? `\u2026${id.slice(-8)}` : '')
