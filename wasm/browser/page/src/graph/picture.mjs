// The picture: lanes, boxes and edges in SVG, in a frame that shows a part of it.

import { kindName } from '../app/session.mjs'
import { html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../ui/html.mjs'
import { useKeys } from '../ui/keys.mjs'
import { count, cut, plural, visible, when } from '../ui/text.mjs'
import { tint } from '../ui/tint.mjs'
import { useSize } from '../ui/size.mjs'
import { BOX, edge, ticks } from './layout.mjs'
import { usePointers } from './pointers.mjs'
import { clamp, fit, reveal, start, zoom } from './window.mjs'

const AXIS = 28 // height of the times
const CHARACTER = 6.7 // width of one, roughly, for what has room
const TICK = 118 // distance of times

const fits = (s, width) => {
  const text = visible(cut(String(s), 200)), most = Math.max(3, Math.floor(width / CHARACTER))
  return text.length <= most ? text : cut(text, most - 1) + '…'
}

const boxOf = (b) => b && { x: b.x, y: b.y, width: BOX.width, height: BOX.height }

// describe is a box for those who do not see it. It begins with what others see.
function describe(graph, node) {
  const cause = graph.cause(node.id), effects = graph.effectsOf(node.id).length
  return [
    `${visible(cut(kindName(node.kind), 80))} ${timeOfDay(node.wallMs)} #${node.seq}`, `entity ${visible(cut(node.entity, 80))}`, when(node.wallMs),
    cause ? `caused by #${cause.seq}` : node.causation ? 'cause not in the picture' : 'no cause', plural(effects, 'effect'),
  ].join(', ')
}

export function Picture({ graph, plan, root, focus, onFocus, onOpen }) {
  const holder = useRef(), svg = useRef()
  const size = useSize(holder)
  const label = size.width < 560 ? 84 : Math.min(220, Math.max(120, size.width * 0.14))
  const frame = { width: Math.max(1, size.width - label), height: Math.max(1, size.height - AXIS) }
  const [view, setView] = useState(null)
  const [said, say] = useState('')

  // The first picture of a plan, and what remains of the view when the frame changes.
  const shownPlan = useRef(null)
  useLayoutEffect(() => {
    if (size.width === 0) return
    if (!shownPlan.current) setView(start(plan, frame, boxOf(plan.boxes.get(focus) ?? plan.boxes.get(root))))
    else if (shownPlan.current !== plan) setView((v) => reveal(v, plan, frame, boxOf(plan.boxes.get(focus)) ?? { x: 0, y: 0, width: 1, height: 1 }))
    else setView((v) => v && clamp(v, plan, frame))
    shownPlan.current = plan
  }, [plan, size.width, size.height])

  const move = (f) => setView((v) => v && clamp(f(v), plan, frame))
  const middle = { x: frame.width / 2, y: frame.height / 2 }
  const zoomBy = (factor) => move((v) => zoom(v, factor, middle))

  // The keyboard goes along edges and lanes.
  const wanted = useRef(false) // the focus, once the box is there
  useLayoutEffect(() => {
    if (!wanted.current) return
    wanted.current = false
    svg.current?.querySelector(`[data-id="${focus}"]`)?.focus({ preventScroll: true })
  })
  const to = (node, none) => {
    if (!node) return say(none)
    say('')
    wanted.current = true
    onFocus(node.id)
    setView((v) => v && reveal(v, plan, frame, boxOf(plan.boxes.get(node.id))))
  }
  const at = graph.nodes.findIndex((n) => n.id === focus)
  const inPicture = (event) => event.target === document.body || holder.current.contains(event.target) || event.target.id === 'main'
  const on = (f) => (event) => (inPicture(event) ? f(event) : false)
  useKeys({
    ArrowLeft: on((e) => (e.shiftKey ? to(graph.neighbour(focus, -1), 'No earlier event of this entity in the picture.') : to(graph.cause(focus), 'No cause in the picture.'))),
    ArrowRight: on((e) => (e.shiftKey ? to(graph.neighbour(focus, 1), 'No later event of this entity in the picture.') : to(graph.effectsOf(focus)[0], 'No effect in the picture.'))),
    ArrowUp: on(() => to(graph.sibling(focus, -1), 'No earlier effect of the same cause.')),
    ArrowDown: on(() => to(graph.sibling(focus, 1), 'No further effect of the same cause.')),
    k: () => to(graph.nodes[at - 1], 'This is the first event.'),
    j: () => to(graph.nodes[at + 1], 'This is the last event.'),
    Home: on(() => to(graph.nodes[0])),
    End: on(() => to(graph.nodes.at(-1))),
    Enter: on(() => onOpen()),
    '+': () => zoomBy(1.25),
    '=': () => zoomBy(1.25),
    '-': () => zoomBy(0.8),
    0: () => setView(fit(plan, frame)),
  }, [
    ['← →', 'to the cause, to the first effect'], ['↑ ↓', 'other effects of the same cause'], ['Shift ← →', 'the entity\'s earlier and later event'],
    ['j k', 'the next and the previous event'], ['Enter', 'open the event'], ['+ - 0', 'larger, smaller, everything'],
  ])

  usePointers(svg, { move, zoom, view, offset: { x: label, y: AXIS }, plan, frame })

  const choose = useCallback((id) => {
    say('')
    onFocus(id)
  }, [onFocus])
  const detail = !view || view.k >= 0.62 ? 'all' : view.k >= 0.3 ? 'name' : 'none' // what can be read
  const part = view && partOf(view, frame), open = useRef(onOpen)
  open.current = onOpen
  const boxes = useMemo(() => part && html`<${Boxes} graph=${graph} plan=${plan} part=${part} root=${root} focus=${focus} detail=${detail} choose=${choose} open=${open} />`,
    [graph, plan, root, focus, detail, choose, part && Object.values(part).join()])
  return html`<div class="graph-holder" ref=${holder} data-test="graph-picture">
    ${size.width > 0 && html`<svg ref=${svg} class="graph-svg" width=${size.width} height=${size.height} role="application" aria-roledescription="picture of causes"
        aria-label=${`${plural(graph.nodes.length, 'event')} of ${plural(plan.lanes.length, 'entity', 'entities')}, time to the right. Arrow keys go to causes and effects.`}>
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="arrow" d="M0 .8 7.6 4 0 7.2z" /></marker>
        <marker id="arrow-near" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="arrow near" d="M0 .8 7.6 4 0 7.2z" /></marker>
      </defs>
      ${view && html`
        <${Lanes} plan=${plan} view=${view} label=${label} size=${size} frame=${frame} />
        <svg x=${label} y=${AXIS} width=${frame.width} height=${frame.height} class="graph-window">
          <g transform=${`translate(${view.x} ${view.y}) scale(${view.k})`} data-test="graph-scene">${boxes}</g>
        </svg>
        <${Times} plan=${plan} view=${view} label=${label} frame=${frame} />`}
    </svg>`}
    <div class="graph-zoom" role="group" aria-label="Zoom">
      <button type="button" class="square" aria-label="Larger" title="Larger (+)" onClick=${() => zoomBy(1.25)} data-test="zoom-in">+</button>
      <button type="button" class="square" aria-label="Smaller" title="Smaller (-)" onClick=${() => zoomBy(0.8)} data-test="zoom-out">−</button>
      <button type="button" aria-label="All in sight" title="All in sight (0)" onClick=${() => setView(fit(plan, frame))} data-test="zoom-fit">All</button>
    </div>
    <p class="graph-said" role="status">${said}</p>
  </div>`
}

// Boxes are those in sight, and a little more. Moving by less than that renders nothing.
function Boxes({ graph, plan, part, root, focus, detail, choose, open }) {
  const seen = (x1, y1, x2, y2) => x2 >= part.x1 && x1 <= part.x2 && y2 >= part.y1 && y1 <= part.y2
  const near = new Set([focus, graph.node(focus)?.causation, ...graph.effectsOf(focus).map((n) => n.id)])
  const edges = []
  for (const e of graph.edges) {
    const a = plan.boxes.get(e.from), b = plan.boxes.get(e.to)
    if (!seen(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x) + BOX.width, Math.max(a.y, b.y) + BOX.height)) continue
    edges.push({ ...e, a, b, near: e.from === focus || e.to === focus })
  }
  edges.sort((a, b) => a.near - b.near) // those of the focus lie over the others
  const nodes = graph.nodes.filter((n) => {
    const b = plan.boxes.get(n.id)
    return n.id === focus || seen(b.x, b.y, b.x + BOX.width, b.y + BOX.height)
  })
  return html`<g class=${`detail-${detail}`}>
    <g class="edges" aria-hidden="true">
      ${edges.map(({ a, b, from, to, near }) => html`<path key=${to} class=${near ? 'edge near' : 'edge'} d=${edge(a, b)} data-test="graph-edge" data-from=${from} data-to=${to} />`)}
      ${nodes.filter((n) => graph.elsewhere.has(n.id)).map((n) => {
        const b = plan.boxes.get(n.id)
        return html`<path key=${`s${n.id}`} class="edge stub" d=${`M${b.x - 22} ${b.y + BOX.height / 2}h20`} />`
      })}
    </g>
    ${nodes.map((n) => html`<${Box} key=${n.id} node=${n} box=${plan.boxes.get(n.id)} graph=${graph} root=${n.id === root} at=${n.id === focus} near=${near.has(n.id)} detail=${detail} choose=${choose} open=${open} />`)}
  </g>`
}

function Box({ node, box, graph, root, at, near, detail, choose, open }) {
  const text = describe(graph, node), name = kindName(node.kind), all = detail === 'all'
  const classes = ['box', tint(node.kind), root && 'root', at && 'at', near && 'near'].filter(Boolean).join(' ')
  return html`<g class=${classes} transform=${`translate(${box.x} ${box.y})`} role="button" tabindex=${at ? 0 : -1}
      aria-label=${text} aria-current=${root ? 'true' : undefined} data-test="graph-node" data-id=${node.id} data-seq=${node.seq}
      onFocus=${() => choose(node.id)} onClick=${() => choose(node.id)} onDblClick=${() => open.current(node.id)}>
    ${all && html`<title>${text}</title>`}
    <rect class="card" width=${BOX.width} height=${BOX.height} rx="5" />
    <rect class="tint" width=${all ? 5 : detail === 'name' ? 8 : BOX.width} height=${BOX.height} rx="2" />
    ${detail === 'name' && html`<text class="what far" x="15" y="27">${fits(name, (BOX.width - 20) / 1.8)}</text>`}
    ${all && html`<text class="what" x="14" y="16.5">${fits(name, BOX.width - 20)}</text>${' '}
      <text class="which" x="14" y="32">${timeOfDay(node.wallMs)}</text>${' '}
      <text class="which" x=${BOX.width - 8} y="32" text-anchor="end">${`#${node.seq}`}</text>`}
  </g>`
}

// partOf returns the part of the picture that is in sight, in steps, with what is around it.
function partOf(view, frame) {
  const step = 400, around = 200
  const low = (at) => Math.floor((-at - around) / view.k / step) * step
  const high = (at, size) => Math.ceil((size - at + around) / view.k / step) * step
  return { x1: low(view.x), x2: high(view.x, frame.width), y1: low(view.y), y2: high(view.y, frame.height) }
}

const timeOfDay = (ms) => when(ms).split(' ')[1] ?? when(ms)

// Lanes are the names of entities at the left, and stripes behind the boxes.
function Lanes({ plan, view, label, size, frame }) {
  const seen = plan.lanes.filter((lane) => view.y + (lane.y + lane.height) * view.k > 0 && view.y + lane.y * view.k < frame.height)
  let free = -Infinity
  return html`<g class="lanes">
    ${seen.map((lane) => {
      const y = AXIS + view.y + lane.y * view.k, height = lane.height * view.k
      const odd = plan.lanes.indexOf(lane) % 2 === 1
      // The name stays in sight while any of its lane is.
      const middle = Math.min(Math.max(y + height / 2, Math.min(AXIS + 12, y + height - 8)), Math.max(size.height - 12, y + 8))
      const room = middle - free >= 15
      if (room) free = middle
      return html`<g key=${lane.entity}>
        <rect class=${odd ? 'stripe odd' : 'stripe'} x="0" y=${Math.max(AXIS, y)} width=${size.width} height=${Math.max(0, y + height - Math.max(AXIS, y))} />
        ${room && html`<svg x="0" y=${middle - 10} width=${label - 8} height="20"><text class="lane-name" x="10" y="14"><title>${visible(cut(lane.entity, 400))}</title>${fits(lane.entity, label - 22)}</text></svg>`}
      </g>`
    })}
    <line class="rule" x1=${label} x2=${label} y1=${AXIS} y2=${size.height} />
  </g>`
}

// Times are above the boxes.
function Times({ plan, view, label, frame }) {
  const shown = ticks(plan.columns, view.k, TICK)
  return html`<g class="times" aria-hidden="true">
    <rect class="axis" x="0" y="0" width=${label + frame.width} height=${AXIS} />
    <line class="rule" x1="0" x2=${label + frame.width} y1=${AXIS} y2=${AXIS} />
    <svg x=${label} y="0" width=${frame.width} height=${AXIS}>${shown.map((c, i) => {
      const x = view.x + c.x * view.k
      if (x < -TICK || x > frame.width) return null
      const [day, time] = when(c.ms).split(' ')
      const before = i > 0 ? when(shown[i - 1].ms).split(' ')[0] : ''
      return html`<g key=${c.x}><line class="rule" x1=${x} x2=${x} y1=${AXIS - 6} y2=${AXIS} /><text class="time" x=${x + 4} y="17">${time === undefined ? day : day === before ? time : `${day.slice(2)} ${time.slice(0, 8)}`}</text></g>`
    })}</svg>
  </g>`
}
