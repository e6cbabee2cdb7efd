// The size of an element, as it changes.

import { useLayoutEffect, useState } from './html.mjs'

export function useSize(ref) {
  const [size, set] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const element = ref.current
    const measure = () => set((s) => {
      const width = element.clientWidth, height = element.clientHeight
      return s.width === width && s.height === height ? s : { width, height }
    })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return size
}

// useMedia returns whether a media query holds.
export function useMedia(query) {
  const [holds, set] = useState(() => matchMedia(query).matches)
  useLayoutEffect(() => {
    const list = matchMedia(query)
    const on = () => set(list.matches)
    on()
    list.addEventListener('change', on)
    return () => list.removeEventListener('change', on)
  }, [query])
  return holds
}
