// A list of many rows of one height, of which only those in sight are rendered.

import { html, useEffect, useLayoutEffect, useRef, useState } from '../ui/html.mjs'

const MOST_PIXELS = 8e6 // browsers cut off elements that are much higher
const SPARE = 6 // rows rendered beyond the edges

// measure returns what of a list is in sight: the height of its content, how far rows move per
// pixel scrolled, and the first row and its place.
export function measure(count, height, room, top) {
  const full = count * height, total = Math.min(full, MOST_PIXELS)
  const scale = total > room ? (full - room) / (total - room) : 1
  const at = top * scale
  const first = Math.max(0, Math.min(count, Math.floor(at / height)) - SPARE)
  const last = Math.min(count, Math.ceil((at + room) / height) + SPARE)
  return { total, scale, first, last, y: top - (at - first * height) }
}

// List shows count rows by render(i). It keeps row cursor in sight; a new again does so once more.
// Further attributes belong to the element that scrolls.
export function List({ count, height = 22, render, cursor = -1, again, class: extra = '', ...attributes }) {
  const box = useRef(null)
  const [top, setTop] = useState(0), [room, setRoom] = useState(height * 20)
  useEffect(() => {
    const watch = new ResizeObserver(() => setRoom(box.current?.clientHeight || height * 20))
    watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  useLayoutEffect(() => {
    const el = box.current
    if (!el || cursor < 0) return
    const { scale } = measure(count, height, el.clientHeight, el.scrollTop)
    const from = cursor * height, at = el.scrollTop * scale
    if (from < at) el.scrollTop = from / scale
    else if (from + height > at + el.clientHeight) el.scrollTop = (from + height - el.clientHeight) / scale
  }, [cursor, again])
  const { total, first, last, y } = measure(count, height, room, top)
  const shown = []
  for (let i = first; i < last; i++) shown.push(render(i))
  return html`<div ref=${box} tabindex="0" ...${attributes} class=${`e-list ${extra}`} onScroll=${(e) => setTop(e.currentTarget.scrollTop)}>
    <div class="e-list-room" role="presentation" style=${{ height: `${total}px` }}>
      <div class="e-list-rows" role="presentation" style=${{ transform: `translateY(${y}px)`, '--row': `${height}px` }}>${shown}</div>
    </div>
  </div>`
}

// move returns the row to which a key leads from another, or -1 if it leads nowhere.
export function move(key, cursor, count, page = 15) {
  const to = { ArrowDown: cursor + 1, ArrowUp: cursor - 1, PageDown: cursor + page, PageUp: cursor - page, Home: 0, End: count - 1 }[key]
  return to === undefined || count === 0 ? -1 : Math.max(0, Math.min(count - 1, to))
}

// useNarrow returns a ref for an element, and whether the element is narrower than some pixels.
export function useNarrow(pixels) {
  const box = useRef(null)
  const [narrow, setNarrow] = useState(false)
  useLayoutEffect(() => {
    const look = () => setNarrow((box.current?.clientWidth ?? pixels) < pixels)
    const watch = new ResizeObserver(look)
    watch.observe(box.current)
    look()
    return () => watch.disconnect()
  }, [])
  return [box, narrow]
}
