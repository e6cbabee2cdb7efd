// The events: filters, their timeline, the table, and beside it the chosen event.

import { html, signal, useEffect, useMemo, useRef, useState, useValue } from '../ui/html.mjs'
import { Icon } from '../ui/icons.mjs'
import { keyOf } from '../ui/kept.mjs'
import { useKeys } from '../ui/keys.mjs'
import { useMedia } from '../ui/size.mjs'
import { count } from '../ui/text.mjs'
import { EventView } from '../event/event.mjs'
import { fromIndex } from '../event/load.mjs'
import { Filters } from '../filter/filter.mjs'
import { Timeline } from '../timeline/timeline.mjs'
import { Failure } from '../app/failure.mjs'
import { filtered, go, noFilters, regionOf } from '../app/route.mjs'
import { message, store } from '../app/session.mjs'
import { Rows } from './rows.mjs'
import { Table } from './table.mjs'

const WIDE = '(min-width: 62rem)' // there is room for an event beside the table

// useRows returns the rows of a region, one object as long as it is the same.
function useRows(open, region) {
  const rows = useMemo(() => new Rows(open, region, signal(0)), [open, keyOf(region)])
  useEffect(() => () => rows.close(), [rows])
  return rows
}

export function EventsView({ route }) {
  const open = useValue(store)
  const region = regionOf(route)
  const rows = useRows(open, region)
  useValue(rows.version)
  const wide = useMedia(WIDE)
  const [jump, setJump] = useState(null)
  const side = useRef()
  const toggleKind = (kind) => go({ kinds: route.kinds.includes(kind) ? route.kinds.filter((k) => k !== kind) : [...route.kinds, kind] })

  // A link may name an event, and so may the address from then on: it is shown among its
  // neighbours. shown is the event that the table has already.
  const shown = useRef()
  const choose = (row, how) => {
    shown.current = row.id
    if (how === true || (how === 'click' && !wide)) go({ view: 'event', event: row.id })
    else go({ event: row.id }, { replace: route.event !== undefined })
  }
  const jumpTo = async ({ id, seq, quiet }) => {
    try {
      if (id !== undefined) {
        const row = await fromIndex(open, id) // even if its frame is damaged
        shown.current = row.id
        go({ event: row.id }, { replace: true })
        seq = row.seq
        if (!holds(route, row)) return quiet ? undefined : message('The event is not among those that the filters let through.')
      }
      setJump({ seq })
    } catch (error) {
      message(error.code === -1 ? 'No visible event has this id.' : error.message, { failure: true })
    }
  }
  useEffect(() => {
    if (route.event && route.event !== shown.current) jumpTo({ id: route.event, quiet: true })
    shown.current = route.event
  }, [route.event])
  useKeys({
    Escape: () => {
      if (!route.event) return false
      go({ event: undefined })
    },
    o: () => wide && (side.current?.focus(), undefined),
    c: () => (route.event ? go({ view: 'graph', correlation: undefined }) : false),
  }, [['c', 'causes and effects of the chosen event']])

  const all = open.report.events
  return html`<div class="events" data-test="events-view">
    <h1 class="hidden-text">Events</h1>
    <${Filters} route=${route} onJump=${jumpTo}>
      <span class="total small soft" data-test="total" data-total=${rows.total} aria-live="polite">${rows.total === null ? '…' : filtered(route) ? `${count(rows.total)} of ${count(all)}` : `${count(rows.total)} events`}</span>
    <//>
    ${all > 0 ? html`<${Timeline} region=${region} route=${route} onBrush=${go} onKind=${toggleKind} />` : null}
    ${rows.error ? html`<div class="pad"><${Failure} error=${rows.error} text="The events could not be read." /></div>` : null}
    <div class="split">
      ${rows.total === 0 ? html`<div class="empty grow" data-test="no-events">
        <p class="strong large">${filtered(route) ? 'No event is like this' : 'The store has no events'}</p>
        ${filtered(route) ? html`<p><button type="button" onClick=${() => go(noFilters)}>Remove all filters</button></p>` : null}
      </div>` : html`<${Table} rows=${rows} chosen=${route.event} onChoose=${choose} jump=${jump} />`}
      ${wide && route.event ? html`<aside class="side" ref=${side} tabindex="-1" aria-label="The chosen event" data-test="side">
        <div class="side-tools"><button type="button" class="quiet" onClick=${() => go({ view: 'event' })}>Open</button>
          <button type="button" class="quiet" onClick=${() => go({ view: 'graph', correlation: undefined })}>Causes</button>
          <button type="button" class="quiet square" aria-label="Close" onClick=${() => go({ event: undefined })}><${Icon} name="close" /></button></div>
        <${EventView} id=${route.event} />
      </aside>` : null}
    </div>
  </div>`
}

// holds reports whether a row passes a route's filters.
function holds(route, row) {
  const is = (value, ok) => value === undefined || ok(value)
  return is(route.entity, (v) => row.entity === v) && is(route.prefix, (v) => row.entity.startsWith(v)) && is(route.scope, (v) => row.scope === v)
    && (route.kinds.length === 0 || route.kinds.includes(row.kind)) && is(route.since, (v) => row.wallMs >= v) && is(route.until, (v) => row.wallMs < v)
    && is(route.from, (v) => row.seq >= v) && is(route.to, (v) => row.seq < v)
}
