// The hash chain of an event's entity.

import { meaning } from '../app/reasons.mjs'
import { linkTo } from '../app/route.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { html, useEffect, useReducer, useRef, useState } from '../ui/html.mjs'
import { count, plural, short, when } from '../ui/text.mjs'
import { LINK } from './chain.mjs'
import { isZero } from './facts.mjs'
import { blame, lastOf, proofOf, whole, WINDOW } from './walk.mjs'

// SAYS has what a link says about an event and the one before it: a sign, a class and words.
const SAYS = {
  [LINK.begins]: ['●', 'good', 'The chain begins: clock 0 and a previous hash of zeros.'],
  [LINK.fits]: ['✓', 'good', 'fits'],
  [LINK.again]: ['●', 'soft', 'The chain begins again, as it may after a cancelled fence or a loss.'],
  [LINK.fork]: ['⑂', 'warn', 'The chain forks here: the event does not continue the one before it, but an earlier one or none. No damage.'],
  [LINK.left]: ['…', 'soft', 'Events between were removed, or left out of this extract, so whether it fits cannot be said.'],
  [LINK.lost]: ['?', 'warn', 'Events between were lost, so whether it fits cannot be said.'],
  [LINK.hidden]: ['?', 'warn', 'Hidden events lie between, one of which it may continue.'],
  [LINK.unknown]: ['?', 'soft', 'The event before it was not looked at.'],
  [LINK.broken]: ['✗', 'bad', ''],
}

const brief = (hash) => (isZero(hash) ? 'zeros' : `${hash.slice(0, 8)}…${hash.slice(-4)}`)

// Blame reads the two frames of a broken link and says which of them does not fit.
function Blame({ store, judged }) {
  const { value, error } = useAnswer((signal) => blame(store, judged, signal), [store, judged.row.seq])
  return html`<span class="e-blame" data-test="chain-blame">${error ? short(error.message, 400) : value ?? 'Looking at both sides…'}</span>`
}

// Link shows one event and its link to the one before it.
function Link({ store, judged, sure, proof }) {
  const { row, link, why, from, content, error } = judged
  const [sign, look, says] = content !== null || error !== null ? ['✗', 'bad', SAYS[link][2]] : SAYS[link]
  return html`<li class=${`e-link is-${look}`} data-test="chain-link" data-link=${link}>
    <div class="e-node"><a href=${linkTo({ event: row.id })}>#${String(row.seq)}</a> <span class="soft">clock ${count(row.clock)}, ${when(row.wallMs)}</span>
      ${' '}<code title=${row.hash}>${brief(row.hash)}</code>
      ${proof && html` <span class=${proof.fits ? 'good' : 'bad'} data-test="chain-proof">${proof.fits ? '✓ the payload has this hash' : proof.fits === false ? '✗ the payload has another hash' : '✗ the frame cannot be read'}</span>`}
      ${content && html` <strong class="bad">${content}</strong>`}
      ${error && !content && html` <strong class="bad">cannot be read: ${meaning(error.details?.damage?.reason) || short(error.message, 400)}</strong>`}</div>
    <div class="e-joint"><span class="e-sign" aria-hidden="true">${sign}</span>
      ${link === LINK.fits ? html`<span>prev <code title=${row.prev}>${brief(row.prev)}</code> is the hash of #${String(from.seq)}</span>`
        : link === LINK.broken ? html`<span><strong>Broken: ${why}.</strong> prev is <code title=${row.prev}>${brief(row.prev)}</code>${from && html`, #${String(from.seq)} has <code title=${from.hash}>${brief(from.hash)}</code>`}.
          ${' '}<${Blame} store=${store} judged=${judged} />${!sure && html` <span class="soft">It may also continue an earlier event: check the whole chain to know.</span>`}</span>`
          : html`<span>${says}</span>`}
    </div>
  </li>`
}

// ChainView shows the chain from an event back, and checks all of it on demand.
export function ChainView({ store, row }) {
  const [length, setLength] = useState(WINDOW)
  const { value: shown, error } = useAnswer((signal) => lastOf(store, row, length, signal), [store, row.seq, length]) // { links, whole }
  const { value: proof } = useAnswer((signal) => proofOf(store, row, signal), [store, row.seq])
  const [check, setCheck] = useState(null) // { done, total } or { result } or { error }
  const [, again] = useReducer((n) => n + 1, 0)
  const running = useRef(null)
  useEffect(() => () => running.current?.abort(), [store, row.seq])

  const run = async (upTo) => {
    running.current?.abort()
    const control = running.current = new AbortController()
    const state = { done: 0, total: 0 }
    setCheck(state)
    try {
      const result = await whole(store, row, {
        upTo, signal: control.signal,
        onProgress(done, total) {
          Object.assign(state, { done, total })
          again()
        },
      })
      setCheck({ result, upTo })
    } catch (error) {
      if (running.current === control) setCheck(control.signal.aborted ? { cancelled: state.done } : { error })
    }
  }
  const busy = check && 'done' in check
  return html`<div class="e-chain-view">
    <p>Each event holds the hash of its own payload and that of the entity's event before it. Here from this event back; the rule is that of <code>thaw verify</code>.</p>
    <div class="e-bar">
      <button type="button" disabled=${busy} onClick=${() => run(true)} data-test="chain-check">Check all up to here</button>
      <button type="button" disabled=${busy} onClick=${() => run(false)}>Check the whole entity</button>
      ${busy && html`<progress aria-label="Events checked" max=${Number(check.total) || 1} value=${check.done}></progress>
        <span class="soft">${count(check.done)} of ${count(check.total)}</span>
        <button type="button" onClick=${() => running.current.abort()}>Cancel</button>`}
    </div>
    <div role="status" data-test="chain-result">${check && html`<${Result} store=${store} check=${check} />`}</div>
    ${error ? html`<p class="bad">${short(error.message, 600)}</p>` : !shown ? html`<p class="soft">Reading the chain…</p>` : html`
      <ol class="e-chain" aria-label="Hash chain, newest first" data-test="chain">
        ${shown.links.map((judged, i) => html`<${Link} key=${judged.row.seq} store=${store} judged=${judged} sure=${shown.whole} proof=${i === 0 ? proof : null} />`)}
      </ol>
      ${shown.whole ? null : html`<button type="button" onClick=${() => setLength(Math.min(length * 4, 1536))} disabled=${length >= 1536} data-test="chain-more">
        ${length >= 1536 ? `The last ${count(length)} are shown; check all for the rest` : 'Show earlier links'}</button>`}`}
  </div>`
}

function Result({ store, check }) {
  if (check.error) return html`<p class="bad">The check ended: ${short(check.error.message, 600)}</p>`
  if ('cancelled' in check) return html`<p class="soft">Cancelled after ${plural(check.cancelled, 'event')}.</p>`
  if (!check.result) return null
  const r = check.result
  const found = [[r.wrong, 'does not fit', 'do not fit'], [r.unread, 'cannot be read', 'cannot be read'], [r.unsure, 'cannot be judged', 'cannot be judged'], [r.forks, 'fork or new beginning', 'forks or new beginnings']].filter(([n]) => n > 0)
  return html`<div class="e-result">
    <p class=${found.length === 0 ? 'good' : r.wrong + r.unread > 0 ? 'bad' : 'warn'}><strong>${found.length === 0
      ? `All ${plural(r.events, 'event')} fit: each names the hash of the one before it, and each payload has the hash that its event says.`
      : `${plural(r.events, 'event')} checked: ${found.map(([n, one, many]) => `${count(n)} ${n === 1 ? one : many}`).join(', ')}.`}</strong></p>
    ${r.kept.length > 0 && html`<div class="e-scroll" tabindex="0" role="region" aria-label="Events that do not fit"><ol class="e-chain">${r.kept.map((judged) => html`<${Link} key=${judged.row.seq} store=${store} judged=${judged} sure=${true} />`)}</ol></div>`}
    ${r.omitted > 0 && html`<p class="soft">${count(r.omitted)} more of this kind are not listed.</p>`}
  </div>`
}
