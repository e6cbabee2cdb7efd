// What the page has open: one store of one engine, and what all views want to know of it.

import { Engine } from '../../../worker/client.mjs'
import { OP } from '../../../../js/question.mjs'
import workerSource from './worker.mjs?source'
import { signal } from '../ui/html.mjs'
import { cut, hex, plural, short } from '../ui/plain.mjs'
import { embedded } from './embedded.mjs'
import { nameOf } from './kinds.mjs'

// store is the client's store, or null; opening is the source that is being opened, or null;
// refused is why the last open failed: { name, error, source }, or null.
export const store = signal(null)
export const opening = signal(null)
export const refused = signal(null)

// kinds are the summaries of the store's kinds: { kind, events, firstSeq, lastSeq, firstWallMs, lastWallMs }, the most
// frequent first. opened is how long opening took, in ms.
export const kinds = signal([])
export const opened = signal(null)

// ready is the state of the engine: { state: 'waiting' | 'compiling' | 'ready' | 'failed', ms, error }.
export const ready = signal({ state: 'waiting' })

// kindName returns the name of a kind: the store's own, or the one that all stores share, or
// its number.
export const kindName = (kind) => store.value?.kindNames?.[kind] ?? nameOf(kind) ?? hex(kind)

// kindNumber returns the number of a kind that has a name, '' for others.
export const kindNumber = (kind) => (kindName(kind) === hex(kind) ? '' : hex(kind))

// notices are what message said and has not gone away.
export const notices = signal([])
let numbers = 0

// message shows a notice, and reads it to those who listen. A failure stays until it is
// closed.
export function message(text, { failure = false } = {}) {
  const notice = { number: ++numbers, text: cut(String(text), 2000), failure }
  notices.value = [...notices.value.slice(-3), notice]
  if (!failure) setTimeout(() => dismiss(notice.number), 6000)
}

export const dismiss = (number) => {
  notices.value = notices.value.filter((n) => n.number !== number)
}

let engine = null

// start compiles the engine while the user looks at the page. It may be called often.
export function start() {
  engine ??= (async () => {
    const began = performance.now()
    ready.value = { state: 'compiling' }
    try {
      const wasm = await embedded('engine')
      const started = await Engine.start({ wasm, workerSource, onDeath: died })
      ready.value = { state: 'ready', ms: performance.now() - began }
      return started
    } catch (error) {
      ready.value = { state: 'failed', error }
      engine = null
      throw error
    }
  })()
  engine.catch(() => {}) // whoever waits for it says so
  return engine
}

const MOST_DEATHS = 4 // in a minute
let deaths = [] // when the worker died since the user opened a store, in ms

// died says that the worker ended, and opens the store again in a new one; not without end, where
// the same view ends it each time.
function died(error) {
  const source = store.value?.source, why = short(error?.message ?? error, 300)
  deaths = [...deaths, performance.now()].slice(-MOST_DEATHS)
  store.value = null
  if (deaths.length === MOST_DEATHS && deaths.at(-1) - deaths[0] < 60_000) {
    deaths = []
    message(`The worker ended ${MOST_DEATHS} times within a minute: ${why}. The store is closed; open it again to look at another view.`, { failure: true })
    return
  }
  message(`The worker ended: ${why}. It is started again${source ? ', and the store opened anew' : ''}.`, { failure: true })
  if (source) replace(source)
}

let opens = 0

// open replaces the open store by another. A failure is shown, and leaves none.
export function open(source) {
  deaths = []
  return replace(source)
}

async function replace(source) {
  const turn = ++opens
  store.value?.close()
  store.value = null
  kinds.value = []
  refused.value = null
  opening.value = source
  const began = performance.now()
  try {
    const next = await (await start()).open(source)
    if (turn !== opens) return next.close()
    await show(next)
    opened.value = performance.now() - began
  } catch (error) {
    if (turn !== opens) return
    refused.value = { name: source.name, error, source }
  } finally {
    if (turn === opens) opening.value = null
  }
}

async function show(next) {
  const found = await next.rows({ op: OP.kinds })
  kinds.value = found.sort((a, b) => Number(b.events) - Number(a.events) || a.kind - b.kind)
  store.value = next
}

// refresh opens the same store again, to see what a writer added. quiet says nothing of it.
export async function refresh({ quiet = false } = {}) {
  const now = store.value
  if (!now) return
  const before = now.report.events
  try {
    await now.refresh()
    if (store.value !== now) return
    store.value = null // the same object: views must notice
    await show(now)
    const more = Number(now.report.events) - Number(before)
    if (quiet !== true) message(more === 0 ? 'Nothing new.' : `${plural(Math.abs(more), more > 0 ? 'new event' : 'event')}${more < 0 ? ' fewer' : ''}.`)
  } catch (error) {
    store.value = now
    message(`The store could not be read again: ${short(error.message, 300)}`, { failure: true })
  }
}

export function close() {
  opens++
  store.value?.close()
  store.value = null
  opening.value = null
  refused.value = null
}
