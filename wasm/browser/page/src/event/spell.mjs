// Payloads as JSON, in the spelling of package core/payload: exact integers, floats with a
// point or an exponent, and {"$bin":…}, {"$float":…} and so on for what JSON has no form for.
// A test holds both to the same text.

import { bodyOf, childrenOf, extTypeOf, headAt, KIND, numberOf, textOf } from './msgpack.mjs'

const SPELLINGS = new Set(['$bin', '$ext', '$f32', '$float', '$map', '$str', '$raw'])

// base64 is the standard alphabet with padding. btoa takes characters, so bytes go in parts:
// a call with a million arguments overflows the stack.
export function base64(bytes) {
  const PART = 0x8000
  let s = ''
  for (let i = 0; i < bytes.length; i += PART) s += String.fromCharCode(...bytes.subarray(i, i + PART))
  return btoa(s)
}

const STEERING = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

// quote is a text as a JSON string. Characters that a display obeys instead of showing are
// escaped, as thaw prints them.
export const quote = (s) => JSON.stringify(s).replace(STEERING, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))

// decimal is a finite float: positional from 1e-4 up to 1e16, else with an exponent of at least
// two digits. size is the float itself, which decides the form even where shown has fewer digits.
function decimal(shown, size = Math.abs(shown)) {
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return shown.toExponential().replace(/([+-])(\d)$/, '$10$2')
  }
  const text = Object.is(shown, -0) ? '-0' : String(shown)
  return text.includes('.') ? text : text + '.0'
}

// shortest32 is the number with the fewest digits that is this float 32.
function shortest32(f) {
  for (let digits = 1; digits < 9; digits++) {
    const shown = Number(f.toPrecision(digits))
    if (Math.fround(shown) === f) return shown
  }
  return Number(f.toPrecision(9))
}

function special(f, bits, canonical, hexDigits) {
  if (f === Infinity) return '"Infinity"'
  if (f === -Infinity) return '"-Infinity"'
  return bits === canonical ? '"NaN"' : `"NaN:${bits.toString(16).padStart(hexDigits, '0')}"`
}

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function float64(bytes) {
  const view = viewOf(bytes), f = view.getFloat64(0)
  return Number.isFinite(f) ? decimal(f) : `{"$float":${special(f, view.getBigUint64(0), 0x7ff8000000000000n, 16)}}`
}

function float32(bytes) {
  const view = viewOf(bytes), f = view.getFloat32(0)
  const text = Number.isFinite(f) ? decimal(f === 0 ? f : shortest32(f), Math.abs(f)) : special(f, view.getUint32(0), 0x7fc00000, 8)
  return `{"$f32":${text}}`
}

// scalar is the JSON of a value that is no array and no map.
export function scalar(b, h) {
  switch (h.kind) {
    case KIND.nil: return 'null'
    case KIND.bool: return b[h.at] === 0xc3 ? 'true' : 'false'
    case KIND.int: case KIND.uint: return numberOf(b, h).toString()
    case KIND.float32: return float32(bodyOf(b, h))
    case KIND.float64: return float64(bodyOf(b, h))
    case KIND.bin: return `{"$bin":"${base64(bodyOf(b, h))}"}`
    case KIND.ext: return `{"$ext":[${extTypeOf(b, h)},"${base64(bodyOf(b, h))}"]}`
  }
  const body = bodyOf(b, h), text = textOf(body)
  return text === null ? `{"$str":"${base64(body)}"}` : quote(text)
}

// plainKeys returns the JSON of the keys of a map, or null if an object would lose or misread
// one of them.
function plainKeys(b, children) {
  const keys = []
  for (let i = 0; i < children.length - 1; i += 2) {
    const h = headAt(b, children[i])
    const text = h.kind === KIND.str ? textOf(bodyOf(b, h)) : null
    if (text === null) return null
    keys.push(text)
  }
  if (keys.length === 1 && SPELLINGS.has(keys[0])) return null
  return new Set(keys).size < keys.length ? null : keys.map(quote)
}

// pieces yields the JSON of the value at an offset in parts. With an indent, a part ends after
// each line; otherwise there are no spaces. Recursion is bounded by the depth of a checked value.
export function* pieces(b, at = 0, indent = '') {
  yield* value(b, at, indent && '\n', indent)
}

function* value(b, at, newline, indent) {
  const h = headAt(b, at)
  if (!h.container) {
    yield scalar(b, h)
    return
  }
  if (h.n === 0) {
    yield h.kind === KIND.map ? '{}' : '[]'
    return
  }
  const children = childrenOf(b, at), inner = newline + indent
  const keys = h.kind === KIND.map ? plainKeys(b, children) : null
  const pairs = h.kind === KIND.map && !keys
  yield pairs ? '{"$map":[' : keys ? '{' : '['
  for (let i = 0; i < h.n; i++) {
    yield (i > 0 ? ',' : '') + inner
    if (keys) {
      yield keys[i] + (indent ? ': ' : ':')
      yield* value(b, children[2 * i + 1], inner, indent)
    } else if (pairs) {
      yield '['
      yield* value(b, children[2 * i], inner, indent)
      yield indent ? ', ' : ','
      yield* value(b, children[2 * i + 1], inner, indent)
      yield ']'
    } else {
      yield* value(b, children[i], inner, indent)
    }
  }
  yield newline + (pairs ? ']}' : keys ? '}' : ']')
}

// spell is the JSON of a value in one line.
export const spell = (b, at = 0) => [...pieces(b, at)].join('')

// raw is what thaw prints for bytes that are not MessagePack.
export const raw = (bytes) => `{"$raw":"${base64(bytes)}"}`

// lines yields the lines of a value's JSON, indented.
export function* lines(b, at = 0) {
  let line = ''
  for (const piece of pieces(b, at, '  ')) {
    const parts = piece.split('\n')
    line += parts[0]
    for (let i = 1; i < parts.length; i++) {
      yield line
      line = parts[i]
    }
  }
  yield line
}
