// Text from a store. All of it goes through visible, short or Name, and becomes text nodes.

import { html } from './html.mjs'
import { cut, pieces, short } from './plain.mjs'

export * from './plain.mjs'

const MOST = 160 // characters of a name that are shown

// Name shows a name of a store: an entity, a scope, a kind. It stands by itself in lines of
// the other direction; escapes look different from a name that spells them.
export function Name({ children, of, most = MOST, class: extra = '' }) {
  const s = String(of ?? [].concat(children ?? '').join(''))
  const shown = pieces(cut(s, most))
  return html`<bdi class=${`name ${extra}`} title=${short(s, 400)}>${
    shown.map(([text, escaped]) => (escaped ? html`<span class="escape">${text}</span>` : text))
  }${s.length > most ? html`<span class="escape">…</span>` : null}</bdi>`
}
