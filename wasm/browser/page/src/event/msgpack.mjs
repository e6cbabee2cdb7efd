// MessagePack where it lies: values are offsets in the bytes of a payload, and nothing is
// decoded before it is shown. So a payload of any size costs what one looks at. The rules
// are those of package core/payload.

export const MAX_DEPTH = 64

export const KIND = {
  nil: 'nil', bool: 'bool', int: 'int', uint: 'uint', float32: 'float32', float64: 'float64',
  str: 'str', bin: 'bin', ext: 'ext', array: 'array', map: 'map',
}

// PayloadError says where bytes are not MessagePack, and why.
export class PayloadError extends Error {
  constructor(offset, why) {
    super(`${why}, at byte ${offset}`)
    this.name = 'PayloadError'
    this.offset = offset
    this.why = why
  }
}

// By code from 0xc0: the kind, the bytes of a length field, and the bytes of a fixed body.
const WIDE = [
  [KIND.nil, 0, 0], null, [KIND.bool, 0, 0], [KIND.bool, 0, 0],
  [KIND.bin, 1, 0], [KIND.bin, 2, 0], [KIND.bin, 4, 0], [KIND.ext, 1, 0], [KIND.ext, 2, 0], [KIND.ext, 4, 0],
  [KIND.float32, 0, 4], [KIND.float64, 0, 8],
  [KIND.uint, 0, 1], [KIND.uint, 0, 2], [KIND.uint, 0, 4], [KIND.uint, 0, 8],
  [KIND.int, 0, 1], [KIND.int, 0, 2], [KIND.int, 0, 4], [KIND.int, 0, 8],
  [KIND.ext, 0, 1], [KIND.ext, 0, 2], [KIND.ext, 0, 4], [KIND.ext, 0, 8], [KIND.ext, 0, 16],
  [KIND.str, 1, 0], [KIND.str, 2, 0], [KIND.str, 4, 0],
  [KIND.array, 2, 0], [KIND.array, 4, 0], [KIND.map, 2, 0], [KIND.map, 4, 0],
]

// readHead puts what lies at an offset into h: kind, size of the head, n bytes of body,
// elements or pairs, and next, the offset of what follows (of a container its first child).
// It reuses h, because walks over a million values must not make a million objects.
function readHead(b, at, h) {
  if (at >= b.length) throw new PayloadError(at, 'a value is missing')
  const code = b[at]
  h.at = at
  h.size = 1
  h.n = 0
  if (code <= 0x7f) h.kind = KIND.uint
  else if (code >= 0xe0) h.kind = KIND.int
  else if (code <= 0x8f) {
    h.kind = KIND.map
    h.n = code & 0x0f
  } else if (code <= 0x9f) {
    h.kind = KIND.array
    h.n = code & 0x0f
  } else if (code <= 0xbf) {
    h.kind = KIND.str
    h.n = code & 0x1f
  } else {
    const wide = WIDE[code - 0xc0]
    if (!wide) throw new PayloadError(at, 'the code 0xc1 is never used')
    const [kind, width, n] = wide
    h.kind = kind
    h.size = 1 + width + (kind === KIND.ext ? 1 : 0)
    if (h.size > b.length - at) throw new PayloadError(at, 'a length is cut short')
    h.n = n
    if (width === 1) h.n = b[at + 1]
    if (width === 2) h.n = b[at + 1] * 0x100 + b[at + 2]
    if (width === 4) h.n = b[at + 1] * 0x1000000 + b[at + 2] * 0x10000 + b[at + 3] * 0x100 + b[at + 4]
  }
  h.container = h.kind === KIND.array || h.kind === KIND.map
  const least = h.kind === KIND.map ? 2 * h.n : h.n
  if (least > b.length - at - h.size) throw new PayloadError(at, 'more is claimed than is left')
  h.next = at + h.size + (h.container ? 0 : h.n)
  return h
}

// headAt returns the head of the value at an offset: at, kind, size, n, next, container.
export const headAt = (b, at) => readHead(b, at, {})

// heads yields the head of every value from an offset to the end, in the order of the bytes.
// The object is the same each time.
export function* heads(b, at = 0) {
  const h = {}
  for (; at < b.length; at = h.next) yield readHead(b, at, h)
}

// skip returns the offset after the value at an offset. It does not recurse.
export function skip(b, at) {
  const h = {}
  let owed = 1
  while (owed > 0) {
    readHead(b, at, h)
    at = h.next
    owed--
    if (h.container) owed += h.kind === KIND.map ? 2 * h.n : h.n
  }
  return at
}

// check returns null if b is exactly one value nested at most MAX_DEPTH deep, otherwise the
// PayloadError.
export function check(b) {
  const h = {}, owed = []
  let at = 0
  try {
    do {
      readHead(b, at, h)
      if (owed.length > 0) owed[owed.length - 1]--
      if (h.container) {
        if (owed.length === MAX_DEPTH) return new PayloadError(at, `more than ${MAX_DEPTH} levels of nesting`)
        owed.push(h.kind === KIND.map ? 2 * h.n : h.n)
      }
      at = h.next
      while (owed.length > 0 && owed.at(-1) === 0) owed.pop()
    } while (owed.length > 0)
  } catch (err) {
    if (err instanceof PayloadError) return err
    throw err
  }
  return at < b.length ? new PayloadError(at, 'bytes follow the value') : null
}

// childrenOf returns the offsets of the elements of an array, or of the keys and values of a
// map in turn, and last the offset after the container.
export function childrenOf(b, at) {
  const h = headAt(b, at)
  const count = h.kind === KIND.map ? 2 * h.n : h.n
  const offsets = new Uint32Array(count + 1)
  let next = h.next
  for (let i = 0; i < count; i++) {
    offsets[i] = next
    next = skip(b, next)
  }
  offsets[count] = next
  return offsets
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// textOf returns the text of bytes, or null if they are not UTF-8.
export function textOf(bytes) {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}

// bodyOf returns the bytes after a head.
export const bodyOf = (b, h) => b.subarray(h.at + h.size, h.at + h.size + h.n)

// numberOf returns an integer as a BigInt, so that it is exact.
export function numberOf(b, h) {
  if (h.n === 0) return h.kind === KIND.int ? BigInt(b[h.at] - 0x100) : BigInt(b[h.at])
  let n = 0n
  for (const byte of bodyOf(b, h)) n = n << 8n | BigInt(byte)
  return h.kind === KIND.int ? BigInt.asIntN(8 * h.n, n) : n
}

// extTypeOf returns the type of an ext.
export const extTypeOf = (b, h) => (b[h.at + h.size - 1] << 24) >> 24

// typeOf names the type of a value for people: "text of 12 bytes", "map of 3".
export function typeOf(b, h) {
  const count = (what) => `${what} of ${h.n.toLocaleString('en')}`
  switch (h.kind) {
    case KIND.str: return count('text') + (h.n === 1 ? ' byte' : ' bytes')
    case KIND.bin: return count('bytes,')
    case KIND.ext: return extTypeOf(b, h) === -1 ? 'timestamp (ext -1)' : `ext ${extTypeOf(b, h)} of ${h.n.toLocaleString('en')} bytes`
    case KIND.array: return count('array')
    case KIND.map: return count('map')
    case KIND.int: case KIND.uint: return h.n === 0 ? `${h.kind}, in the code byte` : `${h.kind} ${8 * h.n}`
    case KIND.float32: return 'float 32'
    case KIND.float64: return 'float 64'
  }
  return h.kind
}
