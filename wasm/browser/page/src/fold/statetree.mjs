// A state as a tree. What changed in the last step is marked.

import { html, useMemo, useState } from '../ui/html.mjs'
import { count, cut, plural, visible } from '../ui/text.mjs'

const FIRST = 100 // children of one value that are shown at once
const MOST_TEXT = 2000
const OPEN_DEPTH = 2

const container = (v) => v !== null && typeof v === 'object'
const entries = (v) => (Array.isArray(v) ? v.map((x, i) => [i, x]) : Object.entries(v))
export const keyOf = (path) => JSON.stringify(path.map(String))

// textOf is a value that has no parts, or what a folded one holds.
export function textOf(v) {
  if (typeof v === 'string') return /^‹|^… \d/.test(v) ? visible(v) : `"${visible(cut(v, MOST_TEXT))}${v.length > MOST_TEXT ? '…' : ''}"`
  if (Array.isArray(v)) return v.length === 0 ? '[]' : `[ ${plural(v.length, 'item')} ]`
  if (container(v)) {
    const n = Object.keys(v).length
    return n === 0 ? '{}' : `{ ${plural(n, 'key')} }`
  }
  return String(v)
}

export const typeOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v)

// brief is a value on one line, for the list of changes.
export function brief(v, most = 160) {
  if (!container(v)) return cut(textOf(v), most)
  let left = most
  const spell = (x, depth) => {
    if (left <= 0) return '…'
    if (!container(x) || depth > 3) {
      const text = textOf(x)
      left -= text.length
      return cut(text, 80)
    }
    const all = entries(x)
    const parts = []
    for (const [k, y] of all) {
      if (left <= 0) {
        parts.push('…')
        break
      }
      left -= 2
      parts.push(Array.isArray(x) ? spell(y, depth + 1) : `${visible(cut(String(k), 40))}: ${spell(y, depth + 1)}`)
    }
    return Array.isArray(x) ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`
  }
  return spell(v, 0)
}

// pathText spells a path as code does.
export const pathText = (path) => (path.length === 0 ? 'state' : path.map((k, i) =>
  (typeof k === 'number' ? `[${k}]` : /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(k) ? (i > 0 ? '.' : '') + k : `[${JSON.stringify(visible(cut(k, 80)))}]`)).join(''))

// StateTree keeps what is unfolded from step to step. opened maps the paths whose folding the user changed.
export function StateTree({ state, changes }) {
  const [opened, setOpened] = useState(() => new Map())
  const [shown, setShown] = useState(() => new Map()) // path → how many children
  const changed = useMemo(() => {
    const all = new Map() // path → whether it is the value itself, and not something in it
    for (const { path } of changes) {
      all.set(keyOf(path), true)
      for (let n = 0; n < path.length; n++) {
        const above = keyOf(path.slice(0, n))
        if (!all.has(above)) all.set(above, false)
      }
    }
    return all
  }, [changes])

  const node = (name, value, path, depth) => {
    const key = keyOf(path), folds = container(value) && entries(value).length > 0
    const open = folds && (opened.get(key) ?? (depth < OPEN_DEPTH))
    const mark = changed.get(key)
    const toggle = () => setOpened(new Map(opened).set(key, !open))
    const all = open ? entries(value) : []
    const most = shown.get(key) ?? FIRST
    return html`<li key=${key}>
      <div class=${`state-row ${mark ? 'changed' : mark === false && !open ? 'inside' : ''}`} data-test="state-row" data-path=${pathText(path)}>
        ${folds ? html`<button type="button" class="quiet state-fold" aria-expanded=${open} aria-label=${visible(cut(String(name), 60))} onClick=${toggle}>${open ? '▾' : '▸'}</button>` : html`<span class="state-fold"></span>`}
        <bdi class="state-key">${visible(cut(String(name), 120))}</bdi><span class="softer">:</span> <bdi class=${`state-value is-${typeof value === 'string' && value.startsWith('‹') ? 'other' : typeOf(value)}`}>${open ? (Array.isArray(value) ? '[' : '{') : textOf(value)}</bdi>
        ${mark ? html`<span class="hidden-text">, changed</span>` : null}
      </div>
      ${open && html`<ul>${all.slice(0, most).map(([k, v]) => node(k, v, [...path, k], depth + 1))}
        ${all.length > most && html`<li><button type="button" class="link" onClick=${() => setShown(new Map(shown).set(key, most * 5))}>${count(all.length - most)} more</button></li>`}
      </ul>`}
    </li>`
  }
  return html`<ul class="state-tree mono" aria-label="State" data-test="state">${node('state', state, [], 0)}</ul>`
}
