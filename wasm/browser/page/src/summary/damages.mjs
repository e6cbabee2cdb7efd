// Whether the store is sound: what opening it found, and verification, which reads every byte
// when it is asked to. On the map of the segments one sees where.

import { html, useMemo, useRef, useState } from '../ui/html.mjs'
import { Icon } from '../ui/icons.mjs'
import { useSize } from '../ui/size.mjs'
import { count, Name, plural, short, shortId, size } from '../ui/text.mjs'
import { Failure } from '../app/failure.mjs'
import { inWords } from '../app/reasons.mjs'
import { go, noFilters } from '../app/route.mjs'
import { useCheck } from './check.mjs'
import { around, damagesOf, markAt, segmentsOf, widest, widths } from './segments.mjs'

function SegmentMap({ segments, chosen, onChoose }) {
  const shares = useMemo(() => widths(segments), [segments])
  const box = useRef()
  const { width } = useSize(box)
  const full = widest(shares, width)
  return html`<ol class="map" ref=${box} aria-label="Segments" data-test="map">${segments.map((s, n) => {
    const damaged = s.damages.length > 0
    const label = `${s.name}, ${size(s.size)}${damaged ? `, ${plural(s.damages.length, 'damage')}` : ''}`
    return html`<li key=${s.name} style=${{ width: `${shares[n] * full}px` }}>
      <button type="button" class=${`segment${damaged ? ' damaged' : ''}`} title=${label} aria-label=${label} aria-pressed=${chosen === s.name} data-test="segment" data-name=${s.name} data-damages=${s.damages.length} onClick=${() => onChoose(s.name)}>
        ${s.damages.slice(0, 200).map((d) => {
          const [left, w] = markAt(s, d)
          return html`<span class="mark" style=${{ left: `${left * 100}%`, width: `max(3px, ${w * 100}%)` }}></span>`
        })}
      </button></li>`
  })}</ol>`
}

function Damage({ d, readable }) {
  const patch = readable ? around(d) : null
  const events = d.events ?? []
  return html`<li class="damage" data-test="damage">
    <${Icon} name="warn" />
    <div>
      <p><span class="strong mono">${short(d.file)}</span> <span class="soft">at byte ${count(d.offset)}${d.length ? `, ${count(d.length)} bytes` : ''}</span></p>
      <p data-test="damage-reason" data-reason=${d.reason}>${capital(short(inWords(d.reason), 200))}${d.detail ? html`<span class="soft wrap">: ${short(d.detail, 500)}</span>` : null}</p>
      ${events.length > 0 || d.unnamed > 0 ? html`<p class="small soft">${events.length > 0 ? html`${plural(events.length, 'event')}: ${events.slice(0, 6).map((e, n) => html`${n ? ', ' : ''}<button type="button" class="link mono" title=${e.event_id} disabled=${!readable} onClick=${() => go({ ...noFilters, view: 'event', event: e.event_id })}>${e.seq === null ? shortId(e.event_id) : `#${e.seq} ${shortId(e.event_id)}`}</button>`)}${events.length > 6 ? '…' : ''}` : null}${d.unnamed > 0 ? ` ${count(d.unnamed)} whose ids are not known` : ''}</p>` : null}
      ${patch ? html`<p><button type="button" class="link" data-test="damage-events" onClick=${() => go({ ...noFilters, view: 'events', event: events[0]?.event_id, ...patch })}>Events around it</button></p>` : null}
    </div>
  </li>`
}

const capital = (s) => s[0].toUpperCase() + s.slice(1)

const SHOWN = 100

// Damages shows the soundness of a store of the client. One that could not be opened can be
// verified too; its events cannot be shown.
export function Damages({ store: open, readable = Number(open.report?.events ?? 0) > 0 }) {
  const check = useCheck(open)
  const [chosen, setChosen] = useState(null)
  const all = useMemo(() => damagesOf(open.report, check.findings), [open, check.findings])
  const { segments, others } = useMemo(() => segmentsOf(open.files, all), [open, all])
  const shown = chosen ? segments.find((s) => s.name === chosen)?.damages ?? [] : all
  const f = check.findings
  const { done, total } = check.progress ?? {}
  const bytes = segments.reduce((n, s) => n + s.size, 0)
  const bad = all.length > 0 || (f && !f.sound)
  return html`<section class="card soundness" data-test="soundness">
    <div class="head">
      <h2>Soundness</h2>
      <span class=${`verdict small ${bad ? 'bad' : f ? 'good' : 'soft'}`} data-test="verdict" data-state=${check.state} role="status">${
        check.state === 'running' ? html`Verifying${total > 0 ? ` ${Math.floor((Number(done) / Number(total)) * 100)} %` : '…'}`
        : f ? (f.sound ? html`<${Icon} name="check" /> Sound: ${count(f.frames)} frames, ${size(f.bytes)} verified in ${(check.ms / 1000).toFixed(1)} s` : html`<${Icon} name="warn" /> ${plural(f.damages.length + Number(f.omitted ?? 0), 'damage')} found in ${size(f.bytes)}`)
        : all.length > 0 ? html`<${Icon} name="warn" /> ${plural(all.length, 'damage')} found when opened` : open.report ? 'Opening found no damage. Verify reads every byte.' : 'Verify reads every byte, and says what is damaged.'
      }</span>
      ${check.state === 'running' ? html`<button type="button" data-test="verify-stop" onClick=${check.stop}>Cancel</button>`
        : html`<button type="button" data-test="verify" onClick=${check.start}>${f ? 'Verify again' : `Verify ${size(bytes)}`}</button>`}
    </div>
    ${check.state === 'running' ? html`<progress aria-label="Verified" max="1" value=${total > 0 ? Number(done) / Number(total) : undefined}></progress>` : null}
    <div class="body">
      ${check.state === 'failed' ? html`<${Failure} error=${check.error} text="The store could not be verified." />` : null}
      ${segments.length > 0 ? html`<${SegmentMap} segments=${segments} chosen=${chosen} onChoose=${(name) => setChosen(chosen === name ? null : name)} />` : html`<p class="soft">No segments.</p>`}
      ${chosen ? html`<p class="small chosen-segment"><span class="mono strong"><${Name} of=${chosen} /></span> <span class="soft">${size(segments.find((s) => s.name === chosen)?.size ?? 0)}, ${shown.length === 0 ? (f ? 'no damage' : 'no damage known') : plural(shown.length, 'damage')}</span>
        <button type="button" class="link" onClick=${() => setChosen(null)}>All segments</button></p>` : null}
      ${shown.length > 0 ? html`<ul class="damages" data-test="damages">${shown.slice(0, SHOWN).map((d) => html`<${Damage} key=${`${d.file} ${d.offset} ${d.reason}`} d=${d} readable=${readable} />`)}</ul>` : null}
      ${shown.length > SHOWN ? html`<p class="soft small">${plural(shown.length - SHOWN, 'more damage', 'more damages')}. Choose a segment to see its own.</p>` : null}
      ${f?.notes.length > 0 && !chosen ? html`<${Notes} notes=${f.notes} />` : null}
      ${others.length > 0 && segments.length > 0 && !chosen ? html`<p class="small soft">${plural(others.length, 'damage')} outside of the segments.</p>` : null}
    </div>
  </section>`
}

const TOPICS = { unfinished_batch: 'unfinished batch', torn_tail: 'torn tail', no_snapshot: 'not there' }

function Notes({ notes }) {
  return html`<details class="notes small"><summary>${plural(notes.length, 'note')}: nothing is lost</summary><ul>${notes.slice(0, 200).map((n, i) => html`<li key=${i}>
    ${TOPICS[n.topic] ?? short(n.topic.replaceAll('_', ' '))} <span class="mono">${short(n.file)}</span>${n.offset ? ` at byte ${count(n.offset)}` : ''}${n.detail ? html` <span class="soft">${short(n.detail, 300)}</span>` : null}</li>`)}</ul></details>`
}
