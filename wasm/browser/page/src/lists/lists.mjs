// Entities, scopes and kinds, with how many events they have. A click filters by one.

import { html, useEffect, useRef, useState, useValue } from '../ui/html.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, hex, Name, plural, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'
import { OP } from '../../../../js/question.mjs'
import { Failure } from '../app/failure.mjs'
import { go, linkTo, noFilters } from '../app/route.mjs'
import { kindName, kindNumber, kinds, store } from '../app/session.mjs'

const PAGE = 200 // names

const LISTS = [['entities', 'Entities'], ['scopes', 'Scopes'], ['kinds', 'Kinds']]

// filterBy returns the patch that shows the events of a line.
const filterBy = (list, line) => ({ ...noFilters, view: 'events', event: undefined,
  ...(list === 'entities' ? { entity: line.name } : list === 'scopes' ? { scope: line.name } : { kinds: [line.kind] }) })

function Lines({ list, lines, most }) {
  const [at, setAt] = useState(-1)
  const table = useRef()
  useEffect(() => setAt(-1), [list, lines])
  const move = (n) => {
    const to = Math.max(0, Math.min(lines.length - 1, n))
    setAt(to)
    table.current.rows[to + 1]?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({
    j: () => move(at + 1), ArrowDown: () => move(at + 1), k: () => move(at - 1), ArrowUp: () => move(at - 1), Home: () => move(0), End: () => move(Infinity),
    PageDown: () => move(at + 20), PageUp: () => move(at - 20),
    Enter: () => (lines[at] ? go(filterBy(list, lines[at])) : false),
  }, [['j k', 'next and previous line'], ['Enter', 'show its events']])
  const link = (line, children) => html`<a href=${linkTo(filterBy(list, line))}>${children}</a>`
  return html`<table class="lines" ref=${table} data-test="lines">
    <thead><tr><th scope="col">${list === 'entities' ? 'Entity' : list === 'scopes' ? 'Scope' : 'Kind'}</th><th scope="col" class="num">Events</th><th scope="col" class="share"><span class="hidden-text">Share</span></th>
      <th scope="col" class="num far">First</th><th scope="col" class="num far">Last</th><th scope="col" class="time">First time (UTC)</th><th scope="col" class="time">Last time (UTC)</th></tr></thead>
    <tbody>${lines.map((line, n) => html`<tr key=${list === 'kinds' ? line.kind : line.name} class=${n === at ? 'cursor' : ''} data-test="line" data-name=${list === 'kinds' ? hex(line.kind) : line.name.slice(0, 200)} data-events=${line.events}>
      <th scope="row" class="clip">${list === 'kinds' ? html`<${Swatch} kind=${line.kind} /> ${link(line, html`<${Name} of=${kindName(line.kind)} />`)} <span class="softer small mono">${kindNumber(line.kind)}</span>` : link(line, html`<${Name} of=${line.name} />`)}</th>
      <td class="num">${count(line.events)}</td><td class="share"><span class="meter" style=${{ width: `${Math.max(1, (Number(line.events) / most) * 100)}%` }}></span></td>
      <td class="num far soft">${count(line.firstSeq)}</td><td class="num far soft">${count(line.lastSeq)}</td><td class="time soft">${when(line.firstWallMs)}</td><td class="time soft">${when(line.lastWallMs)}</td></tr>`)}</tbody>
  </table>`
}

export function ListsView({ route }) {
  const open = useValue(store), all = useValue(kinds)
  const list = LISTS.some(([name]) => name === route.list) ? route.list : 'entities'
  const begins = route.begins ?? ''
  const [after, setAfter] = useState([]) // the last name of each page before
  const body = useRef()
  useEffect(() => setAfter([]), [list, begins, open])
  const last = after.at(-1)
  const names = list !== 'kinds'
  const { value: answer, error, busy } = useAnswer(async (signal) => ({ list, lines: !names ? all
    : await open.rows({ op: list === 'entities' ? OP.entities : OP.scopes, limit: PAGE + 1, ...(begins ? { prefix: begins } : {}), ...(last !== undefined ? { after: last } : {}) }, { signal, urgent: true }) }),
  [open, list, begins, last, all])
  const value = answer?.list === list ? answer.lines : undefined // not what another list had
  const more = names && value?.length > PAGE
  const lines = names ? value?.slice(0, PAGE) : value
  const turn = (next) => {
    setAfter(next)
    document.querySelector('main').scrollTop = 0
  }
  return html`<section class="view lists" ref=${body}>
    <h1 class="hidden-text">Lists</h1>
    <div class="card">
      <div class="head">
        <div class="tabs" role="group" aria-label="What to list">${LISTS.map(([name, label]) => html`<button type="button" key=${name} class="quiet" aria-pressed=${name === list} data-test=${`list-${name}`} onClick=${() => go({ list: name, begins: undefined }, { replace: true })}>${label}</button>`)}</div>
        ${names ? html`<input type="search" class="begins" aria-label="Names that begin with" placeholder="Begins with" value=${begins} data-test="begins" spellcheck=${false} onInput=${(e) => go({ begins: e.currentTarget.value.slice(0, 1000) }, { replace: true })} />` : null}
        <span class="soft small" aria-live="polite">${!lines ? '' : names ? `${after.length > 0 || more ? `${count(after.length * PAGE + 1)} – ${count(after.length * PAGE + lines.length)}` : plural(lines.length, 'name')}` : plural(lines.length, 'kind')}</span>
        ${names && (more || after.length > 0) ? html`<span class="row"><button type="button" disabled=${after.length === 0} data-test="before" onClick=${() => turn(after.slice(0, -1))}>Before</button>
          <button type="button" disabled=${!more} data-test="next" onClick=${() => turn([...after, lines.at(-1).name])}>Next</button></span>` : null}
      </div>
      ${error ? html`<div class="body"><${Failure} error=${error} text="The names could not be read." /></div>` : null}
      ${lines?.length > 0 ? html`<div class="scroll" aria-busy=${busy}><${Lines} list=${list} lines=${lines} most=${lines.reduce((n, l) => Math.max(n, Number(l.events)), 1)} /></div>`
        : lines && !error ? html`<div class="empty"><p>${begins ? 'No name begins with this.' : `The store has no ${list}.`}</p></div>` : null}
    </div>
  </section>`
}
