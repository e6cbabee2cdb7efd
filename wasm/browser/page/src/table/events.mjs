import { html } from '../ui/html.mjs'

export function EventsView() {
  return html`<section class="view"><h1>EventsView</h1><p class="soft">Not built yet.</p></section>`
}
