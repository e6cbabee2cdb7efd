// Questions: their keys, checks, and encoding by ABI.md. An invalid question throws a
// TypeError, and is not asked.

export const OP = {
  open: 1, query: 2, count: 3, stream: 4, ancestors: 5, effects: 6, correlated: 7,
  state: 8, get: 9, read: 10, report: 11, verify: 12, readEach: 13, position: 14,
  entities: 15, scopes: 16, kinds: 17, graph: 18, marks: 19, timeline: 20,
  frame: 21, extract: 22,
}
export const FORMAT = { rows: 0, plain: 1, payloads: 2, full: 3, fullRows: 4 }
export const FLAG = { kinds: 1, clocks: 2, strict: 0x100, showHidden: 0x200, checkFrames: 0x400, checkIndex: 0x800, goOn: 0x1000 }

// DIRECTION says which way a graph goes from its event.
export const DIRECTION = { both: 0, causes: 1, effects: 2 }

const REQUEST_SIZE = 80
const MORE = { size: 32, since: 1, until: 2, reverse: 4, kindRuns: 8, wall: 16 } // the block of further fields and its flags
const MOST_NAME = 1024 // bytes
const utf8 = new TextEncoder()

// formatOf returns the format of a question's answer. With payloads, an answer of rows has
// full rows, and one of lines full lines.
const formatOf = ({ format = FORMAT.plain, payloads = false }) =>
  !payloads ? format : format === FORMAT.rows ? FORMAT.fullRows : format === FORMAT.plain ? FORMAT.full : format

// ALWAYS_TEXT has the operations that answer with JSON in every format.
const ALWAYS_TEXT = [OP.report, OP.verify, OP.timeline, OP.frame]

// inText reports whether the answer to a question is text, not bytes. The files of an
// extract are bytes in every format.
export const inText = ({ op, format = FORMAT.plain }) =>
  op !== OP.extract && (ALWAYS_TEXT.includes(op) || (format !== FORMAT.rows && format !== FORMAT.fullRows))

function refuse(key, wanted, value) {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value)
  throw new TypeError(`thaw: ${key}: wanted ${wanted}, got ${shown}`)
}

// Each check returns the value to encode.

const number = (most) => (key, v) => {
  const ok = typeof v === 'bigint' ? v >= 0n && v <= most : Number.isSafeInteger(v) && v >= 0 && BigInt(v) <= most
  return ok ? BigInt(v) : refuse(key, `a whole number from 0 to ${most}`, v)
}
const u16 = number(0xffffn), u32 = number(0xffffffffn), u64 = number(0xffffffffffffffffn)

// time is a time in µs since 1970, or a Date.
const time = (key, v) => {
  if (v instanceof Date && !Number.isNaN(v.getTime())) return BigInt(v.getTime()) * 1000n
  const ok = typeof v === 'bigint' ? BigInt.asIntN(64, v) === v : Number.isSafeInteger(v)
  return ok ? BigInt(v) : refuse(key, 'a Date or a whole number of µs since 1970', v)
}

// kind is a kind as a number, or as the text that lines have, such as '0x1001'.
const kind = (key, v) => u16(key, typeof v === 'string' && /^0x[0-9a-f]{1,4}$/i.test(v) ? Number(v) : v)

const oneOf = (names, what) => (key, v) => (Object.values(names).includes(v) ? v : refuse(key, `one of ${what}`, v))

const pair = (bound) => (key, v) =>
  Array.isArray(v) && v.length === 2 ? Array.from(v, (n) => Number(bound(key, n))) : refuse(key, 'a pair [first, last]', v)

// kinds is an ordered pair: the ABI has no range that ends before it begins.
const kinds = (key, v) => {
  const [first, last] = pair(kind)(key, v)
  return first <= last ? [first, last] : refuse(key, 'a pair [first, last] in this order', v)
}

// anyOf is a list of kinds.
const anyOf = (key, v) => (Array.isArray(v) ? Array.from(v, (k) => Number(kind(key, k))) : refuse(key, 'a list of kinds', v))

const text = (key, v) => {
  if (typeof v !== 'string') refuse(key, 'a string', v)
  if (/\p{Surrogate}/u.test(v)) refuse(key, 'a string without lone surrogates', v)
  return utf8.encode(v)
}

// condition is a text that narrows a question. An empty one would not.
const condition = (key, v) => (v === '' ? refuse(key, 'a text that is not empty (leave the key out for all)', v) : text(key, v))

// name is the name of a question's subject.
const name = (key, v) => {
  const b = text(key, v)
  return b.length > 0 && b.length <= MOST_NAME ? b : refuse(key, `a name of 1 to ${MOST_NAME} bytes`, v)
}

const id = (key, v) => {
  if (typeof v === 'string' && /^[0-]+$/.test(v)) refuse(key, 'an id that is not all zeros', v)
  const ok = typeof v === 'string' && /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(v)
  return ok ? Uint8Array.from(v.replaceAll('-', '').match(/../g), (d) => parseInt(d, 16)) : refuse(key, '32 hexadecimal digits', v)
}

const row = (key, v) => (v instanceof Uint8Array ? v : refuse(key, 'a Uint8Array', v))

const bool = (key, v) => (typeof v === 'boolean' ? v : refuse(key, 'true or false', v))

const flags = (key, v) => {
  const known = FLAG.strict | FLAG.showHidden | FLAG.checkFrames | FLAG.checkIndex
  return Number.isInteger(v) && (v & known) === v ? v : refuse(key, 'a sum of FLAG.strict, showHidden, checkFrames and checkIndex', v)
}

// KEYS has the keys of each operation besides those of every question; ! marks a
// required one.
const EVERY = { op: oneOf(OP, 'OP'), format: oneOf(FORMAT, 'FORMAT'), rows: u32, bytes: u32 }
const region = { entity: condition, prefix: condition, scope: condition, kinds, anyOf, clocks: pair(u32), since: time, until: time, wall: bool, from: u64 }
const names = { prefix: condition, after: text, limit: u64 }
const KEYS = {
  [OP.open]: { flags, from: u64, limit: u64 },
  [OP.query]: { ...region, limit: u64, to: u64, reverse: bool, payloads: bool, goOn: bool },
  [OP.count]: region,
  [OP.stream]: { 'entity!': name, from: u64, limit: u64, to: u64, reverse: bool, payloads: bool, goOn: bool },
  [OP.ancestors]: { 'id!': id, limit: u64, payloads: bool },
  [OP.effects]: { 'id!': id, limit: u64, payloads: bool },
  [OP.correlated]: { 'id!': id, payloads: bool, goOn: bool },
  [OP.state]: { 'entity!': name },
  [OP.get]: { 'id!': id },
  [OP.read]: { 'row!': row },
  [OP.readEach]: { 'row!': row, goOn: bool }, // rows one after the other
  [OP.report]: { from: u64 },
  [OP.verify]: { from: u64 },
  [OP.position]: {},
  [OP.entities]: names,
  [OP.scopes]: names,
  [OP.kinds]: {},
  [OP.graph]: { 'id!': id, depth: u64, limit: u64, direction: oneOf(DIRECTION, 'DIRECTION'), payloads: bool },
  [OP.marks]: { ...region, to: u64, step: u64 },
  [OP.timeline]: { ...region, to: u64, buckets: u64 },
  [OP.frame]: { id, row }, // one of the two
  [OP.extract]: { ...region, to: u64 },
}

// checkKeys returns the checked values of an object with only the given keys. An
// undefined value is an error: it was meant to be something.
export function checkKeys(what, object, keys) {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) refuse(what, 'an object', object)
  const out = {}
  for (const key in object) {
    const stands = [key, key + '!'].find((k) => Object.hasOwn(keys, k))
    if (!stands || key.endsWith('!')) throw new TypeError(`thaw: ${what}: unknown key ${JSON.stringify(key)}`)
    out[key] = keys[stands](key, object[key])
  }
  for (const key in keys) {
    if (key.endsWith('!') && !(key.slice(0, -1) in out)) throw new TypeError(`thaw: ${what}: the key ${key.slice(0, -1)} is missing`)
  }
  return out
}

// runsOf returns the runs [first, last] of consecutive kinds that a question asks for, null for
// every kind.
function runsOf(q) {
  if (q.kinds && q.anyOf) throw new TypeError('thaw: a question: kinds and anyOf exclude each other')
  if (q.kinds) return q.kinds[0] === 0 && q.kinds[1] === 0xffff ? null : [q.kinds]
  if (!q.anyOf) return null
  const runs = []
  for (const k of new Set(q.anyOf.sort((a, b) => a - b))) {
    if (runs.length > 0 && runs.at(-1)[1] === k - 1) runs.at(-1)[1] = k
    else runs.push([k, k])
  }
  return runs.length === 1 && runs[0][0] === 0 && runs[0][1] === 0xffff ? null : runs
}

// more returns the block of further fields, empty when none is asked for. runs are the kinds
// that the header cannot say, or null.
function more(q, runs) {
  const flags = ('since' in q ? MORE.since : 0) | ('until' in q ? MORE.until : 0) | (q.reverse ? MORE.reverse : 0) | (runs ? MORE.kindRuns : 0) | (q.wall ? MORE.wall : 0)
  if (flags === 0 && !q.direction && !q.to) return new Uint8Array()
  const b = new Uint8Array(MORE.size + 4 * (runs?.length ?? 0))
  const v = new DataView(b.buffer)
  v.setUint32(0, flags, true)
  v.setUint32(4, q.direction ?? 0, true)
  v.setBigInt64(8, q.since ?? 0n, true)
  v.setBigInt64(16, q.until ?? 0n, true)
  v.setBigUint64(24, q.to ?? 0n, true)
  runs?.flat().forEach((k, i) => v.setUint16(MORE.size + 2 * i, k, true))
  return b
}

// encode checks and encodes a question. An id is 32 hexadecimal digits; kinds and clocks
// are pairs [first, last], anyOf is a list of kinds; since and until are Dates or µs since
// 1970; large numbers may be BigInts. ../README.md has a table of all keys.
export function encode(question) {
  const op = EVERY.op('op', question?.op)
  const q = checkKeys('a question', question, { ...EVERY, ...KEYS[op] })
  if (op === OP.frame && !q.id === !q.row) throw new TypeError('thaw: a question: wanted one of the keys id and row')
  if (q.goOn && !inText(question)) throw new TypeError('thaw: goOn: wanted a format of lines')
  const none = new Uint8Array()
  const runs = runsOf(q)
  // One kind or a whole category lies in the header.
  const kinds = runs?.length === 1 && (runs[0][0] === runs[0][1] || ((runs[0][0] & 0xfff) === 0 && runs[0][1] === (runs[0][0] | 0xfff))) ? runs[0] : null
  const parts = [q.entity ?? q.row ?? q.after ?? none, q.prefix ?? none, q.scope ?? none, more(q, kinds ? null : runs)]
  const b = new Uint8Array(REQUEST_SIZE + parts.reduce((sum, p) => sum + p.length, 0))
  const v = new DataView(b.buffer)
  v.setUint32(0, op, true)
  v.setUint32(4, formatOf(q), true)
  v.setUint32(8, (q.flags ?? 0) | (kinds ? FLAG.kinds : 0) | (q.clocks ? FLAG.clocks : 0) | (q.goOn ? FLAG.goOn : 0), true)
  v.setUint32(12, Number(q.rows ?? 0), true)
  v.setUint32(16, Number(q.bytes ?? 0), true)
  v.setUint16(20, kinds?.[0] ?? 0, true)
  v.setUint16(22, kinds?.[1] ?? 0, true)
  v.setUint32(24, q.clocks?.[0] ?? 0, true)
  v.setUint32(28, q.clocks?.[1] ?? 0, true)
  v.setBigUint64(48, q.from ?? q.depth ?? 0n, true)
  v.setBigUint64(56, q.limit ?? q.step ?? q.buckets ?? 0n, true)
  if (q.id) b.set(q.id, 64)
  let at = REQUEST_SIZE
  parts.forEach((part, i) => {
    v.setUint32(32 + 4 * i, part.length, true)
    b.set(part, at)
    at += part.length
  })
  return b
}
