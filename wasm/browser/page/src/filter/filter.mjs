// The filters of the events: one field that understands entities, scopes, kinds, times,
// sequences and ids; what was chosen stands before it and can be removed.

import { html, useEffect, useId, useRef, useState, useValue } from '../ui/html.mjs'
import { Icon } from '../ui/icons.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, cut, hex, Name, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { OP } from '../../../../js/question.mjs'
import { filtered, go, noFilters } from '../app/route.mjs'
import { kindName, kindNumber, kinds, message, store } from '../app/session.mjs'
import { idOf, kindsLike, parseTime, sequenceOf, timeOf } from './terms.mjs'

const WAIT = 60 // ms after a key, before the store is asked

const noTimes = { since: undefined, until: undefined, from: undefined, to: undefined }

// chipsOf returns what a route filters by: { key, label, text, remove }.
function chipsOf(route) {
  const all = []
  const add = (key, label, text, remove) => all.push({ key, label, text, remove })
  if (route.entity !== undefined) add('entity', 'entity', html`<${Name} of=${route.entity} most=${60} />`, { entity: undefined })
  if (route.prefix !== undefined) add('prefix', 'entity begins with', html`<${Name} of=${route.prefix} most=${60} />`, { prefix: undefined })
  if (route.scope !== undefined) add('scope', 'scope', html`<${Name} of=${route.scope} most=${60} />`, { scope: undefined })
  for (const kind of route.kinds) {
    add(`kind-${kind}`, 'kind', html`<${Swatch} kind=${kind} />${' '}<${Name} of=${kindName(kind)} most=${40} />`, { kinds: route.kinds.filter((k) => k !== kind) })
  }
  const timed = route.since !== undefined || route.until !== undefined
  if (timed) {
    const text = route.since === undefined ? `before ${when(route.until)}` : route.until === undefined ? `from ${when(route.since)}` : `${when(route.since)} – ${when(route.until)}`
    add('time', 'time', text, noTimes)
  } else if (route.from !== undefined || route.to !== undefined) {
    const text = route.to === undefined ? `from ${count(route.from)}` : `${count(route.from ?? 0)} – ${count(BigInt(route.to) - 1n)}`
    add('sequences', 'sequence', text, noTimes)
  }
  return all
}

// suggest returns what a text may mean: { key, label, node, detail, patch | jump }.
async function suggest(text, open, all, signal) {
  const out = []
  const t = text.trim()
  if (t === '') return out
  const id = idOf(t)
  if (id) out.push({ key: 'id', label: 'Event', node: html`<span class="mono">${id}</span>`, jump: { id } })
  const seq = sequenceOf(t)
  if (seq !== undefined) out.push({ key: 'seq', label: 'Go to', node: `sequence ${count(seq)}`, jump: { seq } })
  const time = timeOf(t)
  if (time) {
    out.push({ key: 'in', label: 'Time', node: `${when(time[0])} – ${when(time[1])}`, patch: { ...noTimes, since: time[0], until: time[1] } })
    out.push({ key: 'since', label: 'Time', node: `from ${when(time[0])}`, patch: { ...noTimes, since: time[0] } })
    out.push({ key: 'until', label: 'Time', node: `before ${when(time[0])}`, patch: { ...noTimes, until: time[0] } })
  }
  for (const { kind, events } of kindsLike(t, all, kindName)) {
    out.push({ key: `kind-${kind}`, label: 'Kind', node: html`<${Swatch} kind=${kind} /> <${Name} of=${kindName(kind)} /> <span class="softer">${kindNumber(kind)}</span>`, detail: count(events), addKind: kind })
  }
  if (!/\p{Surrogate}/u.test(text)) {
    const names = (op, limit) => open.rows({ op, prefix: text, limit }, { signal, urgent: true })
    const [entities, scopes] = await Promise.all([names(OP.entities, 9), names(OP.scopes, 5)])
    if (entities.length > 1) out.push({ key: 'prefix', label: 'Entities', node: html`beginning with <${Name} of=${text} most=${40} />`, detail: entities.length > 8 ? 'many' : String(entities.length), patch: { prefix: text, entity: undefined } })
    for (const e of entities.slice(0, 8)) out.push({ key: `entity-${e.name}`, label: 'Entity', node: html`<${Name} of=${e.name} />`, detail: count(e.events), patch: { entity: e.name, prefix: undefined } })
    for (const s of scopes) out.push({ key: `scope-${s.name}`, label: 'Scope', node: html`<${Name} of=${s.name} />`, detail: count(s.events), patch: { scope: s.name } })
  }
  return out
}

function Field({ route, last, onJump }) {
  const open = useValue(store), all = useValue(kinds)
  const [text, setText] = useState('')
  const [found, setFound] = useState(null) // null: not looked for
  const [at, setAt] = useState(0)
  const [focused, setFocused] = useState(false)
  const input = useRef()
  const list = useId()
  useKeys({ '/': () => input.current.focus(), f: () => input.current.focus() }, [['/', 'filter']])
  useEffect(() => {
    setFound(null)
    if (text === '') return
    const stop = new AbortController()
    const soon = setTimeout(() => suggest(text, open, all, stop.signal).then((f) => {
      if (stop.signal.aborted) return
      setFound(f)
      setAt(0)
    }, (error) => {
      if (!stop.signal.aborted) message(`Names could not be read: ${error.message}`, { failure: true })
    }), WAIT)
    return () => {
      clearTimeout(soon)
      stop.abort()
    }
  }, [text, open])
  const take = async (s) => {
    setText('')
    if (s.addKind !== undefined) go({ kinds: [...new Set([...route.kinds, s.addKind])] })
    else if (s.patch) go(s.patch)
    else onJump(s.jump)
  }
  const shown = focused && text !== ''
  const onKey = (e) => {
    const n = found?.length ?? 0
    if (e.key === 'ArrowDown' && n) setAt((at + 1) % n)
    else if (e.key === 'ArrowUp' && n) setAt((at + n - 1) % n)
    else if (e.key === 'Enter' && n) take(found[at])
    else if (e.key === 'Escape' && text !== '') setText('')
    else if (e.key === 'Escape') {
      input.current.blur()
      document.querySelector('[data-test=table]')?.focus()
    } else if (e.key === 'Backspace' && text === '' && last) go(last.remove)
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  useEffect(() => { // the marked line of a long list stays in sight
    document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at, found])
  return html`<div class="field">
    <input ref=${input} type="text" role="combobox" aria-expanded=${shown && found?.length > 0} aria-controls=${list} aria-autocomplete="list" aria-activedescendant=${shown && found?.length ? `${list}-${at}` : undefined}
      aria-label="Filter by entity, scope, kind, time or sequence, or go to an id" placeholder="Filter: entity, scope, kind, time, sequence or id" autocomplete="off" autocapitalize="off" spellcheck=${false}
      data-test="filter" value=${text} onInput=${(e) => setText(cut(e.currentTarget.value, 1024))} onKeyDown=${onKey} onFocus=${() => setFocused(true)} onBlur=${() => setFocused(false)} />
    <ul id=${list} role="listbox" aria-label="What it may mean" class="suggestions" hidden=${!shown || !found} data-test="suggestions">
      ${found?.map((s, n) => html`<li key=${s.key} id=${`${list}-${n}`} role="option" aria-selected=${n === at} data-test=${`suggest-${s.key}`}
        onPointerDown=${(e) => { e.preventDefault(); take(s) }} onPointerMove=${() => setAt(n)}>
        <span class="label small softer">${s.label}</span><span class="clip">${s.node}</span><span class="softer small num">${s.detail}</span></li>`)}
      ${found?.length === 0 ? html`<li class="none soft" role="option" aria-disabled="true" aria-selected="false">Nothing begins with this.</li>` : null}
    </ul>
  </div>`
}

// Popover is a button with a box below it, which Escape or a click elsewhere closes.
function Popover({ label, children, test }) {
  const [shown, setShown] = useState(false)
  const box = useRef()
  useEffect(() => {
    if (!shown) return
    const outside = (e) => !box.current.contains(e.target) && setShown(false)
    addEventListener('pointerdown', outside)
    return () => removeEventListener('pointerdown', outside)
  }, [shown])
  const onKey = (e) => {
    if (e.key !== 'Escape' || !shown) return
    e.stopPropagation()
    setShown(false)
    box.current.querySelector('button').focus()
  }
  return html`<div class="popover" ref=${box} onKeyDown=${onKey}>
    <button type="button" class="quiet" aria-expanded=${shown} data-test=${test} onClick=${() => setShown(!shown)}>${label}<${Icon} name="down" /></button>
    ${shown ? html`<div class="popover-box" role="group" aria-label=${label}>${children(() => setShown(false))}</div>` : null}
  </div>`
}

function Kinds({ route }) {
  const all = useValue(kinds)
  const [text, setText] = useState('')
  const shown = text ? kindsLike(text, all, kindName, all.length) : all
  const toggle = (kind) => go({ kinds: route.kinds.includes(kind) ? route.kinds.filter((k) => k !== kind) : [...route.kinds, kind] })
  return html`<div class="kinds-box">
    ${all.length > 12 ? html`<input type="search" aria-label="Kinds by name" placeholder="Name" value=${text} onInput=${(e) => setText(e.currentTarget.value)} />` : null}
    <ul>${shown.slice(0, 500).map(({ kind, events }) => html`<li key=${kind}><label>
      <input type="checkbox" checked=${route.kinds.includes(kind)} data-kind=${hex(kind)} onChange=${() => toggle(kind)} />
      <${Swatch} kind=${kind} /><span class="clip"><${Name} of=${kindName(kind)} /></span><span class="softer small">${kindNumber(kind)}</span><span class="num softer small">${count(events)}</span></label></li>`)}</ul>
    ${all.length === 0 ? html`<p class="soft">The store has no events.</p>` : null}
    ${route.kinds.length > 0 ? html`<button type="button" class="link" onClick=${() => go({ kinds: [] })}>All kinds</button>` : null}
  </div>`
}

function Times({ route, close }) {
  const [since, setSince] = useState(route.since === undefined ? '' : when(route.since))
  const [until, setUntil] = useState(route.until === undefined ? '' : when(route.until))
  const a = parseTime(since), z = parseTime(until)
  const take = (e) => {
    e.preventDefault()
    if (a === null || z === null) return
    go({ ...noTimes, since: a, until: z })
    close()
  }
  const input = (label, value, set, ok, test) => html`<label><span class="small soft">${label}</span>
    <input type="text" value=${value} aria-invalid=${!ok} placeholder="2026-11-29 18:00" data-test=${test} onInput=${(e) => set(e.currentTarget.value)} /></label>`
  return html`<form class="times-box" onSubmit=${take}>
    ${input('Since', since, setSince, a !== null, 'since')}${input('Until, not included', until, setUntil, z !== null, 'until')}
    <p class="small soft">UTC, as precise as needed: 2026, 2026-11-29, 2026-11-29 18:05:07.250</p>
    <div class="row"><button class="primary" data-test="times-apply" disabled=${a === null || z === null}>Show</button>
      <button type="button" class="quiet" onClick=${() => { go(noTimes); close() }}>All times</button></div>
  </form>`
}

// Filters is the bar. onJump gets { id } or { seq }.
export function Filters({ route, onJump, children }) {
  useValue(kinds)
  const chips = chipsOf(route)
  return html`<div class="filters" role="search" aria-label="Filters">
    <div class="filter-box">
      <${Icon} name="search" />
      ${chips.map((c) => html`<span class="chip" key=${c.key} data-test=${`chip-${c.key}`}><span class="softer small">${c.label}</span> <span class="clip">${c.text}</span>
        <button type="button" class="quiet" aria-label=${`Remove the filter by ${c.label}`} onClick=${() => go(c.remove)}><${Icon} name="close" /></button></span>`)}
      <${Field} route=${route} last=${chips.at(-1)} onJump=${onJump} />
    </div>
    <div class="filter-tools">
      <${Popover} label="Kinds" test="kinds">${() => html`<${Kinds} route=${route} />`}<//>
      <${Popover} label="Time" test="times">${(close) => html`<${Times} route=${route} close=${close} />`}<//>
      ${filtered(route) ? html`<button type="button" class="quiet" data-test="clear" onClick=${() => go(noFilters)}>Clear</button>` : null}
      ${children}
    </div>
  </div>`
}
