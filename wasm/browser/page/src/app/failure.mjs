// A failure as people read it: what happened, and what can be done.

import { html } from '../ui/html.mjs'
import { Icon } from '../ui/icons.mjs'
import { count, short } from '../ui/plain.mjs'
import { inWords } from './reasons.mjs'

const hints = {
  '-2': 'What is not damaged can still be read: Summary lists the damages.',
  '-3': 'Without this file the store cannot be opened.',
  '-4': 'A writer replaced a file. Open the store again.',
  '-5': 'The browser could not read a file. It may have changed or moved since the folder was opened; open it again.',
}

// Failure shows an error. text says what was tried, hint what can be done.
export function Failure({ error, text, hint = hints[error?.code], children }) {
  const failure = error?.details
  const damage = failure?.damage
  return html`<div class="failure" role="alert" data-test="failure">
    <${Icon} name="warn" />
    <div>
      ${text ? html`<p class="strong">${text}</p>` : null}
      <p class="mono wrap" data-test="failure-text">${short(error?.message ?? error, 1200)}</p>
      ${damage?.file ? html`<p>In <bdi class="mono">${short(damage.file)}</bdi>${damage.offset !== null && damage.offset !== undefined ? ` at byte ${count(damage.offset)}` : ''}: ${short(inWords(damage.reason))}.</p>` : null}
      ${hint ? html`<p class="soft">${hint}</p>` : null}
      ${children}
    </div>
  </div>`
}
