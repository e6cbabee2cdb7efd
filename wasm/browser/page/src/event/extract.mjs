// Whether a segment says that events are missing in it, so that chains have gaps: it is of an
// extract, or compacted.
// Its header says so. No answer of the engine does, so the first bytes are read here.

import { segmentName } from './facts.mjs'

const HEAD = 256 // bytes; headers have some 60
// The key flags with the values of package segment's FlagExtract and FlagCompacted, in MessagePack.
const MARKS = ['\xa5flags\xcd\x45\x58', '\xa5flags\xcd\x43\x4f']

async function headOf(source, name) {
  const files = source?.files ?? await source?.list?.()
  const file = files?.find((f) => f.name === name)
  if (file instanceof Blob) return new Uint8Array(await file.slice(0, HEAD).arrayBuffer())
  if (file) return file.bytes.subarray(0, HEAD)
  if (source?.base === undefined) return new Uint8Array()
  const answer = await fetch(source.base + name, { headers: { Range: `bytes=0-${HEAD - 1}` } })
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()).subarray(0, HEAD) : new Uint8Array()
}

export async function isThinned(source, segment) {
  const head = String.fromCharCode(...await headOf(source, segmentName(segment)))
  return MARKS.some((mark) => head.includes(mark))
}
