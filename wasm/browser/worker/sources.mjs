// The places from which a store comes. A source is a function that lists its files, in the
// order that ../../guest/ABI.md asks for, since a writer may be active.

import { ReadError } from '../../js/errors.mjs'
import { STATUS } from '../../js/task.mjs'
import { File } from './windows.mjs'

const FIRST = ['store.thaw', 'index.fbati', 'index.thaw', 'index.ckpt', 'synced.thaw'], LAST = ['visibility_ranges.fbv']
const REQUESTS = 6 // at once; browsers allow no more to one host

// rank orders files as they have to be listed.
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : LAST.includes(name) ? FIRST.length + 1 : FIRST.length)
export const inOrder = (list) => list.sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

export const SOURCES = {
  // files has {name, file}, with a Blob, or null for what is no regular file.
  files: async ({ files }) => inOrder(files.map(({ name, file }) => {
    const entry = new File(name, file?.size ?? 0, file !== null, readBlobs)
    entry.blob = file
    return entry
  })),

  memory: async ({ files }) => inOrder(files.map(({ name, bytes }) => new File(name, bytes.length, true, null, bytes))),

  http: async ({ base }) => {
    const list = await request(base, {})
    if (!list.ok) throw new ReadError(base, new Error(`${list.status} ${list.statusText}`))
    const read = readParallel(readURL)
    return (await list.json()).map(({ name, size, regular, tag }) => { // the server has their order
      const entry = new File(name, size, regular, read)
      return Object.assign(entry, { url: base + encodeURIComponent(name), tag })
    })
  },

  // scratch is a store that another module in this worker keeps, in memory. What it has now
  // is what the store shows.
  scratch: async () => {
    const list = await globalThis.thawScratch.list()
    const files = await Promise.all(list.map(async ({ name }) => ({ name, bytes: await globalThis.thawScratch.read(name) })))
    return SOURCES.memory({ files })
  },
}

// readBlobs gathers ranges of files into one Blob: a read costs as much for many as for one.
async function readBlobs(ranges) {
  const slices = ranges.map(({ file, at, end }) => file.blob.slice(at, end))
  try {
    const all = new Uint8Array(await (slices.length === 1 ? slices[0] : new Blob(slices)).arrayBuffer())
    if (all.length === ranges.reduce((sum, { at, end }) => sum + end - at, 0)) {
      let n = 0
      return ranges.map(({ at, end }) => ({ bytes: all.subarray(n, n += end - at) }))
    }
  } catch {} // which of the files it was, and why, the next reads say
  return Promise.all(slices.map(async (slice, i) => {
    try {
      const bytes = new Uint8Array(await slice.arrayBuffer()), wanted = ranges[i].end - ranges[i].at
      if (bytes.length !== wanted) throw new Error(`${bytes.length} bytes instead of ${wanted}`) // it says nothing about the store
      return { bytes }
    } catch (cause) {
      return isGone(cause) ? { status: STATUS.gone } : { status: STATUS.failed, cause }
    }
  }))
}

// A File is of one moment: NotReadableError says that its file was changed since, and
// NotFoundError that it was removed.
const isGone = (err) => err?.name === 'NotReadableError' || err?.name === 'NotFoundError'

// readParallel reads ranges with a bounded number of calls at once.
const readParallel = (one) => async (ranges) => {
  const out = new Array(ranges.length)
  let next = 0
  const work = async () => {
    while (next < ranges.length) {
      const i = next++
      out[i] = await one(ranges[i])
    }
  }
  await Promise.all(Array.from({ length: Math.min(REQUESTS, ranges.length) }, work))
  return out
}

async function request(url, headers) {
  try {
    return await fetch(url, { headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error' })
  } catch (cause) {
    throw new ReadError(url, cause)
  }
}

async function readURL({ file, at, end }) {
  try {
    const answer = await request(file.url, { Range: `bytes=${at}-${end - 1}`, ...file.tag && { 'If-Match': file.tag } })
    if (answer.status === 412 || answer.status === 404) return { status: STATUS.gone }
    if (answer.status !== 206 && answer.status !== 200) throw new Error(`${answer.status} ${answer.statusText}`)
    const all = new Uint8Array(await answer.arrayBuffer()), bytes = answer.status === 200 ? all.subarray(at, end) : all
    // A file that a tag names has its bytes: fewer say nothing about the store.
    if (bytes.length !== end - at) throw new Error(`${bytes.length} bytes instead of ${end - at}`)
    return { bytes }
  } catch (err) {
    return { status: STATUS.failed, cause: err instanceof ReadError ? err.cause : err }
  }
}
