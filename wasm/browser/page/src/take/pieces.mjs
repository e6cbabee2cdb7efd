// The files of an extract, from the pieces in which they come: one file after the other.

import { files as decode } from '../../../../js/rows.mjs'
import { parse } from '../../../../js/json.mjs'

const RESULT = 0, NAMES = 0xffffffff

// nameOf is the name of a file of a store, by its number.
export const nameOf = (n) => (n === NAMES ? 'names.thaw' : `${String(n).padStart(6, '0')}.fbat`)

// filesOf yields { name, input } for each file, input being its bytes as they come. It must be
// read to its end before the next file is asked for. parts are answers of OP.extract. onResult
// gets what the extract says of itself.
export async function* filesOf(parts, onResult) {
  const pieces = piecesOf(parts)
  let next = await pieces.next()
  const seen = new Set()
  while (!next.done) {
    const { file } = next.value
    if (file === RESULT) {
      onResult(parse(new TextDecoder().decode(next.value.bytes)))
      next = await pieces.next()
      if (!next.done) throw new Error('an extract goes on after its end')
      return
    }
    if (seen.has(file)) throw new Error('an extract returns to a file')
    seen.add(file)
    yield {
      name: nameOf(file),
      input: (async function* () {
        while (!next.done && next.value.file === file) {
          yield next.value.bytes
          next = await pieces.next()
        }
      })(),
    }
    if (!next.done && next.value.file === file) throw new Error('a file was not read to its end')
  }
  throw new Error('an extract ends early')
}

async function* piecesOf(parts) {
  for await (const part of parts) yield* decode(part)
}
