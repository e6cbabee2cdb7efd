import { html } from '../ui/html.mjs'

export function TakeView() {
  return html`<section class="view"><h1>TakeView</h1><p class="soft">Not built yet.</p></section>`
}
