import { html } from '../ui/html.mjs'

export function SummaryView() {
  return html`<section class="view"><h1>SummaryView</h1><p class="soft">Not built yet.</p></section>`
}
