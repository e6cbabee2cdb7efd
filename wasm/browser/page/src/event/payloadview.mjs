// The payload: as a tree, as JSON, and as bytes.

import { html, useEffect, useMemo, useState } from '../ui/html.mjs'
import { count, cut, plural, visible } from '../ui/text.mjs'
import { copy, Copy } from './copy.mjs'
import { charOf, dump, hexOf, offsetText } from './hex.mjs'
import { List, move, useNarrow } from './list.mjs'
import { check } from './msgpack.mjs'
import { sliced } from './slices.mjs'
import { lines, pieces, raw } from './spell.mjs'
import { Tabs } from './tabs.mjs'
import { TreeView } from './treeview.mjs'

const MOST_LINES = 1_000_000
const MOST_LINE = 2000 // characters of a line that are shown

const FORMS = [['tree', 'Tree'], ['json', 'JSON'], ['hex', 'Hex']]

// PayloadView shows bytes that should be one MessagePack value.
export function PayloadView({ b }) {
  const [form, setForm] = useState('tree')
  const wrong = useMemo(() => check(b), [b])
  const shown = wrong && form === 'tree' ? 'hex' : form
  return html`<div class="e-payload">
    ${wrong && html`<p class="e-warning" data-test="payload-wrong">The payload is not MessagePack: ${wrong.message}. Its bytes are shown as they are.</p>`}
    <${Tabs} label="Form of the payload" tabs=${wrong ? FORMS.slice(1) : FORMS} at=${shown} onPick=${setForm} small />
    <div role="tabpanel" aria-label=${shown}>
      ${shown === 'tree' ? html`<${TreeView} b=${b} />` : shown === 'json' ? html`<${JSONView} b=${b} wrong=${wrong} />` : html`<${HexView} b=${b} />`}
    </div>
  </div>`
}

function JSONView({ b, wrong }) {
  const [text, setText] = useState({ lines: [], done: false })
  const [at, setAt] = useState(0)
  useEffect(() => {
    const control = new AbortController(), all = []
    let shown = 0
    const run = async () => {
      try {
        if (wrong) all.push(raw(b))
        else {
          await sliced(most(lines(b)), (line) => {
            all.push(line)
            if (all.length - shown > 20_000) {
              shown = all.length
              setText({ lines: all, done: false })
            }
          }, control.signal)
        }
        setText({ lines: all, done: true })
      } catch (error) {
        if (!control.signal.aborted) throw error
      }
    }
    run()
    return () => control.abort()
  }, [b])
  // In one line, as thaw prints it.
  const copyAll = async () => {
    const parts = []
    if (wrong) parts.push(raw(b))
    else await sliced(pieces(b), (piece) => parts.push(piece))
    copy(parts.join(''), 'the payload as JSON')
  }
  const onKeyDown = (event) => {
    const to = move(event.key, at, text.lines.length)
    if (to < 0) return
    setAt(to)
    event.preventDefault()
  }
  return html`<div class="e-json-view">
    <div class="e-bar"><span class="soft">${plural(text.lines.length, 'line')}${text.done ? '' : ' so far'}</span>
      <button type="button" onClick=${copyAll}>Copy as JSON</button></div>
    <${List} class="e-json" role="group" aria-label="Payload as JSON" count=${text.lines.length} cursor=${at} onKeyDown=${onKeyDown} data-test="json"
      render=${(i) => html`<div key=${i} class="e-json-row" data-nth=${i}>${lineOf(text.lines[i])}</div>`} />
  </div>`
}

const lineOf = (line) => (line.length <= MOST_LINE ? visible(line) : `${visible(cut(line, MOST_LINE))}… (${count(line.length)} characters; Copy has all)`)

function* most(all) {
  let n = 0
  for (const line of all) {
    if (n++ === MOST_LINES) {
      yield `… and more: ${count(MOST_LINES)} lines are shown`
      return
    }
    yield line
  }
}

// HexView shows bytes with their offsets and characters.
export function HexView({ b }) {
  const [box, narrow] = useNarrow(560), width = narrow ? 8 : 16
  const [at, setAt] = useState(0)
  const rows = Math.ceil(b.length / width)
  const render = (i) => {
    const part = b.subarray(i * width, (i + 1) * width)
    let hex = '', chars = ''
    for (const byte of part) {
      hex += `${hexOf(byte)} `
      chars += charOf(byte)
    }
    return html`<div key=${i} class="e-hex-row"><span class="soft">${offsetText(i * width)}</span><span class="e-hex-bytes">${hex}</span><span class="e-hex-chars">${chars}</span></div>`
  }
  const onKeyDown = (event) => {
    const to = move(event.key, at, rows)
    if (to < 0) return
    setAt(to)
    event.preventDefault()
  }
  return html`<div class="e-hex-view" ref=${box}>
    <div class="e-bar"><span class="soft">${plural(b.length, 'byte')}</span> <${Copy} value=${() => dump(b)} what="the bytes as hex" /></div>
    <${List} class="e-hex" role="group" aria-label="Payload as bytes: offset, hexadecimal, characters" count=${rows} cursor=${at} onKeyDown=${onKeyDown} render=${render} data-test="hex" />
  </div>`
}
