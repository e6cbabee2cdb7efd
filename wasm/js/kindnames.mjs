// Reads names.thaw: the names of kinds. core/kindnames has its format and refuses what this
// refuses.

const MAGIC = 'thaw names '
const LINE = /^(0x[0-9A-F]{4}) ([!-~]{1,128})$/
const SUM = 'crc32c 00000000\n'.length
export const MOST = 'thaw names 1\n'.length + 65536 * ('0x1000'.length + 1 + 128 + 1) + SUM

export const FILE = 'names.thaw'

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1
  return n
})

function crc32c(b) {
  let sum = ~0
  for (const byte of b) sum = (sum >>> 8) ^ table[(sum ^ byte) & 0xff]
  return ~sum >>> 0
}

// names decodes a whole file to an object from kind to name. An error says why and where the
// file is refused.
export function names(b) {
  const refuse = (why, at) => {
    throw new Error(`thaw: ${FILE} refused at byte ${at}: ${why}`)
  }
  const text = new TextDecoder('latin1').decode(b) // one character per byte
  if (!text.startsWith(MAGIC)) refuse('magic', 0)
  const head = text.indexOf('\n') + 1
  if (head === 0) refuse('short', b.length)
  const version = text.slice(MAGIC.length, head - 1), number = version.slice(0, 20)
  if (!/^[0-9]+$/.test(number) || BigInt(number) >= 1n << 64n) refuse('magic', MAGIC.length)
  if (version !== '1') refuse('version', MAGIC.length)
  if (b.length > MOST) refuse('length', MOST)
  const end = b.length - SUM
  if (end < head) refuse('short', b.length)
  const sum = crc32c(b.subarray(0, end)).toString(16).toUpperCase().padStart(8, '0')
  if (text.slice(end) !== `crc32c ${sum}\n`) refuse('checksum', end)
  const out = {}
  for (let at = head, last = -1; at < end;) {
    const next = text.indexOf('\n', at) + 1
    const [, kind, name] = (next <= end && LINE.exec(text.slice(at, next - 1))) || refuse('body', at)
    if (Number(kind) <= last) refuse('body', at)
    last = Number(kind)
    out[last] = name
    at = next
  }
  return out
}
