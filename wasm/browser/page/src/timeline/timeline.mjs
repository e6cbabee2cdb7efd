// Events over time, by kind. One drags over it to see a part; with the keyboard the two ends of
// the part are sliders.

import { html, useEffect, useMemo, useRef, useState, useValue } from '../ui/html.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { inTurn, kept, keyOf } from '../ui/kept.mjs'
import { useSize } from '../ui/size.mjs'
import { count, Name, plural, span, when } from '../ui/text.mjs'
import { Swatch, TINTS } from '../ui/tint.mjs'
import { OP } from '../../../../js/question.mjs'
import { Failure } from '../app/failure.mjs'
import { kindName, kinds, store } from '../app/session.mjs'
import { bars, brushed, columnAt, paths, ticks, wider } from './geometry.mjs'

const BUCKETS = 256
const TICK = 84 // px, at least

// Timeline shows the events of a region. onBrush gets a patch of the route, chosen its kinds.
export function Timeline({ region, route, height = 72, onBrush, onKind, legend = true }) {
  const open = useValue(store), all = useValue(kinds)
  const question = { op: OP.timeline, ...region, buckets: BUCKETS }
  const key = keyOf(question)
  const { value, error, busy, progress } = useAnswer((signal, onProgress) => kept(open, key, () => inTurn(open, signal, () => open.lines(question, { signal, onProgress }))), [open, key])
  const rank = useMemo(() => new Map(all.slice(0, TINTS).map((k, n) => [k.kind, n])), [all])
  const b = useMemo(() => value && bars(value[0], (k) => rank.get(k), TINTS), [value, rank])
  const box = useRef()
  const { width } = useSize(box)
  const shapes = useMemo(() => b && width > 0 && paths(b, width, height, TINTS), [b, width, height])
  const [over, setOver] = useState(null) // the column under the pointer
  const [part, setPart] = useState(null) // [first, last] columns that are being chosen
  useEffect(() => setPart(null), [b])

  const from = useRef(null)
  const column = (event) => columnAt(b, width, event.clientX - box.current.getBoundingClientRect().left)
  const apply = (p) => {
    const patch = b && p && brushed(b, ...p)
    if (patch) onBrush(patch)
    else setPart(null)
  }
  const pointer = {
    onPointerDown: (e) => {
      if (!b?.n || e.button !== 0) return
      e.currentTarget.setPointerCapture(e.pointerId)
      from.current = column(e)
      setPart([from.current, from.current])
    },
    onPointerMove: (e) => {
      if (!b?.n) return
      const c = column(e)
      setOver(c)
      if (from.current !== null) setPart([from.current, c])
    },
    onPointerUp: () => {
      if (from.current === null) return
      from.current = null
      apply(part)
    },
    onPointerCancel: () => {
      from.current = null
      setPart(null)
    },
    onPointerLeave: () => setOver(null),
  }
  // The sliders choose columns; Enter takes them.
  const slide = (end) => (e) => {
    if (!b?.n) return
    const now = part ?? [0, b.n - 1]
    const far = Math.max(1, Math.round(b.n / 10))
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -b.n, End: b.n }[e.key]
    if (by !== undefined) {
      const next = [...now]
      next[end] = Math.max(end === 0 ? 0 : now[0], Math.min(end === 0 ? now[1] : b.n - 1, now[end] + by))
      setPart(next)
    } else if (e.key === 'Enter') apply(now)
    else if (e.key === 'Escape' && part) setPart(null)
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  const timeOf = (c) => when(b.first + c * b.width)
  const slider = (end, label) => {
    const at = (part ?? [0, b.n - 1])[end]
    return html`<div role="slider" tabindex="0" class=${`grip ${end ? 'end' : 'start'}`} aria-label=${label} aria-valuemin="0" aria-valuemax=${b.n - 1} aria-valuenow=${at}
      aria-valuetext=${timeOf(at + end)} style=${{ left: `${((at + end) / b.n) * 100}%` }} onKeyDown=${slide(end)}></div>`
  }
  const shown = over !== null ? b?.columns.find((c) => c.at === over) ?? { at: over, events: 0, kinds: {} } : null
  const totals = useMemo(() => b && total(b.columns), [b])
  const end = b ? b.first + b.n * b.width : 0
  const low = part && Math.min(...part), high = part && Math.max(...part)
  const zoomed = route && (route.since !== undefined || route.until !== undefined)
  return html`<section class="timeline" aria-label="Events over time" aria-busy=${busy} data-test="timeline" data-events=${value?.[0].events}>
    <div class="timeline-head small">
      <span class="soft" data-test="timeline-text">${!b || (busy && b.n === 0) ? reading(progress) : b.n === 0 ? 'No events'
        : part ? html`${timeOf(low)} – ${timeOf(high + 1)} · ${plural(sum(b.columns, low, high), 'event')}`
        : shown ? html`${timeOf(shown.at)} · ${span(b.width)} · ${plural(shown.events, 'event')}`
        : html`${when(b.first)} – ${when(end)} · ${span(end - b.first)} · ${span(b.width)} each`}</span>
      ${zoomed && b ? html`<span class="row zoom">
        <button type="button" class="link" data-test="zoom-out" onClick=${() => onBrush(wider(route, reach(all)))}>Zoom out</button>
        <button type="button" class="link" data-test="zoom-all" onClick=${() => onBrush({ since: undefined, until: undefined, from: undefined, to: undefined })}>All times</button>
      </span>` : null}
    </div>
    ${error ? html`<${Failure} error=${error} text="The timeline could not be read." />` : null}
    <div class="plot" ref=${box} style=${{ height: `${height}px` }} ...${pointer} data-test="plot">
      ${shapes ? html`<svg width=${width} height=${height} aria-hidden="true" focusable="false">
        ${shapes.map((d, n) => d && html`<path key=${n} class=${`bar k${n === TINTS ? 'x' : n}`} d=${d} />`)}
      </svg>` : null}
      ${b && over !== null && !part ? html`<div class="over" style=${{ left: `${(over / b.n) * 100}%`, width: `${100 / b.n}%` }}></div>` : null}
      ${part ? html`<div class="part" data-test="brush" style=${{ left: `${(low / b.n) * 100}%`, width: `${((high + 1 - low) / b.n) * 100}%` }}></div>` : null}
      ${b?.n > 0 ? html`${slider(0, 'Begin of the part')}${slider(1, 'End of the part')}` : null}
      ${b?.most > 0 ? html`<span class="most small">${count(b.most)}</span>` : null}
    </div>
    <div class="axis small" aria-hidden="true">${b && b.n > 0 ? ticks(b.first, end, Math.floor(width / TICK)).map(({ ms, text }) => {
      const at = (ms - b.first) / (end - b.first)
      return html`<span key=${ms} style=${{ left: `${at * 100}%` }} class=${at * width > width - 70 ? 'last' : ''}>${text}</span>`
    }) : null}</div>
    ${legend && totals ? html`<${Legend} totals=${shown ? total([shown]) : totals} all=${totals} onKind=${onKind} chosen=${route?.kinds ?? []} />` : null}
  </section>`
}

// reading says how far the answer is, once it takes long enough to say so.
const reading = (progress) => (progress && Number(progress.total) > 0 ? `Reading ${Math.floor((Number(progress.done) / Number(progress.total)) * 100)} %` : '\u00a0')

const sum = (columns, low, high) => columns.reduce((n, c) => (c.at >= low && c.at <= high ? n + c.events : n), 0)

function total(columns) {
  const all = new Map()
  for (const c of columns) for (const [kind, n] of Object.entries(c.kinds)) all.set(Number(kind), (all.get(Number(kind)) ?? 0) + Number(n))
  return all
}

// reach is the time of the whole store.
export const reach = (all) => [Math.min(...all.map((k) => Number(k.firstWallMs))), Math.max(...all.map((k) => Number(k.lastWallMs))) + 1]

const LISTED = 10

function Legend({ totals, all, onKind, chosen }) {
  const order = useValue(kinds).filter((k) => all.has(k.kind))
  const [every, setEvery] = useState(false)
  const rest = order.length - LISTED
  return html`<ul class="legend small" aria-label="Kinds" data-test="legend">${(every || rest < 2 ? order : order.slice(0, LISTED)).map(({ kind }) => html`<li key=${kind}>
    <button type="button" class="quiet" aria-pressed=${chosen.includes(kind)} data-kind=${kind} onClick=${() => onKind(kind)}>
      <${Swatch} kind=${kind} /><${Name} of=${kindName(kind)} most=${40} /><span class="softer">${count(totals.get(kind) ?? 0)}</span></button>
  </li>`)}${rest >= 2 ? html`<li><button type="button" class="quiet" onClick=${() => setEvery(!every)}>${every ? 'Fewer' : `${rest} more`}</button></li>` : null}</ul>`
}
