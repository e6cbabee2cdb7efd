// Decodes for a test: stdin has one request per line, {"what", "bytes"}; stdout gets one line
// per request, {"value"} or {"error"}. Large numbers are {"big"}, bytes are {"bytes"}.

import readline from 'node:readline'
import { parse } from '../json.mjs'
import { names } from '../kindnames.mjs'
import { files, links, numbers, rows, summaries } from '../rows.mjs'

const does = { names, rows, links, summaries, numbers, files, json: (b) => parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(b)) }

// spelt returns a value as JSON can hold it.
function spelt(v) {
  if (typeof v === 'bigint') return { big: String(v) }
  if (v instanceof Uint8Array) return { bytes: Buffer.from(v).toString('base64') }
  if (Array.isArray(v)) return v.map(spelt)
  if (typeof v !== 'object' || v === null) return Object.is(v, -0) ? { minus: 0 } : v
  return Object.fromEntries(Object.entries(v).map(([key, value]) => [key, spelt(value)]))
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { what, bytes } = JSON.parse(line)
  let answer
  try {
    answer = { value: spelt(does[what](new Uint8Array(Buffer.from(bytes, 'base64')))) }
  } catch (err) {
    answer = { error: `${err.name}: ${err.message}` }
  }
  console.log(JSON.stringify(answer))
}
