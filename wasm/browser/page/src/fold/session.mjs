// The fold that the page has: it outlives its view, so that one can look at an event and come
// back.

import { signal, effect } from '../ui/html.mjs'
import { kinds, kindName, store } from '../app/session.mjs'
import { OP } from '../../../../js/question.mjs'
import { count, plural } from '../ui/text.mjs'
import { Fold } from './run.mjs'

export const MOST_EVENTS = 100_000
const MOST_BYTES = 256 << 20 // of events as text in the worker

// code and initial are what the user typed.
export const code = signal(`(state, event) => {
  const { kinds } = state, name = event.kind_name
  kinds[name] = (kinds[name] ?? 0) + 1
  state.events += 1
  state.last = event.payload
  return state
}`)
export const initial = signal('{ "events": 0, "kinds": {}, "last": null }')

// now is null, or { state: 'running' | 'done' | 'failed', fold, done, total, error, cut, text }: text says over what
// it ran, cut why not all events are in it.
export const now = signal(null)
// shown is the step that is looked at, with what the worker answered for it.
export const shown = signal(null)

let control = null, wanted = -1, asking = false

export function stop() {
  control?.abort()
  now.peek()?.fold?.stop()
}

effect(() => {
  store.value // a fold belongs to its store
  stop()
  now.value = null
  shown.value = null
})

// run starts a fold over the events of a region.
export async function run(region, text) {
  stop()
  const mine = control = new AbortController()
  const { signal: aborted } = mine
  const open = store.value
  const set = (value) => {
    if (control === mine) now.value = { text, region, ...now.value, ...value }
  }
  now.value = null
  shown.value = null
  set({ state: 'running', fold: null, done: 0, total: 0, error: null, cut: '' })
  let fold = null
  try {
    const names = Object.fromEntries(kinds.value.map(({ kind }) => [kind, kindName(kind)]))
    fold = await Fold.start(code.value, initial.value, { names })
    if (aborted.aborted) return fold.stop()
    set({ fold })
    fold.onSilence = (error) => {
      if (now.value?.fold === fold) now.value = { ...now.value, state: 'failed', error }
    }
    const [{ events }] = await open.lines({ op: OP.marks, ...region, step: 2 ** 40 }, { signal: aborted })
    set({ total: Math.min(Number(events), MOST_EVENTS) })
    let bytes = 0
    const enough = new Error('enough')
    try {
      await open.each({ op: OP.query, ...region, limit: MOST_EVENTS, payloads: true, goOn: true, rows: 2048, bytes: 1 << 20 }, { signal: aborted }, async (part) => {
        bytes += part.length
        if (bytes > MOST_BYTES) throw enough
        await fold.feed(part)
        set({ done: fold.events })
        if (fold.failure) throw enough
      })
    } catch (error) {
      if (error !== enough) throw error
    }
    const cut = bytes > MOST_BYTES ? `Only the first events, of ${MOST_BYTES >> 20} MB together.` : Number(events) > MOST_EVENTS ? `Only the first ${count(MOST_EVENTS)} of ${count(events)} events.` : ''
    set({ state: 'done', cut })
    look(fold.ran)
  } catch (error) {
    if (aborted.aborted) {
      // What has run can be looked at, unless the worker went with it.
      if (fold && !fold.ended) set({ state: 'done', cut: `Stopped after ${plural(fold.ran, 'event')}.` })
      return
    }
    fold?.stop()
    set({ state: 'failed', error })
  }
}

// cancel ends reading, and keeps what has run.
export function cancel() {
  const fold = now.value?.fold
  control?.abort()
  if (fold && !fold.ended) {
    now.value = { ...now.value, state: 'done', cut: `Stopped after ${plural(fold.ran, 'event')}.` }
    look(fold.ran)
  } else {
    now.value = null
  }
}

// look shows a step. Of many asked for meanwhile only the last is computed.
export async function look(step) {
  const { fold } = now.value ?? {}
  if (!fold) return
  wanted = Math.max(0, Math.min(step, fold.ran))
  if (asking) return
  asking = true
  try {
    while (now.value?.fold === fold && (wanted !== shown.value?.step || !shown.value)) {
      const answer = await fold.at(wanted)
      if (now.value?.fold === fold) shown.value = answer
    }
  } catch (error) {
    if (now.value?.fold === fold) now.value = { ...now.value, state: 'failed', error }
  } finally {
    asking = false
  }
}

export const target = () => (asking ? wanted : shown.value?.step ?? 0)
