// Whether a segment is an extract: selected events of another store, with gaps in their chains.
// Its header says so. No answer of the engine does, so the first bytes are read here.

import { segmentName } from './facts.mjs'

const HEAD = 256 // bytes; headers have some 60
// The key flags with the value of package segment's FlagExtract, in MessagePack.
const MARK = '\xa5flags\xcd\x45\x58'

async function headOf(source, name) {
  const files = source?.files ?? await source?.list?.()
  const file = files?.find((f) => f.name === name)
  if (file instanceof Blob) return new Uint8Array(await file.slice(0, HEAD).arrayBuffer())
  if (file) return file.bytes.subarray(0, HEAD)
  if (source?.base === undefined) return new Uint8Array()
  const answer = await fetch(source.base + name, { headers: { Range: `bytes=0-${HEAD - 1}` } })
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()).subarray(0, HEAD) : new Uint8Array()
}

export async function isExtract(source, segment) {
  return String.fromCharCode(...await headOf(source, segmentName(segment))).includes(MARK)
}
