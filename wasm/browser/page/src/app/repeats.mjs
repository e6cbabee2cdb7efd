// Long repeats of bytes, which the page's build writes as references (.ci/tools/inspector).

// unrepeat returns the bytes: their number, and then again and again some bytes as they are, and
// some from a distance before, which may reach into the bytes that are being copied.
export function unrepeat(b) {
  let at = 0
  const number = () => {
    let n = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = b[at++]
      n += (byte & 127) * shift
      if (byte < 128) return n
    }
  }
  const out = new Uint8Array(number())
  for (let end = 0; end < out.length;) {
    const plain = number()
    out.set(b.subarray(at, at + plain), end)
    at += plain
    end += plain
    if (end === out.length) break
    const n = number(), distance = number()
    if (distance >= n) out.copyWithin(end, end - distance, end - distance + n)
    else for (let i = end; i < end + n; i++) out[i] = out[i - distance]
    end += n
  }
  return out
}
