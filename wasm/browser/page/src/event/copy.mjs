// Copying to the clipboard.

import { message } from '../app/session.mjs'
import { html } from '../ui/html.mjs'

// copy puts a text on the clipboard, and says so.
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text)
    message(`Copied ${what}.`)
  } catch (error) {
    message(`The browser did not let ${what} be copied: ${error.message}`, { failure: true })
  }
}

// Copy is a button that copies a text. value is the text, or a function that makes it when asked.
export const Copy = ({ value, what }) => html`<button type="button" class="e-copy" aria-label=${`Copy ${what}`} title=${`Copy ${what}`}
  onClick=${() => copy(typeof value === 'function' ? value() : String(value), what)}><svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" /></svg></button>`
