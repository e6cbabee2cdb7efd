// Take along: the events that the filters let through, as lines of JSON or as a store.

import { makeZip } from 'client-zip'
import { Failure } from '../app/failure.mjs'
import { filtered, linkTo, regionOf, route } from '../app/route.mjs'
import { message, store } from '../app/session.mjs'
import { Filters } from '../filter/filter.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { html, useState, useValue } from '../ui/html.mjs'
import { keyOf } from '../ui/kept.mjs'
import { count, plural, short, size } from '../ui/text.mjs'
import { begin, cancel, jobs } from './jobs.mjs'
import { blobSink, canStream, fileName, fileSink, MOST_BLOB } from './sink.mjs'
import { eventsIn, takeLines, takeStore } from './work.mjs'

const LINES = { description: 'Lines of JSON', accept: { 'application/x-ndjson': ['.ndjson'] } }
const ZIP = { description: 'A store in a zip', accept: { 'application/zip': ['.zip'] } }
const MOST_LISTED = 20

export function TakeView() {
  const open = useValue(store), at = useValue(route)
  if (!open) return null
  const region = regionOf(at)
  return html`<section class="take-view" data-test="take">
    <${Filters} route=${at} onJump=${() => message('All events that the filters let through are taken.')} />
    <div class="view">
      <${What} open=${open} region=${region} all=${!filtered(at)} />
      <div class="take-cards">
        <${Lines} open=${open} region=${region} />
        <${Extract} open=${open} region=${region} />
      </div>
    </div>
  </section>`
}

function What({ open, region, all }) {
  const { value: n, error, busy } = useAnswer((signal) => eventsIn(open, region, signal), [open, keyOf(region)])
  const hidden = open.report.hidden
  return html`<div class="take-body">
    ${error && html`<${Failure} error=${error} text="The events could not be counted." />`}
    <h1>${error ? 'Events' : busy ? 'Counting…' : html`<span data-test="take-events">${plural(n, 'event')}</span>`} <span class="soft">${all ? 'in the store' : 'let through by the filters'}</span></h1>
    ${open.report.damages?.length > 0 && html`<p class="warn">Opening found ${plural(open.report.damages.length, 'damage')}: events in them that no index names are not among these.</p>`}
    ${hidden > 0 && html`<p class="soft">${plural(hidden, 'hidden event')} of the store ${hidden === 1 ? 'is' : 'are'} not taken.</p>`}
  </div>`
}

function Lines({ open, region }) {
  const [payloads, setPayloads] = useState(true)
  const job = useValue(jobs.lines)
  const name = fileName(open.source.name, '.ndjson')
  const go = (toFile) => begin('lines', open, region, toFile ? () => fileSink(name, LINES) : async () => blobSink(name, 'application/x-ndjson'), toFile,
    (sink, signal, onProgress) => takeLines(open, region, { payloads, sink, signal, onProgress }))
  return html`<article class="card" aria-labelledby="take-lines" data-test="take-lines" data-state=${job?.state ?? 'none'}>
    <div class="head"><h2 id="take-lines">Lines of JSON</h2></div>
    <div class="body take-body">
      <p class="soft">One line per event, in their order, as <code>${payloads ? 'thaw get' : 'thaw dump'}</code> prints it. An event that cannot be read is a line with the key <code>failure</code>.</p>
      <label class="row"><input type="checkbox" checked=${payloads} onChange=${(e) => setPayloads(e.currentTarget.checked)} data-test="take-payloads" /> With payloads</label>
      <${Buttons} which="lines" job=${job} go=${go} />
      ${job?.done && html`<div class="take-done" data-test="lines-done"><p>${plural(job.done.events, 'line')}, ${size(job.done.bytes)}, in <bdi class="mono">${short(job.name, 80)}</bdi>.</p>
        ${job.done.unread > 0 && html`<p class="warn" data-test="lines-unread">${plural(job.done.unread, 'event')} could not be read: ${job.done.unread === 1 ? 'its line has' : 'their lines have'} the key failure.</p>`}
      </div>`}
    </div>
  </article>`
}

function Extract({ open, region }) {
  const job = useValue(jobs.store)
  const name = fileName(open.source.name, '-extract.zip')
  const folder = name.slice(0, -4)
  const go = (toFile) => begin('store', open, region, toFile ? () => fileSink(name, ZIP) : async () => blobSink(name, 'application/zip'), toFile,
    (sink, signal, onProgress) => takeStore(open, region, { folder, zip: makeZip, sink, signal, onProgress }))
  return html`<article class="card" aria-labelledby="take-store" data-test="take-store" data-state=${job?.state ?? 'none'}>
    <div class="head"><h2 id="take-store">A store</h2></div>
    <div class="body take-body">
      <p class="soft">A zip with a store of these events, which <code>thaw</code> opens: unpack it, then <code>thaw stat ${short(folder, 60)}</code>. Frames are copied byte for byte. Sequences and clocks keep their gaps; batches become single events; hidden events are not copied.</p>
      <${Buttons} which="store" job=${job} go=${go} />
      ${job?.done && html`<${Extracted} job=${job} />`}
    </div>
  </article>`
}

function Extracted({ job: { done: { result, bytes, files }, name } }) {
  const left = result.left_out.length + Number(result.more)
  return html`<div class="take-done" data-test="store-done" data-left-out=${left}>
    <p>${plural(result.events, 'event')} in ${plural(files, 'file')}${result.names ? ', with the names of kinds' : ''}, ${size(bytes)}, in <bdi class="mono">${short(name, 80)}</bdi>.</p>
    ${left > 0 && html`<p class="warn">${plural(left, 'event')} ${left === 1 ? 'is' : 'are'} left out, because ${left === 1 ? 'its frame is' : 'their frames are'} damaged:</p>
      <ul class="take-left">${result.left_out.slice(0, MOST_LISTED).map((e) => html`<li key=${e.event_id}>
        <a href=${linkTo({ view: 'event', event: e.event_id })}>event ${count(e.seq)}</a> <span class="soft wrap">${short(e.failure?.error ?? '', 200)}</span></li>`)}
        ${left > MOST_LISTED && html`<li class="soft">and ${plural(left - MOST_LISTED, 'other')}</li>`}</ul>`}
    ${result.damages > 0 && html`<p class="warn">The store has ${plural(result.damages, 'damage')}. Events in these bytes may be missing too, though no index names them.</p>`}
  </div>`
}

function Buttons({ which, job, go }) {
  if (job?.state === 'running') {
    const p = job.progress
    return html`<div class="take-progress">
      <div class="row"><button type="button" onClick=${() => cancel(which)} data-test=${`${which}-cancel`}>Stop</button>
        <span class="soft" role="status">${p === null ? 'Starting…' : html`${p.events !== undefined ? html`${count(p.events)}${job.total ? ` of ${count(job.total)}` : ''} events, ` : ''}${size(p.bytes)}`}</span></div>
      <progress max=${job.total || 1} value=${p?.events ?? undefined} aria-label="Progress"></progress>
    </div>`
  }
  return html`<div class="take-progress">
    <div class="row wrap-row">
      <button type="button" class="primary" onClick=${() => go(false)} data-test=${`${which}-download`}>Download</button>
      ${canStream() && html`<button type="button" onClick=${() => go(true)} data-test=${`${which}-save`}>Save to a file…</button>`}
    </div>
    <p class="softer small">A download is at most ${size(MOST_BLOB)}${canStream() ? '; a file has no bound.' : ', as this browser cannot write to files.'}</p>
    ${job?.state === 'failed' && html`<${Failure} error=${job.error} text="Nothing was kept of it." />`}
  </div>`
}
