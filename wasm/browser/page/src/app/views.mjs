// Which component shows which view.

import { html } from '../ui/html.mjs'
import { EventView } from '../event/event.mjs'
import { GraphView } from '../graph/graph.mjs'
import { FoldView } from '../fold/fold.mjs'
import { TakeView } from '../take/take.mjs'
import { ScratchView } from '../scratch/scratch.mjs'
import { EventsView } from '../table/events.mjs'
import { ListsView } from '../lists/lists.mjs'
import { SummaryView } from '../summary/summary.mjs'

// ALL are the views that the navigation names, in its order.
export const ALL = [
  ['summary', 'Summary'], ['events', 'Events'], ['lists', 'Lists'], ['graph', 'Causes'], ['fold', 'Fold'], ['take', 'Take along'], ['scratch', 'Scratch'],
]

// titleOf returns the name of a view.
export const titleOf = (view) => ALL.find(([name]) => name === view)?.[1] ?? 'an event'

export function View({ route }) {
  switch (route.view) {
    case 'events': return html`<${EventsView} route=${route} />`
    case 'lists': return html`<${ListsView} route=${route} />`
    case 'event': return html`<${EventView} id=${route.event} />`
    case 'graph': return html`<${GraphView} id=${route.event} correlation=${route.correlation} />`
    case 'fold': return html`<${FoldView} />`
    case 'take': return html`<${TakeView} />`
    case 'scratch': return html`<${ScratchView} />`
    default: return html`<${SummaryView} />`
  }
}
