// Bytes as people read them.

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'))

export const hexOf = (byte) => HEX[byte]

// charOf is a byte as a character: itself if it is printable ASCII, else a dot.
export const charOf = (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')

export const offsetText = (n) => n.toString(16).padStart(6, '0')

// fromHex decodes an even number of hexadecimal digits.
export function fromHex(text) {
  const bytes = new Uint8Array(text.length >> 1)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

// dump is bytes as text to copy, as hexdump -C prints them, at most of them.
export function dump(bytes, most = 1 << 20) {
  const out = []
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = bytes.subarray(at, at + 16)
    out.push(`${offsetText(at)}  ${[...row].map(hexOf).join(' ').padEnd(47)}  ${[...row].map(charOf).join('')}`)
  }
  if (bytes.length > most) out.push(`… ${bytes.length - most} more bytes`)
  return out.join('\n')
}
