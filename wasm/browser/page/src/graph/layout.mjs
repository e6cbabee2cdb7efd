// Where the boxes of a graph are: entities are lanes, time goes to the right. Linear in the
// number of events, once they are sorted.

export const BOX = { width: 150, height: 40 }
const GAP = { column: 46, row: 8, lane: 12 }

// Events further apart than this part of the whole time are not in one column.
const SLICES = 24

// Many events of one entity stack in rows of its lane, so that a crowded lane becomes a
// block and not a band of a kilometre.
const rowsOf = (events) => (events <= 8 ? 1 : Math.min(12, Math.ceil(Math.sqrt(events / 3))))

// pause is the room that a time without events takes, in pixels.
function pause(ms) {
  if (!(ms >= 1000)) return 0
  return Math.min(60, Math.round(12 * Math.log10(ms / 100)))
}

// layout returns the boxes of a graph by id, its lanes and its columns. An event's column is not
// before that of an event with a lower sequence, and behind its cause's if that is earlier.
export function layout(graph) {
  const lanes = new Map()
  for (const [entity, events] of graph.inLane) {
    lanes.set(entity, { entity, first: events[0], events: events.length, rows: 1, most: rowsOf(events.length), column: -1, used: 0 })
  }
  const times = graph.nodes.map((n) => Number(n.wallMs)).filter(Number.isFinite)
  const together = (times.reduce((a, b) => Math.max(a, b), 0) - times.reduce((a, b) => Math.min(a, b), Infinity)) / SLICES
  const places = new Map() // id → { column, row }
  const columns = []
  let column = 0
  for (const node of graph.nodes) {
    const lane = lanes.get(node.entity)
    const cause = places.get(node.causation)
    if (cause) column = Math.max(column, cause.column + 1)
    if (lane.column === column && lane.used === lane.most) column++
    else if (columns[column] && Number(node.wallMs) - columns[column].ms > together) column++
    if (lane.column !== column) {
      lane.column = column
      lane.used = 0
    }
    places.set(node.id, { column, row: lane.used++ })
    lane.rows = Math.max(lane.rows, lane.used)
    columns[column] ??= { x: 0, ms: Number(node.wallMs), seq: node.seq, last: 0 }
    columns[column].last = Number(node.wallMs)
  }

  let x = 0
  columns.forEach((c, i) => {
    if (i > 0) x += BOX.width + GAP.column + pause(c.ms - columns[i - 1].last)
    c.x = x
  })
  let y = 0
  for (const lane of lanes.values()) { // in the order of their first events
    lane.y = y
    lane.height = lane.rows * (BOX.height + GAP.row) - GAP.row + 2 * GAP.lane
    y += lane.height
  }
  const boxes = new Map()
  for (const node of graph.nodes) {
    const { column, row } = places.get(node.id)
    boxes.set(node.id, { node, column, x: columns[column].x, y: lanes.get(node.entity).y + GAP.lane + row * (BOX.height + GAP.row) })
  }
  return { boxes, lanes: [...lanes.values()], columns, width: columns.length > 0 ? x + BOX.width : 0, height: y }
}

// edge returns the path of an edge from one box to another. It bends in the gaps between columns and goes along
// the gaps between rows, so that it never runs behind a box.
export function edge(from, to) {
  const x1 = from.x + BOX.width, y1 = from.y + BOX.height / 2
  const x2 = to.x, y2 = to.y + BOX.height / 2
  const half = GAP.column / 2
  if (to.column === from.column + 1) return `M${x1} ${y1}C${x1 + half} ${y1} ${x2 - half} ${y2} ${x2} ${y2}`
  const channel = y2 + Math.sign(y1 - y2 || -1) * (BOX.height + GAP.row) / 2 // on the side where the cause is
  const a = x1 + half, b = x2 - half
  return `M${x1} ${y1}C${a} ${y1} ${a - half / 2} ${channel} ${a} ${channel}H${b}C${b + half / 2} ${channel} ${b} ${y2} ${x2} ${y2}`
}

// ticks returns the columns whose times are written: as many as fit with a distance in pixels
// at a scale.
export function ticks(columns, scale, distance) {
  const out = []
  let free = -Infinity
  for (const c of columns) {
    if (c.x * scale < free) continue
    out.push(c)
    free = c.x * scale + distance
  }
  return out
}
