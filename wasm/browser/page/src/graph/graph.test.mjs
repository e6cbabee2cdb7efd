import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOX, edge, layout, ticks } from './layout.mjs'
import { Graph } from './model.mjs'
import { clamp, fit, LEAST, MOST, reveal, start, zoom } from './window.mjs'

const event = (seq, entity, causation = '', wallMs = seq) => ({ id: `e${seq}`, seq, entity, causation, wallMs, kind: 0x1000 + (seq % 3) })

test('a graph knows causes, effects, siblings and neighbours', () => {
  const g = new Graph([event(2, 'b', 'e0'), event(0, 'a'), event(1, 'a', 'e0'), event(3, 'b', 'e9'), event(1, 'a', 'e0')])
  assert.deepEqual(g.nodes.map((n) => n.id), ['e0', 'e1', 'e2', 'e3'])
  assert.equal(g.cause('e2').id, 'e0')
  assert.equal(g.cause('e3'), null)
  assert.deepEqual([...g.elsewhere], ['e3'])
  assert.deepEqual(g.effectsOf('e0').map((n) => n.id), ['e1', 'e2'])
  assert.equal(g.sibling('e1', 1).id, 'e2')
  assert.equal(g.sibling('e2', 1), null)
  assert.equal(g.sibling('e0', 1).id, 'e3')
  assert.equal(g.neighbour('e1', -1).id, 'e0')
  assert.equal(g.neighbour('e3', -1).id, 'e2')
  assert.equal(g.neighbour('none', 1), null)
  assert.deepEqual([...g.related('e1')].sort(), ['e0', 'e1'])
  assert.deepEqual([...g.related('e0')].sort(), ['e0', 'e1', 'e2'])
})

test('a circle of causes ends', () => {
  const g = new Graph([event(0, 'a', 'e2'), event(1, 'a', 'e0'), event(2, 'b', 'e1'), event(3, 'b', 'e3')])
  assert.deepEqual([...g.related('e1')].sort(), ['e0', 'e1', 'e2'])
  assert.deepEqual([...g.related('e3')], ['e3'])
  assert.equal(layout(g).boxes.size, 4)
})

test('sequences may be BigInts beside Numbers', () => {
  const big = { ...event(7, 'a'), seq: 2n ** 60n, wallMs: 2n ** 60n }
  const g = new Graph([big, event(3, 'a')])
  assert.deepEqual(g.nodes.map((n) => n.id), ['e3', 'e7'])
  assert.ok(Number.isFinite(layout(g).width))
})

// A simple generator, so that a failure comes again.
function numbers(seed) {
  let s = seed
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return Math.floor((s / 2 ** 32) * below)
  }
}

test('boxes never overlap, time never goes back, effects are behind their causes', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const draw = numbers(seed)
    const entities = 1 + draw(30), events = 1 + draw(500)
    const rows = []
    for (let i = 0; i < events; i++) rows.push(event(i, `entity:${draw(entities)}`, draw(3) > 0 ? `e${draw(i + 3)}` : '', 1000 * draw(3) * i))
    const g = new Graph(rows)
    const l = layout(g)
    const boxes = [...l.boxes.values()]
    for (let i = 0; i < boxes.length; i++) {
      const a = boxes[i]
      assert.ok(a.x >= 0 && a.x + BOX.width <= l.width && a.y >= 0 && a.y + BOX.height <= l.height)
      if (i > 0) assert.ok(boxes[i - 1].x <= a.x, 'time goes back')
      const lane = l.lanes.find((lane) => lane.entity === a.node.entity)
      assert.ok(a.y >= lane.y && a.y + BOX.height <= lane.y + lane.height, 'out of its lane')
      for (let j = 0; j < i; j++) {
        const b = boxes[j]
        const apart = a.x >= b.x + BOX.width || b.x >= a.x + BOX.width || a.y >= b.y + BOX.height || b.y >= a.y + BOX.height
        assert.ok(apart, `${a.node.id} lies on ${b.node.id}`)
      }
    }
    for (const { from, to } of g.edges) {
      if (g.node(from).seq < g.node(to).seq) assert.ok(l.boxes.get(from).x + BOX.width < l.boxes.get(to).x)
      assert.match(edge(l.boxes.get(from), l.boxes.get(to)), /^M[\d.-]+ /)
    }
  }
})

test('a lane of hundreds is a block', () => {
  const rows = [event(0, 'a')]
  for (let i = 1; i <= 300; i++) rows.push(event(i, 'b', 'e0'))
  const l = layout(new Graph(rows))
  assert.ok(l.width < 35 * 200 && l.height < 700, `${l.width} × ${l.height}`)
})

test('a pause takes room, but a bounded one', () => {
  const width = (ms) => layout(new Graph([event(0, 'a', '', 0), event(1, 'a', '', ms)])).width
  assert.equal(width(0), width(999))
  assert.ok(width(3600_000) > width(2000))
  assert.equal(width(1e12), width(1e15))
})

test('labels of times keep their distance', () => {
  const columns = Array.from({ length: 50 }, (_, i) => ({ x: 200 * i }))
  const shown = ticks(columns, 0.2, 100)
  assert.equal(shown[0], columns[0])
  for (let i = 1; i < shown.length; i++) assert.ok((shown[i].x - shown[i - 1].x) * 0.2 >= 100)
  assert.equal(ticks(columns, 1, 100).length, 50)
  assert.deepEqual(ticks([], 1, 100), [])
})

const picture = { width: 4000, height: 900 }, frame = { width: 800, height: 600 }

test('zooming leaves the point where it is, within bounds', () => {
  const v = zoom({ x: -100, y: -50, k: 1 }, 1.5, { x: 200, y: 300 })
  assert.equal(v.k, 1.5)
  assert.equal((200 - v.x) / v.k, 300)
  assert.equal((300 - v.y) / v.k, 350)
  assert.equal(zoom(v, 1e9, { x: 0, y: 0 }).k, MOST)
  assert.equal(zoom(v, 1e-9, { x: 0, y: 0 }).k, LEAST)
})

test('the picture stays in the frame', () => {
  assert.deepEqual(clamp({ x: 5000, y: -5000, k: 1 }, picture, frame), { k: 1, x: 16, y: 600 - 900 - 16 })
  assert.deepEqual(clamp({ x: -77, y: 44, k: 1 }, { width: 100, height: 100 }, frame), { k: 1, x: 16, y: 16 })
  assert.equal(fit(picture, frame).k, 768 / 4000)
  assert.equal(fit({ width: 10, height: 10 }, frame).k, 1)
})

test('a picture starts whole, or at its box', () => {
  assert.equal(start({ width: 700, height: 100 }, frame, null).k, 1)
  const v = start(picture, frame, { x: 2000, y: 400, width: 150, height: 40 })
  assert.equal(v.k, 0.7)
  const x = v.x + 2000 * v.k
  assert.ok(x > 0 && x + 150 * v.k < frame.width)
})

test('a box is revealed with as little movement as needed', () => {
  const v = { x: 0, y: 0, k: 1 }
  assert.deepEqual(reveal(v, picture, frame, { x: 100, y: 100, width: 150, height: 40 }), v)
  assert.deepEqual(reveal(v, picture, frame, { x: 900, y: 100, width: 150, height: 40 }), { k: 1, x: 800 - 24 - 1050, y: 0 })
  assert.equal(reveal({ x: -500, y: 0, k: 1 }, picture, frame, { x: 100, y: 0, width: 150, height: 40 }).x, -76)
})
