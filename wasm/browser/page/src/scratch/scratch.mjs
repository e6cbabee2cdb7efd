import { html } from '../ui/html.mjs'

export function ScratchView() {
  return html`<section class="view"><h1>ScratchView</h1><p class="soft">Not built yet.</p></section>`
}
