// Verification of a store: it reads every byte, so it is asked for, takes its time, and can be
// cancelled. What it found is kept while one looks at other views.

import { signal, useValue } from '../ui/html.mjs'
import { OP } from '../../../../js/question.mjs'

const checks = new WeakMap()

const of = (store) => {
  if (!checks.has(store)) checks.set(store, signal({ state: 'none' }))
  return checks.get(store)
}

// useCheck returns { state, findings, ms, error, progress, start, stop }; state is none, running,
// done or failed.
export function useCheck(store) {
  const check = of(store.report ?? store)
  const now = useValue(check)
  return { ...now, start: () => verify(store, check), stop: () => now.abort?.abort() }
}

async function verify(store, check) {
  const abort = new AbortController()
  const began = performance.now()
  const current = () => check.peek().abort === abort
  check.value = { state: 'running', progress: null, abort }
  try {
    const onProgress = (progress) => {
      if (current() && progress.total > 0) check.value = { state: 'running', progress, abort }
    }
    const [findings] = await store.lines({ op: OP.verify }, { signal: abort.signal, onProgress })
    check.value = { state: 'done', findings, ms: performance.now() - began }
  } catch (error) {
    check.value = error?.name === 'AbortError' ? { state: 'none' } : { state: 'failed', error }
  }
}
