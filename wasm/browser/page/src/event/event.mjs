import { html } from '../ui/html.mjs'

export function EventView() {
  return html`<section class="view"><h1>EventView</h1><p class="soft">Not built yet.</p></section>`
}
