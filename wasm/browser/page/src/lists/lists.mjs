import { html } from '../ui/html.mjs'

export function ListsView() {
  return html`<section class="view"><h1>ListsView</h1><p class="soft">Not built yet.</p></section>`
}
