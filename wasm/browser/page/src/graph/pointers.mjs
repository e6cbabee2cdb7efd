// Mouse, touch and wheel on the picture: one pointer drags it, two zoom it.

import { useEffect, useRef } from '../ui/html.mjs'
import { clamp } from './window.mjs'

const FROM = 4 // pixels, before a press is a drag and not a click

export function usePointers(ref, now) {
  const latest = useRef(now)
  latest.current = now
  useEffect(() => {
    const svg = ref.current
    if (!svg) return
    const down = new Map() // pointerId → point in the frame
    let dragged = false, pressed = null

    const point = (event) => {
      const r = svg.getBoundingClientRect(), { offset } = latest.current
      return { x: event.clientX - r.left - offset.x, y: event.clientY - r.top - offset.y }
    }
    const press = (event) => {
      if (event.button !== 0) return
      down.set(event.pointerId, point(event))
      if (down.size === 1) {
        pressed = point(event)
        dragged = false
      }
    }
    const drag = (event) => {
      const before = down.get(event.pointerId)
      if (!before) return
      const p = point(event)
      if (!dragged && down.size === 1 && Math.hypot(p.x - pressed.x, p.y - pressed.y) < FROM) return
      if (!dragged) {
        dragged = true
        for (const id of down.keys()) svg.setPointerCapture(id)
        svg.classList.add('dragged')
      }
      const { move, zoom } = latest.current
      if (down.size === 1) {
        move((v) => ({ ...v, x: v.x + p.x - before.x, y: v.y + p.y - before.y }))
      } else {
        const [a, b] = [...down].filter(([id]) => id !== event.pointerId).slice(0, 1).concat([[event.pointerId, before]]).map(([, q]) => q)
        const factor = Math.hypot(p.x - a.x, p.y - a.y) / Math.max(1, Math.hypot(b.x - a.x, b.y - a.y))
        const middle = { x: (a.x + p.x) / 2, y: (a.y + p.y) / 2 }
        move((v) => {
          const z = zoom(v, factor, middle)
          return { ...z, x: z.x + (p.x - b.x) / 2, y: z.y + (p.y - b.y) / 2 }
        })
      }
      down.set(event.pointerId, p)
    }
    const release = (event) => {
      down.delete(event.pointerId)
      if (down.size === 0) svg.classList.remove('dragged')
    }
    // What ends a drag is no click on the box below.
    const click = (event) => {
      if (!dragged) return
      event.stopPropagation()
      event.preventDefault()
      dragged = false
    }
    // With Ctrl, and so with two fingers on a touchpad, the wheel zooms. Else it moves the picture,
    // and at its end the page.
    const wheel = (event) => {
      const { move, zoom, plan, frame } = latest.current
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? frame.height : 1
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        const p = point(event)
        return move((v) => zoom(v, Math.exp(-event.deltaY * unit * (event.deltaMode === 0 ? 0.005 : 0.003)), p))
      }
      let [dx, dy] = [event.deltaX * unit, event.deltaY * unit]
      if (event.shiftKey && dx === 0) [dx, dy] = [dy, 0]
      // A picture that is only wide moves to the side.
      if (dx === 0 && plan.height * (latest.current.view?.k ?? 1) <= frame.height) [dx, dy] = [dy, 0]
      const { view } = latest.current
      if (!view) return
      const next = clamp({ ...view, x: view.x - dx, y: view.y - dy }, plan, frame)
      if (next.x === view.x && next.y === view.y) return
      event.preventDefault()
      move((v) => ({ ...v, x: v.x - dx, y: v.y - dy }))
    }
    const all = [['pointerdown', press], ['pointermove', drag], ['pointerup', release], ['pointercancel', release]]
    for (const [name, f] of all) svg.addEventListener(name, f)
    svg.addEventListener('click', click, { capture: true })
    svg.addEventListener('wheel', wheel, { passive: false })
    return () => {
      for (const [name, f] of all) svg.removeEventListener(name, f)
      svg.removeEventListener('click', click, { capture: true })
      svg.removeEventListener('wheel', wheel)
    }
  }, [ref.current])
}
