// The bytes of an event's frame, and what each of them is.

import { useAnswer } from '../ui/ask.mjs'
import { html, useId, useMemo, useState } from '../ui/html.mjs'
import { count, plural, short, visible } from '../ui/text.mjs'
import { Failure } from '../app/failure.mjs'
import { inWords } from '../app/reasons.mjs'
import { Copy } from './copy.mjs'
import { charOf, dump, fromHex, hexOf, offsetText } from './hex.mjs'
import { List, move, useNarrow } from './list.mjs'
import { frameOf } from './load.mjs'
import { Spans } from './spans.mjs'

const COLOURS = 6

// FrameView asks for the frame of an event and shows it. The frame of an event that cannot be
// read is explained as far as it goes.
export function FrameView({ store, id }) {
  const { value, error } = useAnswer((signal) => frameOf(store, id, signal), [store, id], { fresh: true })
  if (error) return html`<${Failure} error=${error} text="The frame cannot be shown." />`
  return value ? html`<${Frame} frame=${value} />` : html`<p class="soft">Reading the frame…</p>`
}

const fitsText = (span) => (span.fits === undefined ? '' : span.fits ? ' ✓' : ' ✗ does not fit')

function Frame({ frame }) {
  const id = useId(), { refusal } = frame
  const bytes = useMemo(() => fromHex(frame.bytes), [frame])
  const spans = useMemo(() => new Spans(frame.spans), [frame])
  const [at, setAt] = useState(0) // the byte under the cursor
  const [box, narrow] = useNarrow(560), width = narrow ? 8 : 16
  const path = spans.at(at), inner = path.at(-1) ?? -1, span = spans.all[inner]
  const rows = Math.ceil(bytes.length / width)

  const onByteKey = (event) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + width, ArrowUp: at - width, PageDown: at + 12 * width, PageUp: at - 12 * width, Home: 0, End: bytes.length - 1 }[event.key]
    if (to === undefined) return
    setAt(Math.max(0, Math.min(bytes.length - 1, to)))
    event.preventDefault()
    event.stopPropagation()
  }
  const onSpanKey = (event) => {
    const to = move(event.key, inner, spans.all.length)
    if (to < 0) return
    choose(to)
    event.preventDefault()
    event.stopPropagation()
  }
  // A span's first byte may lie in a deeper one; then the deepest is chosen.
  const [picked, setPicked] = useState(-1)
  const choose = (n) => {
    setPicked(n)
    setAt(spans.all[n].at)
  }
  const chosen = picked >= 0 && spans.all[picked].at === at ? picked : inner
  const marked = spans.all[chosen]
  const over = (event) => {
    const nth = event.target.dataset?.at
    if (nth === undefined) return
    setPicked(-1)
    setAt(Number(nth))
  }
  const renderRow = (i) => {
    const cells = [], chars = []
    for (let n = i * width; n < Math.min(bytes.length, (i + 1) * width); n++) {
      const of = spans.innermost(n), s = spans.all[of]
      const look = `e-byte ${of < 0 ? '' : `e-c${of % COLOURS}`} ${s?.fits === false ? 'e-unfit' : ''} ${marked && n >= marked.at && n < marked.at + marked.length ? 'e-in' : ''} ${n === at ? 'e-at' : ''}`
      cells.push(html`<span key=${n} class=${look} data-at=${n}>${hexOf(bytes[n])}</span>`)
      chars.push(charOf(bytes[n]))
    }
    return html`<div key=${i} class="e-hex-row"><span class="soft">${offsetText(i * width)}</span><span class="e-hex-bytes">${cells}</span><span class="e-hex-chars">${chars.join('')}</span></div>`
  }
  const renderSpan = (i) => {
    const s = spans.all[i]
    return html`<div key=${i} id=${`${id}-${i}`} class=${`e-span-row ${i === chosen ? 'e-at' : ''} ${s.fits === false ? 'e-unfit' : ''}`} role="option" aria-selected=${i === chosen}
        style=${{ '--depth': Math.min(s.depth, 8) }} onClick=${() => choose(i)}>
      <span class=${`e-swatch-byte e-c${i % COLOURS}`} aria-hidden="true"></span><span class="e-span-name">${visible(s.name)}</span>
      ${' '}<bdi class="e-span-value">${short(s.value ?? '', 120)}</bdi>${s.fits !== undefined && html`<span class=${s.fits ? 'good' : 'bad'}>${fitsText(s)}</span>`}
      ${' '}<span class="soft e-span-place">${count(s.at)}+${count(s.length)}</span></div>`
  }
  const unfit = spans.unfit
  return html`<div class="e-frame-view">
    <p><code>${visible(frame.file)}</code> at byte ${count(frame.offset)}, ${plural(frame.length, 'byte')} <${Copy} value=${() => dump(bytes)} what="the frame as hex" />
      ${' '}${unfit.length === 0 ? refusal ? null : html`<span class="good" data-test="frame-fits">✓ every check fits</span>` : html`<strong class="bad" data-test="frame-fits">✗ ${unfit.map((s) => visible(s.name)).join(', ')} ${unfit.length === 1 ? 'does' : 'do'} not fit</strong>`}</p>
    ${refusal && html`<p class="bad" data-test="frame-damage">These bytes are no sound frame: ${inWords(refusal.reason)}${refusal.detail && ` (${short(refusal.detail, 300)})`}. A reader stops at byte ${count(refusal.offset)} of the file.</p>`}
    ${bytes.length < Number(frame.length) && html`<p class="soft">${count(bytes.length)} of ${count(frame.length)} bytes are here${refusal ? '' : '; the rest is not listed'}.</p>`}
    <div class="e-frame-now" role="status" aria-live="polite" data-test="frame-now">${span
      ? html`<strong>${path.map((n) => visible(spans.all[n].name)).join(' › ')}</strong> <bdi class="wrap mono">${short(marked.value ?? '', 1200)}</bdi><span class=${marked.fits === false ? 'bad' : 'good'}>${fitsText(marked)}</span> <span class="soft">${marked.type && `${marked.type}, `}${marked.length === 1 ? `byte ${count(marked.at)}` : `bytes ${count(marked.at)} to ${count(marked.at + marked.length - 1)}`}</span>`
      : html`<span class="soft">No explanation for byte ${count(at)}.</span>`}</div>
    <div class="e-frame-parts" ref=${box}>
      <${List} class="e-hex e-bytes" role="group" aria-label="Bytes of the frame. Arrow keys move from byte to byte." count=${rows} cursor=${Math.floor(at / width)} again=${picked} render=${renderRow}
        onKeyDown=${onByteKey} onMouseOver=${over} onClick=${over} data-test="frame-bytes" />
      <${List} class="e-spans" role="listbox" aria-label="Parts of the frame" aria-activedescendant=${`${id}-${chosen}`} count=${spans.all.length} cursor=${chosen} render=${renderSpan} onKeyDown=${onSpanKey} data-test="frame-spans" />
    </div>
  </div>`
}
