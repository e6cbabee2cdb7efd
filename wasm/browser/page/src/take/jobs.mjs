// What is being taken along: it goes on while one looks at something else.

import { route } from '../app/route.mjs'
import { message } from '../app/session.mjs'
import { signal } from '../ui/html.mjs'
import { plural } from '../ui/text.mjs'
import { eventsIn } from './work.mjs'

// A job is { state: 'running' | 'done' | 'failed', total, progress, done, error, name, toFile }, or null.
export const jobs = { lines: signal(null), store: signal(null) }
const controls = {}

// begin runs work(sink, signal, onProgress) as a job. open makes the sink, at once: a file can
// only be asked for in an event of the user's.
export async function begin(which, store, region, open, toFile, work) {
  const control = controls[which] = new AbortController()
  const job = jobs[which]
  const set = (patch) => {
    if (controls[which] === control) job.value = { ...job.value, ...patch }
  }
  let sink
  try {
    sink = await open()
  } catch (error) {
    if (error?.name === 'AbortError') return // no file was chosen
    job.value = { state: 'failed', error }
    return
  }
  job.value = { state: 'running', total: 0, progress: null, done: null, error: null, name: sink.name, toFile }
  try {
    eventsIn(store, region, control.signal).then((total) => set({ total }), () => {}) // if it fails, the work does too
    let last = 0
    const done = await work(sink, control.signal, (progress) => {
      if (performance.now() - last < 50) return
      last = performance.now()
      set({ progress })
    })
    set({ state: 'done', done })
    if (route.value.view !== 'take') message(`${sink.name}: ${toFile ? 'written' : 'handed to the browser\u2019s downloads'}, ${plural(done.events ?? done.result.events, 'event')}.`)
  } catch (error) {
    if (control.signal.aborted) {
      if (controls[which] === control) job.value = null
    } else {
      set({ state: 'failed', error })
    }
  }
}

export const cancel = (which) => controls[which]?.abort(new DOMException('stopped', 'AbortError'))
