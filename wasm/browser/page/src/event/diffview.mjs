// The difference between the payload of an event and that of its entity's event before it.

import { kindName } from '../app/session.mjs'
import { linkTo } from '../app/route.mjs'
import { Failure } from '../app/failure.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { html } from '../ui/html.mjs'
import { cut, plural, short, visible } from '../ui/text.mjs'
import { compare, MOST_CHANGES, pathText } from './diff.mjs'
import { previousFull } from './load.mjs'
import { check, headAt, typeOf } from './msgpack.mjs'
import { sliced } from './slices.mjs'
import { scalar, spell } from './spell.mjs'

const SIGN = { added: '+', removed: '−', changed: '≠' }
const MOST = 300 // characters of a value

// valueText is a value of a change: small containers in full, large ones by their type.
function valueText(b, at) {
  const h = headAt(b, at)
  if (!h.container) return h.n > 4 * MOST ? `${visible(cut(scalar(b, h), MOST))}…` : short(scalar(b, h), MOST)
  if (h.n > 20) return typeOf(b, h)
  const text = spell(b, at)
  return text.length <= MOST ? visible(text) : typeOf(b, h)
}

// DiffView compares a full event with the one before it.
export function DiffView({ store, full }) {
  const { value: state, error } = useAnswer(async (signal) => {
    const before = await previousFull(store, full, signal)
    if (!before) return { none: true }
    if (before.redacted) return { before, redacted: true }
    const wrong = [[before, check(before.payload)], [full, check(full.payload)]].find(([, err]) => err)
    if (wrong) return { before, wrong }
    const changes = []
    const stopped = await sliced(compare(before.payload, full.payload), (change) => changes.push(change), signal)
    return { before, changes, stopped }
  }, [store, full], { fresh: true })
  if (error) return html`<${Failure} error=${error} text="The event before it cannot be read." />`
  if (!state) return html`<p class="soft">Comparing…</p>`
  if (state.none) return html`<p class="soft" data-test="diff-none">This is the first event of its entity.</p>`
  const { before, changes } = state
  const to = html`<a href=${linkTo({ event: before.id })}>#${String(before.seq)}</a>`
  if (state.redacted) return html`<p class="soft">The payload of ${to} was redacted, so there is nothing to compare with.</p>`
  if (state.wrong) return html`<p class="soft">The payload of #${String(state.wrong[0].seq)} is not MessagePack, so it cannot be compared with ${to}.</p>`
  const facts = [['kind', kindName(before.kind), kindName(full.kind)], ['scope', before.scope, full.scope]].filter(([, a, b]) => a !== b)
  const said = `${plural(Math.min(changes.length, MOST_CHANGES), 'change')}${state.stopped ? ' so far: the payloads differ in more, and the comparison stopped' : ''}`
  return html`<div class="e-diff-view">
    <p>Compared with the entity's event before it, ${to}: ${changes.length === 0 && !state.stopped ? 'the payloads are the same.' : `${said}.`}</p>
    ${facts.length > 0 && html`<ul class="e-fact-changes">${facts.map(([name, a, b]) => html`<li key=${name}>The ${name} was <bdi>${short(a, 100)}</bdi> and is <bdi>${short(b, 100)}</bdi>.</li>`)}</ul>`}
    ${changes.length > 0 && html`<div class="e-diff-box" tabindex="0" role="region" aria-label="Changes"><table class="e-diff" data-test="diff"><thead><tr><th scope="col"><span class="hidden-text">Change</span></th><th scope="col">Path</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead>
      <tbody>${changes.map((c, i) => html`<tr key=${i} class=${`e-${c.change}`} data-test="diff-row"><td><span aria-hidden="true">${SIGN[c.change]}</span><span class="hidden-text">${c.change}</span></td>
        <td><code>${short(pathText(c.path), 200)}</code></td><td>${c.a >= 0 && html`<bdi class="mono">${valueText(before.payload, c.a)}</bdi>`}</td><td>${c.b >= 0 && html`<bdi class="mono">${valueText(full.payload, c.b)}</bdi>`}</td></tr>`)}</tbody></table></div>`}
  </div>`
}
