// Tabs, by the keyboard pattern of ARIA: one stop of Tab, arrows between them.

import { html, useRef } from '../ui/html.mjs'

// Tabs shows [key, label] pairs and calls onPick with the key of one.
export function Tabs({ label, tabs, at, onPick, small = false }) {
  const list = useRef(null)
  const onKeyDown = (event) => {
    const nth = tabs.findIndex(([key]) => key === at)
    const to = { ArrowRight: nth + 1, ArrowLeft: nth - 1, Home: 0, End: tabs.length - 1 }[event.key]
    if (to === undefined) return
    const n = (to + tabs.length) % tabs.length
    onPick(tabs[n][0])
    list.current.children[n].focus()
    event.preventDefault()
    event.stopPropagation()
  }
  return html`<div class=${`e-tabs ${small ? 'small' : ''}`} role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
    ${tabs.map(([key, name]) => html`<button key=${key} type="button" role="tab" aria-selected=${key === at} tabindex=${key === at ? 0 : -1}
      data-test=${`tab-${key}`} onClick=${() => onPick(key)}>${name}</button>`)}
  </div>`
}
