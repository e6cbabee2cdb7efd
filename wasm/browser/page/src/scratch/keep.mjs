// The scratch store of the page: a module of its own in the worker, over files in memory.

import { makeZip } from 'client-zip'
import { scratchModule } from '../app/embedded.mjs'
import { open, refresh, refused, start, store } from '../app/session.mjs'
import { effect, signal } from '../ui/html.mjs'
import { download } from '../take/sink.mjs'
import { EMPTY } from './form.mjs'

export const SOURCE = { kind: 'scratch', name: 'scratch' }
export const MOST_COPY = 64 << 20 // bytes, a bound of the module

// exists: the module holds a scratch store, be it open in the page or not. busy and failed are of what
// is being done: { text }, { text, error }. said is what the last append did.
export const exists = signal(false)
export const busy = signal(null)
export const failed = signal(null)
export const said = signal('')

// form is what the user typed, batch the events that are appended together, log the appended
// ones, the latest first.
export const form = signal(EMPTY)
export const batch = signal([])
export const log = signal([])
const MOST_LOG = 200

async function doing(text, none, work) {
  busy.value = { text }
  failed.value = null
  said.value = ''
  try {
    return await work()
  } catch (error) {
    failed.value = { text: none, error }
    return undefined
  } finally {
    busy.value = null
  }
}

// call calls a function of the module.
async function call(name, ...args) {
  const engine = await start()
  return engine.scratch(name, ...args)
}

let loadedIn = null // the engine's worker ends with what is in it, and with it the module

async function load() {
  const engine = await start()
  if (loadedIn === engine && exists.value) return
  await engine.loadScratch(await scratchModule())
  loadedIn = engine
}

// begin starts a scratch store with files [{ name, bytes }], empty without, and opens it.
export const begin = (files = null) => doing('Starting the scratch store', 'There is no scratch store.', async () => {
  const bytes = files === null ? null : await files()
  const make = async () => {
    await load()
    await (bytes === null ? call('open') : call('load', bytes))
  }
  try {
    await make()
  } catch (error) {
    if (!(error instanceof TypeError) && error.name !== 'ClosedError') throw error
    gone() // the worker is another one, without the module
    await make()
  }
  exists.value = true
  log.value = []
  batch.value = []
  await open(SOURCE)
})

export const again = () => open(SOURCE)

// gone: the worker ended, and with it the store.
function gone() {
  exists.value = false
  loadedIn = null
}

effect(() => {
  if (refused.value?.source?.kind === 'scratch') gone()
})

// append appends events, and shows them everywhere.
export const append = (text, done) => doing('Appending', 'Nothing was appended.', async () => {
  const answer = JSON.parse(await call('append', text))
  const all = Array.isArray(answer) ? answer : [answer]
  log.value = [...all.reverse(), ...log.value].slice(0, MOST_LOG)
  done()
  said.value = all.length === 1 ? `Appended event ${all[0].seq}.` : `Appended events ${all.at(-1).seq} to ${all[0].seq}.`
  if (store.value?.source.kind === 'scratch') await refresh({ quiet: true })
})

// sizeOf returns the bytes of the open store's files.
export const sizeOf = (open) => open.files.filter((f) => f.regular).reduce((n, f) => n + Number(f.size), 0)

// filesOf returns the bytes of the open store's files.
export async function filesOf(open) {
  const { source } = open
  const names = new Set(open.files.filter((f) => f.regular).map((f) => f.name))
  switch (source.kind) {
    case 'memory': return source.files.filter((f) => names.has(f.name)).map(({ name, bytes }) => ({ name, bytes }))
    case 'http': return Promise.all([...names].map(async (name) => {
      const answer = await fetch(new URL(encodeURIComponent(name), new URL(source.base, document.baseURI)))
      if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`)
      return { name, bytes: new Uint8Array(await answer.arrayBuffer()) }
    }))
    case 'files': {
      const files = source.files ?? await source.list()
      return Promise.all(files.filter((f) => names.has(f.name) && typeof f.arrayBuffer === 'function').map(async (f) => ({ name: f.name, bytes: new Uint8Array(await f.arrayBuffer()) })))
    }
    default: throw new Error('this store is a scratch store')
  }
}

// take downloads the store as a zip.
export const take = () => doing('Packing', 'Nothing was downloaded.', async () => {
  const files = []
  for (const { name } of await call('list')) files.push({ name: `scratch/${name}`, input: await call('read', name) })
  const blob = await new Response(makeZip(files)).blob()
  download(new Blob([blob], { type: 'application/zip' }), 'scratch.zip')
  return { files: files.length, bytes: blob.size }
})
