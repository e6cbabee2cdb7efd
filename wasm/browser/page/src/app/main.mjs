// Where the page begins.

import { html, render } from '../ui/html.mjs'
import { listen } from '../ui/keys.mjs'
import { short } from '../ui/plain.mjs'
import { App } from './app.mjs'
import { message, open, start } from './session.mjs'

listen()
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.name !== 'AbortError') message(short(event.reason?.message ?? event.reason, 500), { failure: true })
})
addEventListener('error', (event) => {
  if (event.error) message(short(event.message, 500), { failure: true }) // without one it is a note of the browser, that sizes changed while it measured them
})

render(html`<${App} />`, document.getElementById('app'))

// The engine is compiled once the first picture is on the screen. thaw inspect names the
// store that it serves.
requestAnimationFrame(() => setTimeout(() => {
  start()
  const base = document.querySelector('meta[name=thaw-store]')?.content
  if (base) open({ kind: 'http', name: document.querySelector('meta[name=thaw-name]')?.content || 'store', base })
}))
