// Makes MessagePack for tests: canonical bytes of a value. Bytes and the like come as functions
// of nothing that return their bytes.

const utf8 = new TextEncoder()

const be = (n, bytes) => Array.from({ length: bytes }, (_, i) => Number(BigInt(n) >> BigInt(8 * (bytes - 1 - i)) & 0xffn))

function head(n, fix, most, codes) {
  if (n <= most) return [fix | n]
  if (codes.length === 3 && n < 0x100) return [codes[0], n]
  return n < 0x10000 ? [codes.at(-2), ...be(n, 2)] : [codes.at(-1), ...be(n, 4)]
}

function integer(n) {
  if (n >= 0n) return n < 0x80n ? [Number(n)] : n < 0x100n ? [0xcc, ...be(n, 1)] : n < 0x10000n ? [0xcd, ...be(n, 2)] : n < 0x100000000n ? [0xce, ...be(n, 4)] : [0xcf, ...be(n, 8)]
  return n >= -32n ? [Number(n + 0x100n)] : n >= -0x80n ? [0xd0, ...be(n, 1)] : n >= -0x8000n ? [0xd1, ...be(n, 2)] : n >= -0x80000000n ? [0xd2, ...be(n, 4)] : [0xd3, ...be(n, 8)]
}

function put(out, v) {
  const add = (bytes) => { for (const b of bytes) out.push(b) }
  if (typeof v === 'function') add(v())
  else if (v === null) out.push(0xc0)
  else if (typeof v === 'boolean') out.push(v ? 0xc3 : 0xc2)
  else if (typeof v === 'bigint' || Number.isInteger(v)) add(integer(BigInt(v)))
  else if (typeof v === 'number') {
    const view = new DataView(new ArrayBuffer(9))
    view.setUint8(0, 0xcb)
    view.setFloat64(1, v)
    add(new Uint8Array(view.buffer))
  } else if (typeof v === 'string') {
    const bytes = utf8.encode(v)
    add(head(bytes.length, 0xa0, 31, [0xd9, 0xda, 0xdb]))
    add(bytes)
  } else if (Array.isArray(v)) {
    add(head(v.length, 0x90, 15, [0xdc, 0xdd]))
    for (const item of v) put(out, item)
  } else {
    const pairs = v instanceof Map ? [...v] : Object.entries(v)
    add(head(pairs.length, 0x80, 15, [0xde, 0xdf]))
    for (const [key, value] of pairs) {
      put(out, key)
      put(out, value)
    }
  }
}

export function pack(v) {
  const out = []
  put(out, v)
  return Uint8Array.from(out)
}
