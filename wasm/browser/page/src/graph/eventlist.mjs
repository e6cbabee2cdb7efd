// The events of a picture as a table, for those who read better than they look.

import { linkTo } from '../app/route.mjs'
import { kindName } from '../app/session.mjs'
import { html } from '../ui/html.mjs'
import { count, Name, when } from '../ui/text.mjs'
import { Swatch } from '../ui/tint.mjs'

// place is where an event stands to the one that was asked about.
function place({ distance }) {
  if (distance === undefined) return ''
  const n = Math.abs(Number(distance))
  return n === 0 ? 'this event' : `${distance < 0 ? 'cause' : 'effect'}${n > 1 ? `, ${n} away` : ''}`
}

export function EventList({ graph, root, focus, onChoose }) {
  const far = graph.nodes.some((n) => n.distance !== undefined)
  return html`<div class="graph-table" tabindex="0" role="region" aria-label="Events of the picture">
    <table data-test="graph-list">
      <thead><tr>${far && html`<th scope="col">Place</th>`}<th scope="col" class="num">Sequence</th><th scope="col" class="far">Time (UTC)</th><th scope="col">Kind</th><th scope="col">Entity</th><th scope="col" class="num far">Cause</th><th scope="col" class="num">Effects</th></tr></thead>
      <tbody>${graph.nodes.map((n) => {
        const cause = graph.cause(n.id)
        return html`<tr key=${n.id} class=${n.id === focus ? 'at' : ''} data-id=${n.id} onClick=${() => onChoose(n.id)}>
          ${far && html`<td class=${`nowrap ${n.id === root ? 'strong' : 'soft'}`}>${place(n)}</td>`}
          <td class="num"><a href=${linkTo({ view: 'event', event: n.id, correlation: undefined })} aria-label=${`Open event ${count(n.seq)}`} onFocus=${() => onChoose(n.id)}>${count(n.seq)}</a></td>
          <td class="soft nowrap far">${when(n.wallMs)}</td>
          <td class="nowrap"><${Swatch} kind=${n.kind} /> <${Name} of=${kindName(n.kind)} most=${40} /></td>
          <td><${Name} of=${n.entity} most=${60} /></td>
          <td class="num soft far">${cause ? count(cause.seq) : n.causation ? 'elsewhere' : ''}</td>
          <td class="num soft">${graph.effectsOf(n.id).length || ''}</td>
        </tr>`
      })}</tbody>
    </table>
  </div>`
}
