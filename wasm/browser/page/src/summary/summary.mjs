// What a store holds, how it was opened, and whether it is sound.

import { html, useMemo, useState, useValue } from '../ui/html.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { inTurn, kept } from '../ui/kept.mjs'
import { count, Name, plural, size, span, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { OP } from '../../../../js/question.mjs'
import { go, linkTo, noFilters } from '../app/route.mjs'
import { kindName, kinds, opened, store } from '../app/session.mjs'
import { reach, Timeline } from '../timeline/timeline.mjs'
import { Damages } from './damages.mjs'
import { countNames } from './names.mjs'
import { reportRows } from './report.mjs'

const unfiltered = { ...noFilters, event: undefined }

// shortSpan names two times as precisely as tells them apart.
function shortSpan(a, z) {
  const [from, to] = [when(a), when(z)]
  if (from.slice(0, 10) !== to.slice(0, 10)) return `${from.slice(0, 10)} – ${to.slice(0, 10)}`
  return from.slice(0, 16) !== to.slice(0, 16) ? `${from.slice(0, 16)} – ${to.slice(11, 16)}` : `${from.slice(0, 19)}`
}

function Fact({ label, children, test, note, wide }) {
  return html`<div class=${`fact${wide ? ' wide' : ''}`}><dt>${label}</dt><dd data-test=${test}>${children}</dd>${note ? html`<dd class="note small soft">${note}</dd>` : null}</div>`
}

const FEW = 2_000_000 // events of a store whose names are counted without being asked to

// Names counts the entities or scopes: there is no shorter way than to list them. What else one
// sees comes before.
function Names({ op, list, label, test }) {
  const open = useValue(store)
  const [soFar, setSoFar] = useState(0)
  const [wanted, setWanted] = useState(Number(open.report.events) <= FEW)
  const { value, error } = useAnswer(async (signal) => {
    if (!wanted) return undefined
    await new Promise((done) => setTimeout(done))
    return kept(open, `names ${op}`, () => inTurn(open, signal, () => countNames(open, op, signal, setSoFar)))
  }, [open, op, wanted])
  return html`<${Fact} label=${label} test=${test} note=${html`<a href=${linkTo({ view: 'lists', list })}>List</a>`}>${
    error ? '?' : value !== undefined ? count(value) : wanted ? html`<span class="soft">${soFar > 0 ? count(soFar) : ''}…</span>` : html`<button type="button" class="link small" onClick=${() => setWanted(true)}>Count</button>`
  }<//>`
}

function Kinds() {
  const all = useValue(kinds)
  const most = Number(all[0]?.events ?? 1)
  return html`<section class="card"><div class="head"><h2>Kinds</h2><a href=${linkTo({ view: 'lists', list: 'kinds' })}>All</a></div>
    <ul class="kinds">${all.slice(0, 12).map(({ kind, events }) => html`<li key=${kind}><a href=${linkTo({ ...unfiltered, view: 'events', kinds: [kind] })}>
      <${Swatch} kind=${kind} /><span class="clip"><${Name} of=${kindName(kind)} /></span><span class="meter" style=${{ width: `${(Number(events) / most) * 100}%` }}></span><span class="num soft">${count(events)}</span></a></li>`)}</ul>
    ${all.length === 0 ? html`<div class="empty">No events yet.</div>` : null}
  </section>`
}

function Opened() {
  const open = useValue(store), ms = useValue(opened)
  return html`<section class="card"><div class="head"><h2>How it opened</h2></div><dl class="report" data-test="report">${reportRows(open.report, ms, open.kindNamesError).map(({ key, term, text, warns }) => html`
    <div key=${key} class=${`line${warns ? ' warn' : ''}`} data-test=${`report-${key}`}><dt>${term}</dt><dd>${text}</dd></div>`)}</dl></section>`
}

function Files() {
  const open = useValue(store)
  const [all, setAll] = useState(false)
  const files = open.files
  const sum = useMemo(() => files.reduce((n, f) => n + Number(f.regular ? f.size : 0), 0), [files])
  const others = files.filter((f) => !f.name.endsWith('.fbat'))
  const shown = all ? files : others
  return html`<section class="card"><div class="head"><h2>Files</h2><span class="soft small">${plural(files.length, 'file')}, ${size(sum)}</span></div>
    <ul class="files">${shown.slice(0, 2000).map((f) => html`<li key=${f.name}><span class="clip mono"><${Name} of=${f.name} /></span><span class="num soft">${f.regular ? size(f.size) : 'not a file'}</span></li>`)}
      ${files.length > others.length ? html`<li><button type="button" class="link" onClick=${() => setAll(!all)}>${all ? 'Without the segments' : `And ${plural(files.length - others.length, 'segment')}`}</button></li>` : null}</ul>
  </section>`
}

export function SummaryView() {
  const open = useValue(store), all = useValue(kinds)
  const r = open.report
  const [first, end] = all.length > 0 ? reach(all) : []
  return html`<section class="view summary" data-test="summary">
    <div class="title"><h1><${Name} of=${open.source.name} /></h1></div>
    <dl class="facts">
      <${Fact} label="Events" test="summary-events" note=${html`<a href=${linkTo({ ...unfiltered, view: 'events' })}>Show</a>`}>${count(r.events)}<//>
      <${Names} op=${OP.entities} list="entities" label="Entities" test="summary-entities" />
      <${Names} op=${OP.scopes} list="scopes" label="Scopes" test="summary-scopes" />
      <${Fact} label="Kinds" test="summary-kinds" note=${html`<a href=${linkTo({ view: 'lists', list: 'kinds' })}>List</a>`}>${count(all.length)}<//>
      <${Fact} label="Segments" test="summary-segments" note=${size(open.files.reduce((n, f) => n + (f.regular ? Number(f.size) : 0), 0))}>${count(r.segments)}<//>
      <${Fact} label="Time span" test="summary-span" wide note=${all.length > 0 ? html`${shortSpan(first, end - 1)}` : null}>${all.length > 0 ? span(end - first) : '–'}<//>
    </dl>
    ${all.length > 0 ? html`<section class="card"><${Timeline} region=${{}} height=${88} legend=${false} onBrush=${(patch) => go({ ...unfiltered, view: 'events', ...patch })} /></section>` : null}
    <${Damages} store=${open} />
    <div class="columns"><${Kinds} /><${Opened} /><${Files} /></div>
  </section>`
}
