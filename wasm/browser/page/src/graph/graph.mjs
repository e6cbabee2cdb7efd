import { html } from '../ui/html.mjs'

export function GraphView() {
  return html`<section class="view"><h1>GraphView</h1><p class="soft">Not built yet.</p></section>`
}
