// The keyboard. A component names its keys and says what they do; ? lists all that work now.

import { signal, useEffect, useRef } from './html.mjs'

// groups are the keys of all mounted components, the latest last.
const groups = []
export const helps = signal([])

const announce = () => {
  helps.value = groups.map((g) => g.help).filter(Boolean)
}

// useKeys handles keys while the component is mounted: { j() {}, Enter() {} }, by the name of
// KeyboardEvent.key. A handler that returns false lets others have the key. The component
// mounted last is asked first. help is a text, or a list of pairs [keys, what they do].
export function useKeys(keys, help) {
  const group = useRef({ keys, help })
  group.current.keys = keys
  useEffect(() => {
    const g = group.current
    groups.push(g)
    announce()
    return () => {
      groups.splice(groups.indexOf(g), 1)
      announce()
    }
  }, [])
}

const typed = 'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable]'
const pressed = 'a[href], button, summary, [role=option], [role=menuitemcheckbox]'

// listen starts to hear keys. Where one types, only Escape is heard; on a button, Enter and
// Space are the button's.
export function listen(target = document) {
  target.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (document.querySelector('dialog[open]')) return // which has keys of its own, Escape among them
    const on = event.target instanceof Element ? event.target : document.body
    if (event.key !== 'Escape' && on.closest(typed)) return
    if ((event.key === 'Enter' || event.key === ' ') && on.closest(pressed)) return
    for (const g of [...groups].reverse()) {
      if (Object.hasOwn(g.keys, event.key) && g.keys[event.key](event) !== false) {
        event.preventDefault()
        return
      }
    }
  })
}
