// The facts of an event, each to copy, and the ways from it to others.

import { linkTo, noFilters } from '../app/route.mjs'
import { kindName, kindNumber } from '../app/session.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { html } from '../ui/html.mjs'
import { count, hex, Name, plural, short, shortId, visible, when, whenMicros } from '../ui/text.mjs'
import { Copy } from './copy.mjs'
import { flagsText, isZero, metaOf, segmentName } from './facts.mjs'
import { effectsOf } from './load.mjs'

const Fact = ({ name, value, what = name, test, children }) => html`<div class="e-fact">
  <dt>${name}</dt><dd data-test=${test}>${children}${value !== undefined && html` <${Copy} value=${value} what=${what} />`}</dd></div>`

const Id = ({ id }) => html`<code class="e-id" title=${id}>${id}</code>`

const events = (patch) => linkTo({ view: 'events', ...noFilters, ...patch, part: undefined })
const graph = (patch) => linkTo({ view: 'graph', event: undefined, correlation: undefined, ...patch })

// Facts shows what the index has of an event, and of its frame if it was read (full, or null).
export function Facts({ row, full }) {
  const meta = full ? metaOf(full.meta) : []
  return html`<dl class="e-facts" data-test="facts">
    <${Fact} name="Sequence" value=${row.seq} test="fact-seq">${count(row.seq)}<//>
    <${Fact} name="Entity" value=${row.entity} test="fact-entity"><${Name} of=${row.entity} /> <a href=${events({ entity: row.entity, event: row.id })}>its events</a><//>
    <${Fact} name="Clock" value=${row.clock} test="fact-clock">${count(row.clock)}<//>
    <${Fact} name="Scope" value=${row.scope} test="fact-scope"><${Name} of=${row.scope} /> <a href=${events({ scope: row.scope, event: row.id })}>its events</a><//>
    <${Fact} name="Kind" value=${hex(row.kind)} test="fact-kind">${kindNumber(row.kind) && html`<bdi>${short(kindName(row.kind), 100)}</bdi> `}<code>${hex(row.kind)}</code> <a href=${events({ kinds: [row.kind], event: row.id })}>its events</a><//>
    <${Fact} name="Own time" value=${full?.timestampUs} what="own time in µs" test="fact-time">${full ? html`${whenMicros(full.timestampUs)} <span class="soft">UTC</span>` : html`<span class="soft">only in the frame</span>`}<//>
    <${Fact} name="Wall clock" value=${row.wallMs} what="wall_ms" test="fact-wall">${when(row.wallMs)} <span class="soft">UTC</span><//>
    <${Fact} name="Event id" value=${row.id} test="fact-id"><${Id} id=${row.id} /><//>
    <${Fact} name="Correlation" value=${row.correlation} test="fact-correlation">${row.correlation === row.id ? html`<span class="soft">its own id</span>` : html`<${Id} id=${row.correlation} />`}
      ${' '}<a href=${graph({ correlation: row.correlation })}>its conversation</a><//>
    <${Fact} name="Cause" value=${row.causation || undefined} test="fact-causation">${row.causation === '' ? html`<span class="soft">none: it begins a chain of causes</span>`
      : html`<a href=${linkTo({ event: row.causation })}><${Id} id=${row.causation} /></a>`}<//>
    ${full && html`<${Fact} name="Flags" value=${full.flags} test="fact-flags">${flagsText(full.flags)}<//>`}
    ${full && html`<${Fact} name="Payload" value=${full.payload.length} what="size of the payload" test="fact-payload">${full.redacted ? 'redacted' : plural(full.payload.length, 'byte')}${
      full.payloadSize !== full.payload.length && html` <span class="bad">its header says ${count(full.payloadSize)}</span>`}<//>`}
    <${Fact} name="Position" value=${`${segmentName(row.segment)} ${row.offset} ${row.length}`} test="fact-position"><code>${segmentName(row.segment)}</code> at byte ${count(row.offset)}, ${plural(row.length, 'byte')}<//>
    <${Fact} name="Event hash" value=${row.hash} test="fact-hash"><code class="e-hash">${row.hash}</code><//>
    <${Fact} name="Previous hash" value=${row.prev} test="fact-prev">${isZero(row.prev) ? html`<span class="soft">zeros: it begins a hash chain</span>` : html`<code class="e-hash">${row.prev}</code>`}<//>
    ${full && html`<${Fact} name="Content hash" value=${full.contentHash} test="fact-content">${full.contentHash === row.hash ? html`<span class="soft">the event hash</span>`
      : html`<code class="e-hash bad">${full.contentHash}</code>`}<//>`}
    ${meta.length > 0 && html`<div class="e-fact"><dt>Metadata</dt><dd data-test="fact-meta"><table class="e-meta"><tbody>
      ${meta.map(([key, value]) => html`<tr key=${key}><th scope="row"><bdi>${short(key, 130)}</bdi></th><td><bdi>${short(value, 600)}</bdi> <${Copy} value=${value} what=${`metadata ${visible(key)}`} /></td></tr>`)}
    </tbody></table></dd></div>`}
  </dl>`
}

// Around has the ways to the events before and after.
export function Around({ neighbours }) {
  const to = (row, label, key) => (row
    ? html`<a class="button" href=${linkTo({ event: row.id })} aria-label=${`${label}, sequence ${row.seq}`} title=${`${label} (${key})`}>${before(key) ? '← ' : ''}#${String(row.seq)}${before(key) ? '' : ' →'}</a>`
    : html`<span class="button e-off" aria-disabled="true" title=${`${label} (${key}): none`}>${before(key) ? '←' : '→'}</span>`)
  const n = neighbours ?? {}
  return html`<nav class="e-around" aria-label="Neighbours of this event">
    <span class="e-pair"><span class="soft">entity</span> ${to(n.entityBefore, 'Previous event of the entity', '[')} ${to(n.entityAfter, 'Next event of the entity', ']')}</span>
    <span class="e-pair"><span class="soft">store</span> ${to(n.storeBefore, 'Previous event of the store', '{')} ${to(n.storeAfter, 'Next event of the store', '}')}</span>
  </nav>`
}

const before = (key) => key === '[' || key === '{'

// Effects lists the direct effects of an event.
export function Effects({ store, row }) {
  const { value: found, error } = useAnswer((signal) => effectsOf(store, row.id, signal), [store, row.id], { fresh: true })
  const all = html`<a href=${graph({ event: row.id })}>Causes and effects</a>`
  if (error) return html`<p class="e-effects bad">The effects cannot be read: ${short(error.message, 400)} ${all}</p>`
  if (!found) return html`<p class="e-effects soft">Looking for effects…</p>`
  return html`<div class="e-effects" data-test="effects">
    <h2>${found.effects.length === 0 ? 'No effects' : plural(found.effects.length, 'effect')}${found.more ? ` and ${count(found.more)} more` : ''}</h2>
    <ul>${found.effects.map((e) => html`<li key=${e.seq}><a href=${linkTo({ event: e.id })}>#${String(e.seq)}</a> <bdi>${short(kindName(e.kind), 60)}</bdi> <${Name} of=${e.entity} most=${60} /> <code class="soft">${shortId(e.id)}</code></li>`)}</ul>
    <p>${all}</p>
  </div>`
}
