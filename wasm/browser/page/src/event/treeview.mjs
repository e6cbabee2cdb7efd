// The payload as a tree.

import { html, useEffect, useId, useMemo, useReducer, useRef, useState } from '../ui/html.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, cut, plural, short, visible } from '../ui/text.mjs'
import { Copy } from './copy.mjs'
import { pathText } from './diff.mjs'
import { List, move } from './list.mjs'
import { bodyOf, headAt, KIND, textOf, typeOf } from './msgpack.mjs'
import { found, MOST_FOUND } from './search.mjs'
import { sliced } from './slices.mjs'
import { scalar, spell } from './spell.mjs'
import { pathTo, Tree } from './tree.mjs'

const MOST_INDENT = 14 // levels, for the width of a row
const PREVIEW = 400 // bytes of a value that a row shows
const PART = 20_000 // characters of a long value that are shown at once

// preview is a value in a row.
function preview(b, at) {
  const h = headAt(b, at)
  if (h.container) return typeOf(b, h)
  if (h.n <= PREVIEW) return visible(scalar(b, h))
  if (h.kind !== KIND.str) return typeOf(b, h)
  // A part of the bytes: half a character at its end is left out.
  const text = new TextDecoder().decode(b.subarray(at + h.size, at + h.size + PREVIEW), { stream: true })
  return `"${visible(text)}…`
}

// nameOf is the key, index or range of a row.
function nameOf(b, row) {
  if (row.from >= 0) return `${count(row.from)} … ${count(row.to - 1)}`
  if (row.key < 0) return row.index < 0 ? 'payload' : String(row.index)
  const h = headAt(b, row.key)
  const text = h.kind === KIND.str && h.n <= PREVIEW ? textOf(bodyOf(b, h)) : null
  return text === null ? preview(b, row.key) : visible(text) || '""'
}

const pathOf = (b, offset) => pathTo(b, offset).map(({ key, nth }) => (key >= 0 ? { key, of: b } : { index: nth }))

// Value shows all of one value, long ones in parts.
function Value({ b, at, chunk }) {
  const [parts, setParts] = useState(1)
  useEffect(() => setParts(1), [b, at])
  const h = headAt(b, at), path = pathText(pathOf(b, at))
  const text = useMemo(() => {
    if (h.container) return null
    return h.kind === KIND.str ? textOf(bodyOf(b, h)) ?? scalar(b, h) : scalar(b, h)
  }, [b, at])
  const shown = text === null ? '' : cut(text, parts * PART)
  return html`<section class="e-value" aria-label="Selected value" data-test="value">
    <p class="e-value-path"><code>${short(path, 300)}</code> <${Copy} value=${path} what="the path" /></p>
    <p class="soft">${chunk ? 'a range of ' : ''}${typeOf(b, h)}, at byte ${count(at)}${text !== null && h.kind === KIND.str ? `, ${plural(text.length, 'character')}` : ''}
      ${' '}<${Copy} value=${() => spell(b, at)} what="the value as JSON" /></p>
    ${text !== null && html`<pre class="e-value-text" tabindex="0" data-test="value-text">${visible(shown)}</pre>`}
    ${text !== null && shown.length < text.length && html`<p>${count(shown.length)} of ${count(text.length)} characters.
      ${' '}<button type="button" onClick=${() => setParts(parts * 4)}>Show more</button></p>`}
  </section>`
}

// TreeView shows a payload that passed check.
export function TreeView({ b }) {
  const id = useId()
  const tree = useMemo(() => new Tree(b), [b])
  useKeys({}, [['*', 'in a payload: unfold all'], ['n N', 'in a payload: next and previous hit of its search']])
  const [, again] = useReducer((n) => n + 1, 0)
  const [cursor, setCursor] = useState(0)
  const [note, setNote] = useState('')
  const [wanted, setWanted] = useState('')
  const [hits, setHits] = useState({ all: [], nth: -1, done: true })
  const running = useRef(null)
  useEffect(() => {
    setCursor(0)
    setNote('')
    setWanted('')
    setHits({ all: [], nth: -1, done: true })
    return () => running.current?.abort()
  }, [b])

  const goTo = (hit) => {
    const row = tree.reveal(hit)
    if (row >= 0) setCursor(row)
    again()
  }

  // seek searches away from rendering, and goes to the first hit as soon as there is one.
  const seek = async (text) => {
    running.current?.abort()
    setWanted(text)
    if (text === '') return setHits({ all: [], nth: -1, done: true })
    const control = running.current = new AbortController()
    const all = []
    setHits({ all, nth: -1, done: false })
    try {
      await sliced(bounded(found(b, text), all), (at) => {
        all.push(at)
        if (all.length === 1) goTo(at)
      }, control.signal)
      setHits({ all, nth: all.length > 0 ? 0 : -1, done: true })
    } catch (error) {
      if (!control.signal.aborted) throw error // a newer search took over
    }
  }
  const step = (by) => {
    if (hits.all.length === 0) return
    const nth = (hits.nth + by + hits.all.length) % hits.all.length
    setHits({ ...hits, nth })
    goTo(hits.all[nth])
  }
  const fold = (row, open) => {
    if (!row?.folds) return
    tree.toggle(row.id, open)
    again()
  }
  const unfoldAll = () => {
    const left = tree.unfoldAll()
    setNote(left === 0 ? `All unfolded: ${plural(tree.rows.length, 'row')}.` : `Stopped at ${plural(tree.rows.length, 'row')}: ${plural(left, 'value')} and what is in them stay folded.`)
    again()
  }

  const rows = tree.rows, at = Math.min(cursor, rows.length - 1), selected = rows[at]
  const onKeyDown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const to = move(event.key, at, rows.length)
    if (to >= 0) setCursor(to)
    else if (event.key === 'ArrowRight' && selected.folds) selected.open ? setCursor(at + 1) : fold(selected, true)
    else if (event.key === 'ArrowLeft') {
      if (selected.open) fold(selected, false)
      else if (selected.parent !== null) setCursor(rows.findIndex((row) => row.id === selected.parent))
    } else if (event.key === 'Enter' || event.key === ' ') fold(selected)
    else if (event.key === '*') unfoldAll()
    else if (event.key === 'n') step(1)
    else if (event.key === 'N') step(-1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const render = (i) => {
    const row = rows[i]
    return html`<div key=${row.id} id=${`${id}-${i}`} class=${`e-tree-row ${i === at ? 'e-at' : ''}`} role="treeitem" aria-level=${row.depth + 1}
        aria-setsize=${row.of} aria-posinset=${row.nth} aria-selected=${i === at} aria-expanded=${row.folds ? row.open : undefined}
        style=${{ '--depth': Math.min(row.depth, MOST_INDENT) }} onClick=${() => setCursor(i)} onDblClick=${() => fold(row)}>
      <span class="e-fold" aria-hidden="true" onClick=${() => fold(row)}>${row.folds ? (row.open ? '▾' : '▸') : ''}</span>
      ${row.depth > MOST_INDENT && html`<span class="e-deep" title=${`level ${row.depth}`}>${row.depth}</span>`}
      <bdi class="e-key">${nameOf(b, row)}</bdi>${row.from < 0 && html`<span class="soft">: </span><bdi class=${`e-kind-${headAt(b, row.at).kind}`}>${preview(b, row.at)}</bdi>`}
    </div>`
  }
  const hint = wanted === '' ? '' : !hits.done ? `searching, ${count(hits.all.length)} so far`
    : hits.all.length === 0 ? 'nothing found'
      : `${count(hits.nth + 1)} of ${count(hits.all.length)}${hits.all.length === MOST_FOUND ? ' or more' : ''}`
  return html`<div class="e-tree-view">
    <div class="e-bar">
      <label>Search <input type="search" value=${wanted} placeholder="keys and values" data-test="tree-search"
        onInput=${(e) => seek(e.currentTarget.value)}
        onKeyDown=${(e) => {
          if (e.key === 'Enter') step(e.shiftKey ? -1 : 1)
        }} /></label>
      <button type="button" aria-label="Previous hit" disabled=${hits.all.length === 0} onClick=${() => step(-1)}>↑</button>
      <button type="button" aria-label="Next hit" disabled=${hits.all.length === 0} onClick=${() => step(1)}>↓</button>
      <span class="soft e-hint" role="status" data-test="tree-hits">${hint}</span>
      <button type="button" onClick=${unfoldAll} data-test="unfold-all">Unfold all</button>
      <button type="button" onClick=${() => {
        tree.foldAll()
        setNote('')
        setCursor(0)
        again()
      }}>Fold all</button>
    </div>
    ${note && html`<p class="soft" role="status" data-test="tree-note">${note}</p>`}
    <${List} class="e-tree" role="tree" aria-label="Payload" aria-activedescendant=${`${id}-${at}`} count=${rows.length} render=${render}
      cursor=${at} again=${hits.nth} onKeyDown=${onKeyDown} data-test="tree" />
    ${selected && html`<${Value} b=${b} at=${selected.at} chunk=${selected.from >= 0} />`}
  </div>`
}

// bounded ends a search after the most hits.
function* bounded(work, all) {
  for (const at of work) {
    yield at
    if (all.length >= MOST_FOUND) return
  }
}
