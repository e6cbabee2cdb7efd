import { html } from '../ui/html.mjs'

export function FoldView() {
  return html`<section class="view"><h1>FoldView</h1><p class="soft">Not built yet.</p></section>`
}
