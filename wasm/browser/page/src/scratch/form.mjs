// What the form of the scratch store makes of its fields. Pure: no page, no store.

export const EMPTY = { entity: '', scope: '', kind: '', payload: '{\n  "n": 1\n}', cause: '', correlation: '', key: '', expect: '', meta: '', flags: '' }

const ID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

// jsonProblem returns why a text is not JSON, or ''.
export function jsonProblem(text) {
  if (text.trim() === '') return 'a payload is needed: null for none'
  try {
    JSON.parse(text)
    return ''
  } catch (error) {
    return error.message.split(/, "|, \.\.\."/)[0] // a browser repeats the text, which is beside it
  }
}

// kindOf returns a kind as JSON: the number of a name, or the text as it is. kinds maps names to numbers.
function kindOf(text, kinds) {
  const t = text.trim()
  const known = kinds.get(t.toLowerCase())
  if (known !== undefined) return String(known)
  if (/^\d{1,5}$/.test(t) && Number(t) <= 0xffff) return t
  return JSON.stringify(t)
}

// problems returns what is wrong with the fields, by their names: { entity: 'why' }. before is
// how many events of the same batch come first.
export function problems(f, before = 0) {
  const out = {}
  for (const [key, what] of [['entity', 'an entity'], ['scope', 'a scope'], ['kind', 'a kind']]) if (f[key].trim() === '') out[key] = `${what} is needed`
  for (const key of ['entity', 'scope']) if (/\p{Surrogate}/u.test(f[key])) out[key] = 'half of a character'
  if (f.kind.trim() !== '' && /^0x/i.test(f.kind.trim()) && !/^0x[0-9a-f]{1,4}$/i.test(f.kind.trim())) out.kind = 'a number from 0x0001 to 0xFFFF, or a name'
  const payload = jsonProblem(f.payload)
  if (payload) out.payload = payload
  const cause = f.cause.trim()
  if (cause !== '' && !ID.test(cause) && !(/^\d{1,9}$/.test(cause) && Number(cause) < before)) {
    out.cause = before > 0 ? `an id, or the number of an event of the batch: 0 to ${before - 1}` : 'an id of 32 hexadecimal digits'
  }
  for (const key of ['correlation', 'key']) if (f[key].trim() !== '' && !ID.test(f[key].trim())) out[key] = 'an id of 32 hexadecimal digits'
  const expect = f.expect.trim()
  if (expect !== '' && expect !== 'any' && expect !== 'none' && !(/^\d{1,10}$/.test(expect) && Number(expect) <= 0xffffffff)) out.expect = 'any, none, or the clock of the last event'
  if (f.flags.trim() !== '' && !/^\d{1,3}$/.test(f.flags.trim())) out.flags = 'a sum of 1, 2 and 8'
  if (f.meta.trim() !== '') {
    let meta = null
    try {
      meta = JSON.parse(f.meta)
    } catch {
      // said below
    }
    if (meta === null || typeof meta !== 'object' || Array.isArray(meta) || !Object.values(meta).every((v) => typeof v === 'string')) out.meta = 'an object of texts, such as {"actor": "user:7"}'
  }
  return out
}

// itemOf returns the JSON of an event. The payload stays as it was typed: parsing it would
// round large numbers.
export function itemOf(f, kinds) {
  const parts = [`"entity":${JSON.stringify(f.entity)}`, `"scope":${JSON.stringify(f.scope)}`, `"kind":${kindOf(f.kind, kinds)}`, `"payload":${f.payload.trim()}`]
  const cause = f.cause.trim(), expect = f.expect.trim()
  if (cause !== '') parts.push(`"cause":${ID.test(cause) ? JSON.stringify(cause) : String(Number(cause))}`)
  for (const key of ['correlation', 'key']) if (f[key].trim() !== '') parts.push(`"${key}":${JSON.stringify(f[key].trim())}`)
  if (expect !== '') parts.push(`"expect":${/^\d/.test(expect) ? String(Number(expect)) : JSON.stringify(expect)}`)
  if (f.meta.trim() !== '') parts.push(`"meta":${f.meta.trim()}`)
  if (f.flags.trim() !== '') parts.push(`"flags":${Number(f.flags)}`)
  return `{${parts.join(',')}}`
}

// textOf returns what is appended: one event, or a batch.
export const textOf = (items) => (items.length === 1 ? items[0] : `[${items.join(',')}]`)
