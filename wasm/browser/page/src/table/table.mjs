// The table of events. However many there are, only the visible rows are in the page.

import { html, useEffect, useLayoutEffect, useRef, useState, useValue } from '../ui/html.mjs'
import { useKeys } from '../ui/keys.mjs'
import { useSize } from '../ui/size.mjs'
import { count, hex, Name, shortId, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { kindName } from '../app/session.mjs'
import { centred, goTo, layout, reveal, rowsAt, scrolled } from './geometry.mjs'

const AROUND = 24 // rows beside the visible ones that are read too

// COLUMNS are [class, heading].
const COLUMNS = [['seq', 'Sequence'], ['time', 'Time (UTC)'], ['kind', 'Kind'], ['entity', 'Entity'], ['clock', 'Clock'], ['scope', 'Scope'], ['id', 'Id']]

function Row({ n, row, top, height, chosen, cursor, onChoose }) {
  const cells = row ? [
    count(row.seq), when(row.wallMs), html`<${Swatch} kind=${row.kind} /><${Name} of=${kindName(row.kind)} />`,
    html`<${Name} of=${row.entity} />`, count(row.clock), html`<${Name} of=${row.scope} />`, html`<span class="mono" title=${row.id}>${shortId(row.id)}</span>`,
  ] : []
  return html`<div role="row" id=${`row-${n}`} class=${`tr${chosen ? ' chosen' : ''}${cursor ? ' cursor' : ''}${row ? '' : ' missing'}`} aria-rowindex=${n + 2}
    aria-selected=${chosen ? 'true' : 'false'} data-seq=${row?.seq} data-id=${row?.id} style=${{ top: `${top}px`, height: `${height}px` }} onClick=${() => onChoose(n)}>
    ${COLUMNS.map(([name], i) => html`<div role="gridcell" class=${`td ${name}`} title=${name === 'kind' && row ? hex(row.kind) : undefined}>${cells[i]}</div>`)}
  </div>`
}

// Table shows rows (a Rows). chosen is the id of the chosen event; onChoose(row, opens) is told of
// another; jump is { seq } to show, a new object each time.
export function Table({ rows, chosen, onChoose, jump, label = 'Events' }) {
  useValue(rows.version)
  const grid = useRef(), head = useRef()
  const view = Math.max(0, useSize(grid).height - useSize(head).height)
  const rowHeight = useRowHeight(grid)
  const g = layout(rows.known, rowHeight, view)
  const [place, setPlace] = useState({ y: 0, offset: 0, scrollTop: 0 })
  const [cursor, setCursor] = useState(-1)
  const state = useRef()
  state.current = { g, place, cursor, rows, chosen }

  const put = (next) => {
    state.current.place = next
    setPlace(next)
    if (grid.current && grid.current.scrollTop !== next.scrollTop) grid.current.scrollTop = next.scrollTop
  }
  const onScroll = () => {
    if (!grid.current) return // the last scroll of a table that is gone
    const now = state.current
    const next = scrolled(now.g, now.place, grid.current.scrollTop)
    if (next.y !== now.place.y || next.offset !== now.place.offset) put(next)
    else now.place = { ...now.place, scrollTop: next.scrollTop }
  }
  useLayoutEffect(() => { // other rows: from the beginning
    put({ y: 0, offset: 0, scrollTop: 0 })
    setCursor(-1)
  }, [rows])

  const [first, end] = rowsAt(g, Math.min(place.y, Math.max(0, g.height - g.view)))
  useEffect(() => rows.want(first - AROUND, end + AROUND), [rows, first, end, rows.total])

  const show = (n, where) => {
    setCursor(n)
    state.current.cursor = n
    const now = state.current
    put(goTo(now.g, where(now.g, now.place.y, n)))
  }
  useEffect(() => {
    if (!jump) return
    let current = true
    rows.find(jump.seq).then((n) => {
      if (current && n >= 0) requestAnimationFrame(() => show(n, (h, y, row) => (reveal(h, y, row) === y ? y : centred(h, row))))
    }, () => {})
    return () => { current = false }
  }, [rows, jump])

  // The chosen event follows the cursor, once its row is there.
  const chosenByCursor = useRef(-1)
  const row = cursor >= 0 ? rows.at(cursor) : null
  useEffect(() => {
    if (!row || chosenByCursor.current !== cursor) return
    const soon = setTimeout(() => row.id !== chosen && onChoose(row, false), 60)
    return () => clearTimeout(soon)
  }, [cursor, row])

  const move = (to) => {
    const last = state.current.g.total - 1
    if (last < 0) return
    const n = Math.max(0, Math.min(last, to))
    chosenByCursor.current = n
    show(n, reveal)
  }
  const now = () => (state.current.cursor >= 0 ? state.current.cursor : rowsAt(state.current.g, state.current.place.y)[0] - 1)
  const some = () => Math.max(1, Math.floor(state.current.g.view / state.current.g.rowHeight) - 1)
  useKeys({
    j: () => move(now() + 1), ArrowDown: () => move(now() + 1), k: () => move(now() - 1), ArrowUp: () => move(now() - 1),
    PageDown: () => move(now() + some()), PageUp: () => move(now() - some()), Home: () => move(0), End: () => move(Infinity),
    Enter: () => {
      const r = rows.at(state.current.cursor)
      return r ? onChoose(r, true) : false
    },
  }, [['j k', 'next and previous event'], ['Enter', 'open the event'], ['PageUp PageDown Home End', 'further']])

  const choose = (n) => {
    setCursor(n)
    chosenByCursor.current = -1
    const r = rows.at(n)
    if (r) onChoose(r, 'click')
    grid.current.focus({ preventScroll: true })
  }
  const shown = []
  for (let n = first; n < end; n++) {
    const r = rows.at(n)
    shown.push(html`<${Row} n=${n} row=${r} top=${n * rowHeight - place.offset} height=${rowHeight} chosen=${r && r.id === chosen} cursor=${n === cursor} onChoose=${choose} />`)
  }
  return html`<div ref=${grid} role="grid" class="table" tabindex="0" aria-label=${label} aria-rowcount=${rows.total === null ? -1 : rows.total + 1} aria-colcount=${COLUMNS.length}
    aria-readonly="true" aria-activedescendant=${cursor >= first && cursor < end ? `row-${cursor}` : undefined} onScroll=${onScroll} data-test="table" data-total=${rows.total}>
    <div ref=${head} role="row" class="tr th" aria-rowindex="1">${COLUMNS.map(([name, heading]) => html`<div role="columnheader" key=${name} class=${`td ${name}`}>${heading}</div>`)}</div>
    <div class="canvas" role="rowgroup" style=${{ height: `${g.canvas}px` }}>${shown}</div>
  </div>`
}

// useRowHeight returns the height of a row in pixels, which the style sheet sets: rows are higher
// where one points with a finger.
function useRowHeight(ref) {
  const [height, set] = useState(26)
  useLayoutEffect(() => set(parseFloat(getComputedStyle(ref.current).getPropertyValue('--row')) || 26), [])
  return height
}
