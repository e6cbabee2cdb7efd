// Step through a fold: a reducer that the user types, over the events that the filters let
// through.

import { Failure } from '../app/failure.mjs'
import { filtered, go, regionOf, route } from '../app/route.mjs'
import { kindName, message, store } from '../app/session.mjs'
import { Filters } from '../filter/filter.mjs'
import { html, useEffect, useMemo, useRef, useValue } from '../ui/html.mjs'
import { keyOf } from '../ui/kept.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, Name, plural, visible, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { FoldError } from './run.mjs'
import { cancel, code, initial, look, MOST_EVENTS, now, run, shown, target } from './session.mjs'
import { brief, pathText, StateTree } from './statetree.mjs'

const EXAMPLES = [
  ['Count by kind', `(state, event) => {
  const { kinds } = state, name = event.kind_name
  kinds[name] = (kinds[name] ?? 0) + 1
  state.events += 1
  return state
}`, '{ "events": 0, "kinds": {} }'],
  ['Latest payload of each entity', `(state, event) => ({
  ...state,
  [event.entity]: event.payload,
})`, '{}'],
  ['Sum of a field', `(state, event) => {
  const amount = event.payload?.amount ?? 0
  return { sum: state.sum + amount, events: state.events + 1 }
}`, '{ "sum": 0, "events": 0 }'],
  ['Time between events', `(state, event) => ({
  longest: state.last === null ? 0 : Math.max(state.longest, event.wall_ms - state.last),
  last: event.wall_ms,
})`, '{ "longest": 0, "last": null }'],
]

export function FoldView() {
  const at = useValue(route), open = useValue(store), fold = useValue(now)
  const start = () => run(regionOf(at), textOf(at))
  if (!open) return null
  const jump = () => message('A fold runs over all events that the filters let through.')
  return html`<section class="fold-view" data-test="fold" data-state=${fold?.state ?? 'none'}>
    <h1 class="hidden-text">Step through a fold</h1>
    <${Filters} route=${at} onJump=${jump} />
    <div class="fold-parts">
      <${Code} onRun=${start} fold=${fold} stale=${fold && fold.text !== textOf(at)} />
      <${Steps} fold=${fold} />
    </div>
  </section>`
}

// textOf is a key of what a route lets through.
const textOf = (at) => keyOf(regionOf(at))

function Code({ onRun, fold, stale }) {
  const text = useValue(code), first = useValue(initial), at = useValue(route)
  const area = useRef()
  const error = fold?.state === 'failed' ? fold.error : null
  const failure = fold?.fold?.failure
  const line = error instanceof FoldError ? error.line : failure?.line ?? null
  const running = fold?.state === 'running'
  const onKeyDown = (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault()
      onRun()
    }
  }
  // show marks the line of an error in the text.
  const show = () => {
    const lines = text.split('\n')
    const from = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0)
    area.current.focus()
    area.current.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0))
  }
  return html`<form class="card fold-code" onSubmit=${(e) => { e.preventDefault(); onRun() }} onKeyDown=${onKeyDown}>
    <div class="head"><h2>Reducer</h2>
      <select aria-label="Examples" data-test="fold-examples" onChange=${(e) => {
        const [, c, i] = EXAMPLES[e.currentTarget.value] ?? []
        if (c) {
          code.value = c
          initial.value = i
        }
        e.currentTarget.value = ''
      }}><option value="">Examples</option>${EXAMPLES.map(([name], i) => html`<option key=${name} value=${i}>${name}</option>`)}</select>
    </div>
    <div class="body">
      <label for="fold-code" class="hidden-text">Reducer in JavaScript</label>
      <textarea ref=${area} id="fold-code" class="mono" rows=${Math.min(24, Math.max(9, text.split('\n').length + 1))} spellcheck=${false} autocapitalize="off" wrap="off" data-test="fold-code"
        aria-describedby="fold-hint" aria-invalid=${line !== null} value=${text} onInput=${(e) => { code.value = e.currentTarget.value }}></textarea>
      <label class="fold-initial"><span class="soft small">First state, as JSON</span>
        <input class="mono" spellcheck=${false} autocomplete="off" data-test="fold-initial" value=${first} onInput=${(e) => { initial.value = e.currentTarget.value }} /></label>
      ${error instanceof FoldError && html`<${Wrong} text=${error.message} line=${line} show=${show} />`}
      ${error && !(error instanceof FoldError) && html`<${Failure} error=${error} text="The events could not be read." />`}
      ${!error && failure && html`<${Wrong} text=${`Step ${count(failure.step)}: ${failure.text}`} line=${line} show=${show} />`}
      <div class="row wrap-row">
        <button type="submit" class="primary" disabled=${running} data-test="fold-run">Run</button>
        ${running && html`<button type="button" onClick=${cancel} data-test="fold-cancel">Stop</button>`}
        <span class="soft small">${stale && !running ? 'The filter changed since the last run.' : `over ${filtered(at) ? 'the filtered events' : 'all events'}, at most ${count(MOST_EVENTS)}`}</span>
      </div>
      ${running && html`<${Progress} fold=${fold} />`}
      <p id="fold-hint" class="soft small fold-hint">A function of the state and an event (<code>seq, entity, scope, kind, kind_name, clock, wall_ms, payload, …</code>, as <code>thaw get</code> prints it) that returns the next state.
        It runs in a worker of its own, without network, storage, clock, random numbers, or this page. Events are frozen. Ctrl Enter runs it.</p>
    </div>
  </form>`
}

function Wrong({ text, line, show }) {
  return html`<div class="fold-wrong" role="alert" data-test="fold-error" data-line=${line ?? undefined}>
    <span class="mono wrap">${visible(text)}</span>
    ${line !== null && html`<button type="button" class="link" onClick=${show}>line ${line}</button>`}
  </div>`
}

function Progress({ fold: { done, total } }) {
  return html`<div class="fold-progress"><progress max=${total || 1} value=${done} aria-label="Events"></progress>
    <span class="soft small">${count(done)} of ${total ? count(total) : '…'}</span></div>`
}

function Steps({ fold }) {
  const view = useValue(shown)
  const ran = fold?.fold?.ran ?? 0, ended = fold?.fold?.ended
  const can = fold?.state === 'done' && !ended
  const by = (n) => (can ? look(target() + n) : false)
  const far = Math.max(10, Math.round(ran / 20))
  const card = useRef()
  useEffect(() => { // on a narrow screen the steps are below the code
    if (can && card.current?.getBoundingClientRect().top > innerHeight * 0.8) card.current.scrollIntoView({ block: 'start' })
  }, [can, fold?.fold])
  useKeys({
    ArrowRight: (e) => by(e.shiftKey ? 10 : 1), ArrowLeft: (e) => by(e.shiftKey ? -10 : -1), j: () => by(1), k: () => by(-1),
    PageDown: () => by(far), PageUp: () => by(-far), Home: () => (can ? look(0) : false), End: () => (can ? look(ran) : false),
  }, [['← →', 'one step back, one forward'], ['Shift ← →', 'ten steps'], ['PgUp PgDn', 'far back, far forward'], ['Home End', 'first state, last state']])
  if (fold?.state === 'running') return html`<div class="card fold-steps"><div class="empty"><p><span class="spinner" aria-hidden="true"></span> Running…</p></div></div>`
  if (!can || !view) return html`<div class="card fold-steps"><div class="empty"><p>The state after each event is shown here.</p><p class="softer small">Run the reducer to begin.</p></div></div>`
  const button = (label, name, step, off, test) => html`<button type="button" class="square" aria-label=${name} title=${name} disabled=${off} onClick=${() => look(step())} data-test=${test}>${label}</button>`
  const first = view.step === 0, last = view.step === ran
  return html`<div ref=${card} class="card fold-steps" data-test="fold-steps" data-step=${view.step} data-ran=${ran}>
    <div class="head fold-bar">
      <div class="row" role="group" aria-label="Steps">
        ${button('|◀', 'First state', () => 0, first, 'fold-first')}
        ${button('◀', 'One step back', () => target() - 1, first, 'fold-back')}
        ${button('▶', 'One step forward', () => target() + 1, last, 'fold-forward')}
        ${button('▶|', 'Last state', () => ran, last, 'fold-last')}
      </div>
      <input type="range" class="grow" min="0" max=${ran} step="1" value=${view.step} aria-label="Step" aria-valuetext=${`step ${view.step} of ${ran}`} data-test="fold-slider" onInput=${(e) => look(Number(e.currentTarget.value))} />
      <span class="num" data-test="fold-step"><span class="strong">${count(view.step)}</span> <span class="soft">of ${count(ran)}</span></span>
    </div>
    <div class="body">
      ${fold.cut && html`<p class="warn small" data-test="fold-cut">${fold.cut}</p>`}
      ${fold.fold.unread > 0 && html`<p class="warn small" data-test="fold-unread">${plural(fold.fold.unread, 'event')} could not be read and changed nothing.</p>`}
      <${Event} line=${view.line} step=${view.step} />
      <div class="fold-both">
        <section aria-labelledby="fold-changes"><h3 id="fold-changes">Changed by this event</h3><${Changes} view=${view} /></section>
        <section aria-labelledby="fold-state"><h3 id="fold-state">State</h3><${StateTree} state=${view.state} changes=${view.changes} /></section>
      </div>
    </div>
  </div>`
}

function Event({ line, step }) {
  const event = useMemo(() => (line === null ? null : JSON.parse(line)), [line])
  if (!event) return html`<p class="fold-event soft" data-test="fold-event">The first state, before any event.</p>`
  const kind = Number(event.kind)
  const link = html`<button type="button" class="link" onClick=${() => go({ view: 'event', event: event.event_id })} data-test="fold-open">Open event</button>`
  if (event.failure) return html`<p class="fold-event warn" data-test="fold-event">#${event.seq} could not be read. ${link}</p>`
  return html`<p class="fold-event" data-test="fold-event" data-seq=${event.seq}>
    <span class="row"><${Swatch} kind=${kind} /><${Name} class="strong" of=${kindName(kind)} most=${60} /></span>
    <${Name} of=${event.entity} most=${80} /><span class="soft">#${event.seq}</span><span class="soft">${when(event.wall_ms)}</span>${link}
  </p>`
}

function Changes({ view }) {
  if (view.step === 0) return html`<p class="soft">–</p>`
  if (view.changes.length === 0) return html`<p class="soft" data-test="fold-changes" data-changes="0">Nothing.</p>`
  return html`<ul class="fold-changes mono" tabindex="0" aria-label="Changes" data-test="fold-changes" data-changes=${view.changes.length + view.more}>
    ${view.changes.map((c, i) => html`<li key=${i}>
      <bdi class="fold-path">${pathText(c.path)}</bdi>
      ${'before' in c && html`<del>${brief(c.before)}</del>`}${'after' in c && html`<ins>${brief(c.after)}</ins>`}
    </li>`)}
    ${view.more > 0 && html`<li class="soft">${plural(view.more, 'more change')}</li>`}
  </ul>`
}
