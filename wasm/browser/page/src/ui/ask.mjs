// Questions of components: asked when what they depend on changes, cancelled when it is no
// longer wanted.

import { useEffect, useRef, useState } from './html.mjs'

// useAnswer returns { value, error, busy, progress } of ask(signal, onProgress), which returns a
// promise. While a new answer is awaited the value is the one before, unless fresh.
export function useAnswer(ask, inputs, { fresh = false } = {}) {
  const [state, set] = useState({ value: undefined, error: null, busy: true, progress: null })
  const turn = useRef(0)
  useEffect(() => {
    const mine = ++turn.current
    const stop = new AbortController()
    const current = (next) => turn.current === mine && set(next)
    set((s) => ({ value: fresh ? undefined : s.value, error: null, busy: true, progress: null }))
    Promise.resolve().then(() => ask(stop.signal, (progress) => current((s) => ({ ...s, progress })))).then(
      (value) => current({ value, error: null, busy: false, progress: null }),
      (error) => current((s) => ({ ...s, error: error?.name === 'AbortError' ? null : error, busy: false, progress: null })),
    )
    return () => {
      turn.current++
      stop.abort()
    }
  }, inputs)
  return state
}
