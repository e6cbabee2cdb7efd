// Decodes answers in formats 0 and 4: rows, summaries, links, marks and files, as ../guest/ABI.md
// lays them out. Numbers are Numbers where they fit and BigInts above 2^53. A RangeError means
// that the bytes are not what they should be.

const ROW = 168, FULL = 52, TIMED = 8, SUMMARY = 48, LINK = 16
const SORT = { plain: 0, full: 1, timed: 2, meta: 3 }
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const HEX = Array.from({ length: 256 }, (_, b) => b.toString(16).padStart(2, '0'))

const safe = (n) => (n <= Number.MAX_SAFE_INTEGER && n >= Number.MIN_SAFE_INTEGER ? Number(n) : n)

// Cursor reads fields at fixed offsets of one row.
class Cursor {
  constructor(b, at, length) {
    if (length > b.length - at) throw new RangeError('thaw: a row ends early')
    this.b = b.subarray(at, at + length)
    this.v = new DataView(b.buffer, b.byteOffset + at, length)
  }

  u16(at) { return this.v.getUint16(at, true) }
  u32(at) { return this.v.getUint32(at, true) }
  u64(at) { return safe(this.v.getBigUint64(at, true)) }
  i64(at) { return safe(this.v.getBigInt64(at, true)) }

  bytes(at, n) {
    if (n > this.b.length - at) throw new RangeError('thaw: a row ends early')
    return this.b.subarray(at, at + n)
  }

  text(at, n) { return decoder.decode(this.bytes(at, n)) }

  hex(at, n) {
    let s = ''
    for (let i = at; i < at + n; i++) s += HEX[this.b[i]]
    return s
  }

  // id is a UUID's text, '' for none.
  id(at) {
    for (let i = at; i < at + 16; i++) {
      if (this.b[i] !== 0) {
        const h = this.hex(at, 16)
        return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
      }
    }
    return ''
  }
}

// lengthAt is the length of the row at an offset, by its first field.
function lengthAt(b, at, least) {
  if (b.length - at < least) throw new RangeError('thaw: a row ends early')
  const length = new DataView(b.buffer, b.byteOffset + at, 4).getUint32(0, true)
  if (length < least || length > b.length - at) throw new RangeError('thaw: a row has a wrong length')
  return length
}

function all(b, one) {
  const out = []
  for (let at = 0; at < b.length;) {
    const [value, length] = one(b, at)
    out.push(value)
    at += length
  }
  return out
}

const REDACTED = 0x80 // of flags

function row(b, at) {
  const length = lengthAt(b, at, ROW)
  const c = new Cursor(b, at, length)
  const entity = c.u32(48), scope = c.u32(52)
  const e = {
    seq: c.u64(8), kind: c.u16(6), wallMs: c.u64(16), clock: c.u32(44), entity: c.text(ROW, entity), scope: c.text(ROW + entity, scope),
    id: c.id(56), correlation: c.id(72), causation: c.id(88), prev: c.hex(104, 32), hash: c.hex(136, 32),
    segment: c.u64(24), offset: c.u64(32), length: c.u32(40),
  }
  const sort = c.u16(4), end = ROW + entity + scope
  const least = { [SORT.plain]: 0, [SORT.timed]: TIMED, [SORT.full]: FULL, [SORT.meta]: FULL + 1 }[sort]
  if (least === undefined || length - end < least || (sort === SORT.plain || sort === SORT.timed) && length - end !== least) {
    throw new RangeError('thaw: a row has a wrong length')
  }
  if (sort !== SORT.plain) e.timestampUs = c.i64(end)
  if (sort === SORT.full || sort === SORT.meta) {
    const payload = c.u32(end + 8)
    e.payload = c.bytes(end + FULL, payload).slice()
    e.payloadSize = c.u32(end + 12)
    e.flags = c.u32(end + 16)
    e.contentHash = c.hex(end + 20, 32)
    if ((e.flags & REDACTED) !== 0 && payload === 0) e.redacted = true // its payload was removed, its hashes not
    const after = end + FULL + payload
    if ((sort === SORT.meta) !== after < length) throw new RangeError('thaw: a row has a wrong length')
    if (sort === SORT.meta) e.meta = c.bytes(after, length - after).slice() // MessagePack
  }
  return [e, length]
}

function link(b, at) {
  const c = new Cursor(b, at, Math.min(LINK, b.length - at))
  if (c.b.length < LINK) throw new RangeError('thaw: a link ends early')
  const [e, length] = row(b, at + LINK)
  return [{ ...e, distance: c.i64(0), cut: c.u64(8) }, LINK + length]
}

function summary(b, at) {
  const length = lengthAt(b, at, SUMMARY)
  const c = new Cursor(b, at, length)
  return [{
    kind: c.u32(4), events: c.u64(8), firstSeq: c.u64(16), lastSeq: c.u64(24), firstWallMs: c.u64(32), lastWallMs: c.u64(40),
    name: c.text(SUMMARY, length - SUMMARY),
  }, length]
}

function file(b, at) {
  const length = lengthAt(b, at, 8)
  const c = new Cursor(b, at, length)
  return [{ file: c.u32(4), bytes: c.bytes(8, length - 8).slice() }, length]
}

// rows decodes rows of events, full or not.
export const rows = (b) => all(b, row)

// links decodes the answer of OP.graph: rows with distance and cut.
export const links = (b) => all(b, link)

// summaries decodes the answer of OP.entities, OP.scopes and OP.kinds.
export const summaries = (b) => all(b, summary)

// files decodes the answer of OP.extract: {file, bytes}, the next bytes of a file by its number.
export const files = (b) => all(b, file)

// numbers decodes u64s: the answer of OP.count and of OP.marks.
export function numbers(b) {
  if (b.length % 8 !== 0) throw new RangeError('thaw: a number ends early')
  const v = new DataView(b.buffer, b.byteOffset, b.length)
  return Array.from({ length: b.length / 8 }, (_, i) => safe(v.getBigUint64(8 * i, true)))
}
