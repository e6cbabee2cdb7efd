// Where what is taken along goes: to a file that the user chose, as it comes, or to a Blob that
// the browser downloads when it is complete.

export const MOST_BLOB = 1_000_000_000 // bytes
const CHUNK = 8 << 20

export const canStream = () => typeof globalThis.showSaveFilePicker === 'function'

export class TooLarge extends Error {
  constructor() {
    super(`More than ${MOST_BLOB / 1e9} GB cannot be downloaded at once. ${canStream() ? 'Save it to a file, which has no such bound' : 'Narrow the filter, or use a browser that can write to files, such as Chromium'}.`)
    this.name = 'TooLarge'
  }
}

// fileSink asks the user for a file and writes to it. It must be called in an event of the
// user's. Nothing is at the file's place before close.
export async function fileSink(suggestedName, type) {
  const handle = await showSaveFilePicker({ suggestedName, types: [type] })
  const out = await handle.createWritable()
  return { name: handle.name, write: (bytes) => out.write(bytes), close: () => out.close(), abort: () => out.abort().catch(() => {}) }
}

// blobSink collects up to most bytes. The browser may keep the Blobs on disk.
export function blobSink(name, type, { most = MOST_BLOB, save = download } = {}) {
  let blobs = [], parts = [], size = 0, total = 0
  const gather = () => {
    if (parts.length > 0) blobs.push(new Blob(parts))
    parts = []
    size = 0
  }
  return {
    name,
    async write(bytes) {
      total += bytes.length
      if (total > most) throw new TooLarge()
      parts.push(bytes)
      size += bytes.length
      if (size >= CHUNK) gather()
    },
    async close() {
      gather()
      save(new Blob(blobs, { type }), name)
    },
    async abort() { blobs = parts = [] },
  }
}

export function download(blob, name) {
  const url = URL.createObjectURL(blob)
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

// fileName makes a name for a file of a store's name.
export const fileName = (name, ending) => `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'store'}${ending}`
