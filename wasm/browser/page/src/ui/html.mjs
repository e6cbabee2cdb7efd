// The page's components: preact without a compiler, and signals.

import htm from 'htm'
import { h } from 'preact'
import { useEffect, useReducer } from 'preact/hooks'
import { effect } from './signal.mjs'

export { Fragment, render } from 'preact'
export { useCallback, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
export { computed, effect, signal } from './signal.mjs'

// html is the tag of templates. A value is an attribute, a component or text, never HTML.
export const html = htm.bind(h)

// useValue returns the value of a signal, and renders the component again when it changes.
export function useValue(signal) {
  const [, again] = useReducer((n) => n + 1, 0)
  const shown = signal.peek()
  useEffect(() => {
    let before = shown // a change between rendering and this effect counts
    return effect(() => {
      if (signal.value === before) return
      before = signal.value
      again()
    })
  }, [signal])
  return shown
}
