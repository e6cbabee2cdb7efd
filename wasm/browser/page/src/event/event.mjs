// One event: beside the table on wide screens, a page of its own on narrow ones.

import { Failure } from '../app/failure.mjs'
import { meaning } from '../app/reasons.mjs'
import { go, linkTo, route } from '../app/route.mjs'
import { kindName, store as opened } from '../app/session.mjs'
import { html, useEffect, useState, useValue } from '../ui/html.mjs'
import { useKeys } from '../ui/keys.mjs'
import { Name, short, when } from '../ui/text.mjs'
import { ChainView } from './chainview.mjs'
import { DiffView } from './diffview.mjs'
import { Around, Effects, Facts } from './factsview.mjs'
import { FrameView } from './frameview.mjs'
import { around, fromIndex, read } from './load.mjs'
import { PayloadView } from './payloadview.mjs'
import { Tabs } from './tabs.mjs'

const PARTS = [['payload', 'Payload'], ['chain', 'Hash chain'], ['bytes', 'Bytes'], ['diff', 'Difference']]
const NOT_FOUND = -1

// EventView shows the event with an id, in the part that the route names.
export function EventView({ id }) {
  const store = useValue(opened), { part: named, view } = useValue(route)
  const Title = view === 'event' ? 'h1' : 'h2' // beside the table the page has its title
  const [state, setState] = useState({})
  const [neighbours, setNeighbours] = useState(null)

  useEffect(() => {
    if (!store || !id) return
    const control = new AbortController(), { signal } = control
    const keep = (set) => (value) => signal.aborted || set(value)
    // What was shown stays until there is something else, so that stepping through events does not flicker.
    const load = async () => {
      const found = { id }
      try {
        found.row = found.full = await read(store, id, signal)
      } catch (error) {
        found.unread = error
        try {
          if (error.code !== NOT_FOUND) found.row = await fromIndex(store, id, signal)
        } catch {} // the first error says it
        if (!found.row) found.error = error
      }
      if (signal.aborted) return
      setState(found)
      if (found.row) around(store, found.row, signal).then(keep(setNeighbours), keep((error) => setNeighbours({ error })))
    }
    setNeighbours(null)
    load()
    return () => control.abort()
  }, [store, id])

  const step = (key) => () => {
    const to = neighbours?.[key]
    if (!to) return false
    go({ event: to.id })
  }
  useKeys({
    '[': step('entityBefore'), ']': step('entityAfter'), '{': step('storeBefore'), '}': step('storeAfter'),
  }, [['[ ]', 'previous and next event of the entity'], ['{ }', 'previous and next event of the store']])

  if (!store) return html`<section class="event" aria-label="Event"><p class="soft">No store is open.</p></section>`
  if (!id) return html`<section class="event" aria-label="Event"><p class="soft">Choose an event to see it here.</p></section>`
  const { row, full, error, unread } = state
  const why = meaning(unread?.details?.damage?.reason)
  const part = PARTS.some(([key]) => key === named) ? named : unread ? 'bytes' : 'payload'
  if (error) {
    return html`<section class="event" aria-label="Event" data-test="event">
      <header class="event-head"><${Title}>Event<//></header>
      <p><code class="e-id">${short(id, 60)}</code></p>
      <${Failure} error=${error} text=${error.code === NOT_FOUND ? 'No visible event of this store has this id.' : 'The event cannot be looked up.'} />
      <p><a href=${linkTo({ view: 'graph', event: id, correlation: undefined })}>What it caused</a> may be here all the same: a cause can lie outside the store.</p>
    </section>`
  }
  if (!row) return html`<section class="event" aria-label="Event" aria-busy="true"><p class="soft">Reading…</p></section>`
  return html`<section class="event" aria-label="Event" data-test="event" data-id=${row.id} aria-busy=${state.id !== id}>
    <header class="event-head">
      <${Title} class="event-title">#${String(row.seq)} <bdi>${short(kindName(row.kind), 60)}</bdi><//>
      <p class="event-sub"><${Name} of=${row.entity} most=${80} />, ${when(row.wallMs)} <span class="softer">UTC</span></p>
      <${Around} neighbours=${neighbours} />
    </header>
    ${store.report.duplicate_ids && html`<p class="soft">Ids repeat in this store. This is the first event with this one.</p>`}
    ${neighbours?.error && html`<p class="bad">Its neighbours cannot be read: ${short(neighbours.error.message, 300)}</p>`}
    ${unread && html`<${Failure} error=${unread} text=${`The event cannot be read${why ? `: ${why}` : ''}. What follows is from the index.`} />`}
    <div class="event-body">
      <div class="event-parts">
        <${Tabs} label="Parts of the event" tabs=${PARTS} at=${part} onPick=${(key) => go({ part: key === 'payload' && !unread ? undefined : key }, { replace: true })} />
        <div class="event-part" role="tabpanel" aria-label=${PARTS.find(([key]) => key === part)[1]}>
          ${part === 'chain' ? html`<${ChainView} key=${row.seq} store=${store} row=${row} />`
            : part === 'bytes' ? html`<${FrameView} store=${store} id=${row.id} />`
              : !full ? html`<p class="soft">Without its frame there is no payload. <a href=${linkTo({ part: 'bytes' })}>Look at the bytes</a>.</p>`
                : full.redacted ? html`<p class="soft" data-test="redacted">The payload was redacted: it is no longer in the store. The hashes are those that it had.</p>`
                : part === 'diff' ? html`<${DiffView} store=${store} full=${full} />` : html`<${PayloadView} b=${full.payload} />`}
        </div>
      </div>
      <div class="event-facts">
        <h2 class="hidden-text">Facts</h2>
        <${Facts} row=${row} full=${full} />
        <${Effects} store=${store} row=${row} />
      </div>
    </div>
  </section>`
}
