// The scratch store: append events, and see them at once in every view.

import { Failure } from '../app/failure.mjs'
import { linkTo } from '../app/route.mjs'
import { kindName, kinds, refused, store } from '../app/session.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { html, useId, useMemo, useState, useValue } from '../ui/html.mjs'
import { count, hex, Name, plural, short, size, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { OP } from '../../../../js/question.mjs'
import { itemOf, problems, textOf } from './form.mjs'
import { again, append, batch, begin, busy, exists, failed, filesOf, form, log, MOST_COPY, said, sizeOf, take } from './keep.mjs'

const RECENT = 50 // events among which the cause is picked

export function ScratchView() {
  const open = useValue(store), there = useValue(exists), working = useValue(busy)
  // While events are appended the store is opened again, and there is none for a moment.
  if (open ? open.source.kind === 'scratch' : there && working) return html`<${Room} open=${open} />`
  return html`<${Begin} open=${open} />`
}

function Trouble() {
  const why = useValue(failed)
  if (!why) return null
  const hint = why.error?.name === 'ExpectError' ? 'The entity is not in the expected state.'
    : why.error?.name === 'Full' ? 'A scratch store has at most 256 MB. Download it, and start another.' : null
  return html`<${Failure} error=${why.error} text=${why.text}>${hint && html`<p class="soft">${hint}</p>`}<//>`
}

function Begin({ open }) {
  const there = useValue(exists), working = useValue(busy), why = useValue(refused)
  const bytes = open ? sizeOf(open) : 0
  return html`<section class="view" data-test="scratch" data-state="none">
    <h1>A scratch store</h1>
    <p class="lead">A store in the memory of this page, written by the same code as on a disk. Append events, see them at once in the table, the lists and the picture of causes, and download the store for <code>thaw</code>. It is gone when the page is closed.</p>
    ${why?.source?.kind === 'scratch' && !open && (there ? html`<${Failure} error=${why.error} text="The scratch store could not be opened." />`
      : html`<p class="warn" role="alert" data-test="scratch-gone">The scratch store is gone: the worker that held it ended.</p>`)}
    <${Trouble} />
    <div class="row wrap-row">
      <button type="button" class="primary" disabled=${working} onClick=${() => begin()} data-test="scratch-empty">Start empty</button>
      ${open && open.source.kind !== 'scratch' && html`<button type="button" disabled=${working || bytes > MOST_COPY} onClick=${() => begin(() => filesOf(open))} data-test="scratch-copy">Start with a copy of <bdi>${short(open.source.name, 40)}</bdi> (${size(bytes)})</button>`}
      ${there && html`<button type="button" disabled=${working} onClick=${again} data-test="scratch-again">Back to the scratch store</button>`}
      ${working && html`<span class="soft" role="status"><span class="spinner" aria-hidden="true"></span> ${working.text}…</span>`}
    </div>
    ${bytes > MOST_COPY && html`<p class="soft small">A copy has at most ${size(MOST_COPY)}.</p>`}
    ${there && html`<p class="soft small">Starting another one forgets the scratch store that there is.</p>`}
  </section>`
}

function Room({ open }) {
  const working = useValue(busy)
  const [taken, setTaken] = useState(null)
  return html`<section class="view" data-test="scratch" data-state=${working ? 'busy' : 'ready'} data-events=${open?.report.events}>
    <div class="scratch-head">
      <h1>Scratch store <span class="soft">${open ? plural(open.report.events, 'event') : ''}</span></h1>
      <div class="row wrap-row">
        <button type="button" disabled=${working} onClick=${async () => setTaken(await take())} data-test="scratch-download">Download as a zip</button>
        <button type="button" class="quiet" disabled=${working} onClick=${() => begin()} data-test="scratch-empty">Start over</button>
      </div>
    </div>
    ${taken && html`<p class="soft" role="status" data-test="scratch-taken">scratch.zip: ${plural(taken.files, 'file')}, ${size(taken.bytes)}. Unpack it, then <code>thaw stat scratch</code>.</p>`}
    <div class="scratch-parts"><${Form} open=${open} working=${working} /><${Appended} /></div>
  </section>`
}

// useNames completes a name from the store.
function useNames(open, op, prefix) {
  const { value } = useAnswer(async (signal) => (!open || /\p{Surrogate}/u.test(prefix) ? []
    : open.rows({ op, ...(prefix && { prefix }), limit: 20 }, { signal, urgent: true })), [open, op, prefix])
  return value?.map((r) => r.name) ?? [] // completion is a help only: no error
}

function useRecent(open) {
  const { value } = useAnswer(async (signal) => open?.rows({ op: OP.query, reverse: true, limit: RECENT }, { signal }), [open, open?.report])
  return value ?? []
}

function Field({ name, label, hint, wrong, list, area, ...rest }) {
  const id = useId(), f = useValue(form)
  const set = (e) => { form.value = { ...form.value, [name]: e.currentTarget.value } }
  const common = { id, value: f[name], onInput: set, spellcheck: false, autocomplete: 'off', autocapitalize: 'off', 'aria-invalid': Boolean(wrong), 'aria-describedby': wrong || hint ? `${id}-hint` : undefined, 'data-test': `scratch-${name}` }
  return html`<div class="scratch-field">
    <label for=${id}>${label}</label>
    ${area ? html`<textarea ...${common} ...${rest} class="mono" wrap="off"></textarea>` : html`<input ...${common} ...${rest} list=${list ? `${id}-list` : undefined} />`}
    ${list && html`<datalist id=${`${id}-list`}>${list.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</datalist>`}
    ${(wrong || hint) && html`<p id=${`${id}-hint`} class=${wrong ? 'bad small' : 'softer small'} data-test=${wrong ? `scratch-wrong-${name}` : undefined}>${wrong || hint}</p>`}
  </div>`
}

function Form({ open, working }) {
  const f = useValue(form), together = useValue(batch), all = useValue(kinds)
  const [tried, setTried] = useState(false)
  const done = useValue(said)
  const entities = useNames(open, OP.entities, f.entity), scopes = useNames(open, OP.scopes, f.scope)
  const recent = useRecent(open)
  const numbers = useMemo(() => {
    const map = new Map([['data', 0x1000]])
    for (const [kind, name] of Object.entries(open?.kindNames ?? {})) map.set(name.toLowerCase(), Number(kind))
    for (const { kind } of all) map.set(kindName(kind).toLowerCase(), kind)
    return map
  }, [open, all])
  const named = [...new Map([...Object.entries(open?.kindNames ?? {}).map(([kind, name]) => [name, hex(Number(kind))]), ...all.map(({ kind }) => [kindName(kind), hex(kind)]), ['Data', '0x1000']])]
  const wrong = problems(f, together.length)
  const shown = tried ? wrong : Object.fromEntries(Object.entries(wrong).filter(([key]) => f[key].trim() !== ''))
  const ok = Object.keys(wrong).length === 0

  const add = () => {
    setTried(true)
    if (!ok) return focusFirst()
    batch.value = [...together, { text: itemOf(f, numbers), entity: f.entity, kind: f.kind }]
    form.value = { ...f, key: '', expect: '' }
    setTried(false)
  }
  const focusFirst = () => document.querySelector(`[data-test="scratch-${Object.keys(wrong)[0]}"]`)?.focus()
  const send = (e) => {
    e.preventDefault()
    if (working) return
    // A batch is complete without what is in the form.
    if (together.length > 0) return append(textOf(together.map((b) => b.text)), () => { batch.value = [] })
    setTried(true)
    if (!ok) return focusFirst()
    append(itemOf(f, numbers), () => {
      form.value = { ...form.value, key: '', expect: '' }
      setTried(false)
    })
  }
  const causes = [
    ...together.map((b, i) => [String(i), `event ${i} of the batch: ${b.kind} ${short(b.entity, 40)}`]),
    ...recent.map((r) => [r.id, `${short(kindName(r.kind), 40)} ${short(r.entity, 40)} #${r.seq}`]),
  ]
  return html`<form class="card" onSubmit=${send} data-test="scratch-form" onKeyDown=${(e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) send(e)
  }}>
    <div class="head"><h2>${together.length > 0 ? 'A batch' : 'Append an event'}</h2></div>
    <div class="body scratch-form">
      <${Field} name="entity" label="Entity" wrong=${shown.entity} list=${entities.map((n) => [n, ''])} placeholder="order:1" />
      <div class="scratch-two">
        <${Field} name="scope" label="Scope" wrong=${shown.scope} list=${scopes.map((n) => [n, ''])} placeholder="shop:eu" />
        <${Field} name="kind" label="Kind" wrong=${shown.kind} list=${named} placeholder="0x1001, or a name" />
      </div>
      <${Field} name="payload" label="Payload, as JSON" wrong=${shown.payload} area rows="5" />
      <${Field} name="cause" label="Cause" hint="The id of an event; none if empty." wrong=${shown.cause} list=${causes} />
      <details class="scratch-more"><summary>Expected state, key, correlation, metadata, flags</summary>
        <div class="scratch-two">
          <${Field} name="expect" label="Expected state" hint="any, none, or the clock of the entity’s last event" wrong=${shown.expect} list=${[['any', ''], ['none', 'the entity has no events']]} />
          <${Field} name="flags" label="Flags" hint="a sum of 1, 2 and 8" wrong=${shown.flags} />
        </div>
        <${Field} name="key" label="Key" hint="An id. An append that is repeated with it writes nothing." wrong=${shown.key} />
        <${Field} name="correlation" label="Correlation" hint="The id of the conversation; the event’s own if empty." wrong=${shown.correlation} />
        <${Field} name="meta" label="Metadata" hint=${'{"actor": "user:7"}'} wrong=${shown.meta} />
      </details>
      ${together.length > 0 && html`<ol class="scratch-batch" start="0" data-test="scratch-batch">${together.map((b, i) => html`<li key=${i}>
        <span class="mono">${i}</span> <span class="strong">${short(b.kind, 40)}</span> <${Name} of=${b.entity} most=${40} />
        ${i === together.length - 1 && html`<button type="button" class="link" onClick=${() => { batch.value = together.slice(0, -1) }}>Remove</button>`}</li>`)}</ol>`}
      <${Trouble} />
      <div class="row wrap-row">
        <button type="submit" class="primary" disabled=${Boolean(working)} data-test="scratch-append">${together.length > 0 ? `Append ${plural(together.length, 'event')} at once` : 'Append'}</button>
        <button type="button" disabled=${Boolean(working)} onClick=${add} data-test="scratch-add">Add to a batch</button>
        <span class="soft" role="status" data-test="scratch-said">${working ? `${working.text}…` : done}</span>
      </div>
    </div>
  </form>`
}

function Appended() {
  const all = useValue(log)
  const open = useValue(store)
  return html`<section class="card" aria-labelledby="scratch-log">
    <div class="head"><h2 id="scratch-log">Appended here</h2>
      ${open && open.report.events > 0 ? html`<a href=${linkTo({ view: 'events' })}>All events</a>` : null}</div>
    ${all.length === 0 ? html`<div class="empty"><p>Nothing yet.</p></div>` : html`<ul class="scratch-log" tabindex="0" aria-label="Appended events" data-test="scratch-log">${all.map((e) => html`<li key=${e.event_id} data-id=${e.event_id}>
      <span class="row"><${Swatch} kind=${Number(e.kind)} /><${Name} class="strong" of=${kindName(Number(e.kind))} most=${40} /></span>
      <${Name} of=${e.entity} most=${60} />
      <span class="soft">#${e.seq}, clock ${count(e.clock)}</span>
      <span class="softer small">${when(e.wall_ms)}</span>
      <span class="scratch-links">
        <a href=${linkTo({ view: 'event', event: e.event_id })}>Open</a>
        <a href=${linkTo({ view: 'graph', event: e.event_id, correlation: undefined })}>Causes</a>
        <button type="button" class="link" onClick=${() => {
          form.value = { ...form.value, cause: e.event_id, correlation: e.correlation_id }
          said.value = `The next event is caused by #${e.seq}, and of its conversation.`
          document.querySelector('[data-test=scratch-entity]').focus()
        }} data-test="scratch-as-cause">Use as cause</button>
      </span>
    </li>`)}</ul>`}
  </section>`
}
