// Causes and effects of an event, or a whole conversation.

import { Failure } from '../app/failure.mjs'
import { go } from '../app/route.mjs'
import { kindName, store } from '../app/session.mjs'
import { html, useEffect, useMemo, useState, useValue } from '../ui/html.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, Name, plural, shortId, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { EventList } from './eventlist.mjs'
import { layout } from './layout.mjs'
import { causality, conversation, FIRST, more, MOST } from './load.mjs'
import { Graph } from './model.mjs'
import { Picture } from './picture.mjs'

const LEGEND = 8 // kinds; the others share a colour

// useLoaded loads the events of the picture again when what is asked for changes. What was
// loaded stays until then.
function useLoaded(open, id, correlation, bounds) {
  const [loaded, set] = useState({ of: null, answer: null, error: null })
  const of = `${correlation ? 'c' : 'e'}${correlation ?? id}`
  useEffect(() => {
    if (!open || !(id || correlation)) return
    const control = new AbortController()
    const work = correlation ? conversation(open, correlation, bounds, control.signal) : causality(open, id, bounds, control.signal)
    work.then((answer) => set({ of, bounds, answer, error: null }), (error) => {
      if (!control.signal.aborted) set({ of, bounds, answer: null, error })
    })
    return () => control.abort()
  }, [open, of, bounds])
  return loaded.of === of ? { ...loaded, busy: loaded.bounds !== bounds } : { answer: null, error: null, busy: true }
}

export function GraphView({ id, correlation }) {
  const open = useValue(store)
  id = dashed(id)
  correlation = dashed(correlation)
  if (!id && !correlation) return html`<${Choose} />`
  return html`<${Loaded} key=${correlation ?? id} open=${open} id=${id} correlation=${correlation} />`
}

// dashed is an id as rows have it. Lines have it without dashes.
const dashed = (id) => id?.toLowerCase().replace(/^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/, '$1-$2-$3-$4-$5')

// Choose is for a graph without an event.
function Choose() {
  const [text, setText] = useState('')
  const id = text.trim().toLowerCase()
  const ok = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
  return html`<section class="view">
    <h1>Causes and effects</h1>
    <p class="soft">Open an event, and follow its causes from there; or enter the id of an event.</p>
    <form class="row wrap-row" onSubmit=${(e) => {
      e.preventDefault()
      if (ok) go({ view: 'graph', event: id, correlation: undefined })
    }}>
      <label class="grow graph-id">Event id <input class="mono" size="36" spellcheck=${false} autocomplete="off" value=${text} onInput=${(e) => setText(e.currentTarget.value)} data-test="graph-id" /></label>
      <button type="submit" class="primary" disabled=${!ok}>Show</button>
      <button type="button" onClick=${() => go({ view: 'events' })}>Choose an event</button>
    </form>
  </section>`
}

function Loaded({ open, id, correlation }) {
  const [bounds, setBounds] = useState(FIRST)
  const { answer, error, busy } = useLoaded(open, id, correlation, bounds)
  const graph = useMemo(() => answer && new Graph(answer.rows), [answer])
  const plan = useMemo(() => graph && layout(graph), [graph])
  const [chosen, setChosen] = useState(id)
  const [asList, setAsList] = useState(false)
  const focus = graph?.node(chosen)?.id ?? graph?.node(id)?.id ?? graph?.nodes[0]?.id ?? null
  const node = graph?.node(focus) ?? null
  const openEvent = (event = focus) => event && go({ view: 'event', event, correlation: undefined })
  const centre = (event = focus) => event && go({ view: 'graph', event, correlation: undefined })
  const whole = () => node && go({ view: 'graph', event: focus, correlation: node.correlation })

  useEffect(() => setChosen(id), [id])
  useKeys({
    l: () => setAsList(!asList),
    c: () => (correlation || focus !== id ? centre() : false),
    w: () => (!correlation ? whole() : false),
  }, [['l', 'picture or list'], ['c', 'causes and effects of this event'], ['w', 'the whole conversation of this event']])

  if (error) return html`<section class="view"><h1>Causes and effects</h1><${Failure} error=${error} text="The events could not be read." /></section>`
  if (!graph) return html`<section class="view" aria-busy="true"><h1>Causes and effects</h1><p class="soft"><span class="spinner" aria-hidden="true"></span> Following causes…</p></section>`
  const nothing = graph.nodes.length === 0
  return html`<section class="graph-view" data-test="graph" data-events=${graph.nodes.length} data-edges=${graph.edges.length} data-busy=${busy}>
    <div class="graph-head">
      <h1>${correlation ? 'Conversation' : 'Causes and effects'} <span class="soft small mono">${shortId(correlation ?? id)}</span></h1>
      <${Cut} answer=${answer} graph=${graph} bounds=${bounds} setBounds=${setBounds} busy=${busy} correlation=${correlation} />
      <div class="row" role="group" aria-label="Show as">
        <button type="button" aria-pressed=${!asList} onClick=${() => setAsList(false)} data-test="as-picture">Picture</button>
        <button type="button" aria-pressed=${asList} onClick=${() => setAsList(true)} data-test="as-list">List</button>
      </div>
    </div>
    ${nothing ? html`<div class="empty"><p>No event of the store belongs to this conversation.</p></div>`
      : asList ? html`<${EventList} graph=${graph} root=${id} focus=${focus} onChoose=${setChosen} />`
        : html`<${Picture} graph=${graph} plan=${plan} root=${id} focus=${focus} onFocus=${setChosen} onOpen=${openEvent} />`}
    ${node && html`<${Chosen} node=${node} graph=${graph} root=${id} correlation=${correlation} onOpen=${() => openEvent()} onCentre=${() => centre()} onWhole=${whole} />`}
    ${!nothing && html`<${Legend} graph=${graph} />`}
  </section>`
}

// Cut says what the picture leaves out, and loads more.
function Cut({ answer, graph, bounds, setBounds, busy, correlation }) {
  let full = false
  const button = (of, text, label, test) => {
    const next = more(bounds, of)
    if (next[of] === bounds[of]) {
      full = true
      return html`<span>${text}</span>`
    }
    return html`<button type="button" disabled=${busy} aria-label=${label} title=${label} onClick=${() => setBounds(next)} data-test=${test}>+ ${text}${busy ? '…' : ''}</button>`
  }
  return html`<p class="graph-cut soft" data-test="graph-cut" role="status">
    <span>${plural(graph.nodes.length, 'event')}</span>
    ${answer.causes > 0 && button('causes', 'earlier causes', 'Load earlier causes', 'more-causes')}
    ${answer.effects > 0 && button('effects', plural(answer.effects, 'more effect'), 'Load more effects', 'more-effects')}
    ${correlation && answer.more && button('conversation', 'more events', 'Load more events', 'more-events')}
    ${full && html`<span>A picture holds at most ${count(MOST)}: choose an event and press c to go on from there.</span>`}
  </p>`
}

// Chosen is the event that has the focus, and where one can go from it.
function Chosen({ node, graph, root, correlation, onOpen, onCentre, onWhole }) {
  const effects = graph.effectsOf(node.id).length
  return html`<div class="graph-chosen" data-test="graph-chosen" data-id=${node.id}>
    <p class="graph-facts">
      <span class="row"><${Swatch} kind=${node.kind} /><${Name} class="strong" of=${kindName(node.kind)} most=${60} /></span>
      <${Name} of=${node.entity} most=${80} />
      <span class="soft">#${String(node.seq)}</span>
      <span class="soft">${when(node.wallMs)}</span>
      <span class="soft">${!node.causation ? 'no cause' : graph.cause(node.id) ? `caused by #${graph.cause(node.id).seq}` : 'its cause is not in the picture'}, ${plural(effects, 'effect')}${effects > 0 || !correlation ? '' : ' in the picture'}</span>
    </p>
    <div class="row wrap-row">
      <button type="button" class="primary" onClick=${onOpen} data-test="graph-open">Open event</button>
      ${(correlation || node.id !== root) && html`<button type="button" onClick=${onCentre} data-test="graph-centre">Its causes and effects</button>`}
      ${!correlation && node.correlation && html`<button type="button" onClick=${onWhole} data-test="graph-whole">Whole conversation</button>`}
    </div>
  </div>`
}

function Legend({ graph }) {
  const kinds = useMemo(() => graph.kinds(), [graph])
  const shown = kinds.slice(0, LEGEND)
  const rest = kinds.slice(LEGEND).reduce((n, k) => n + k.events, 0)
  return html`<ul class="graph-legend" tabindex="0" aria-label="Kinds" data-test="graph-legend">
    ${shown.map(({ kind, events }) => html`<li key=${kind}><${Swatch} kind=${kind} /><${Name} of=${kindName(kind)} most=${40} /> <span class="softer">${count(events)}</span></li>`)}
    ${rest > 0 && html`<li class="softer">${plural(kinds.length - LEGEND, 'other kind')}, ${plural(rest, 'event')}</li>`}
  </ul>`
}
