// Long repeats of bytes, which the page's build writes as references (.ci/tools/inspector).

// unrepeat returns the bytes: again and again a number of bytes as they are, and a number of
// bytes from a distance before, which may reach into the bytes that are being copied.
export function unrepeat(b) {
  const out = []
  let at = 0
  const number = () => {
    let n = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = b[at++]
      n += (byte & 127) * shift
      if (byte < 128) return n
    }
  }
  for (;;) {
    for (let n = number(); n > 0; n--) out.push(b[at++])
    let n = number()
    if (n === 0) return Uint8Array.from(out)
    for (const from = out.length - number(), first = out.length; n > 0; n--) out.push(out[from + out.length - first])
  }
}
