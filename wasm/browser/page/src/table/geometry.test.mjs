import assert from 'node:assert/strict'
import { test } from 'node:test'
import { centred, goTo, layout, reveal, rowsAt, scrolled } from './geometry.mjs'

const ROW = 26, VIEW = 600

test('few rows are scrolled as they are', () => {
  const g = layout(1000, ROW, VIEW)
  assert.equal(g.canvas, 26000)
  const p = scrolled(g, { y: 0, offset: 0, scrollTop: 0 }, 5200)
  assert.deepEqual(p, { y: 5200, offset: 0, scrollTop: 5200 })
  assert.deepEqual(rowsAt(g, 5200), [200, 224])
  assert.deepEqual(rowsAt(layout(0, ROW, VIEW), 0), [0, 0])
  assert.deepEqual(rowsAt(layout(3, ROW, VIEW), 0), [0, 3])
})

test('a canvas is never higher than browsers allow', () => {
  for (const total of [230769, 230770, 1_000_000, 10_000_000, 2 ** 32]) assert.ok(layout(total, ROW, VIEW).canvas <= 6_000_000, total)
})

test('the scroll bar reaches the first and the last row', () => {
  for (const total of [100_000, 231_000, 1_000_000, 10_000_000, 2 ** 32]) {
    const g = layout(total, ROW, VIEW)
    const end = scrolled(g, goTo(g, 0), g.canvas - VIEW)
    assert.equal(rowsAt(g, end.y)[1], total, `end of ${total}`)
    assert.ok(end.y - end.offset >= 0 && end.y - end.offset + VIEW <= g.canvas + 1, `${total}`)
    const begin = scrolled(g, end, 0)
    assert.equal(rowsAt(g, begin.y)[0], 0, `begin of ${total}`)
  }
})

test('a small scroll moves by as many pixels, however many rows there are', () => {
  const g = layout(10_000_000, ROW, VIEW)
  let p = goTo(g, 123_456_789)
  for (let i = 0; i < 20000; i++) {
    const by = i % 3 === 0 ? -40 : 90
    const next = scrolled(g, p, p.scrollTop + by)
    assert.ok(Math.abs(next.y - p.y - by) < 1e-6, `step ${i}`)
    assert.ok(next.scrollTop >= 0 && next.scrollTop <= g.canvas - VIEW, `step ${i} leaves the canvas`)
    p = next
  }
  assert.ok(p.y > 123_456_789 + 500_000)
})

test('small scrolls reach both ends', () => {
  const g = layout(10_000_000, ROW, VIEW)
  let p = goTo(g, g.height - VIEW - 5000)
  for (let i = 0; i < 100; i++) p = scrolled(g, p, Math.min(g.canvas - VIEW, p.scrollTop + 100))
  assert.equal(rowsAt(g, p.y)[1], 10_000_000)
  p = goTo(g, 5000)
  for (let i = 0; i < 100; i++) p = scrolled(g, p, Math.max(0, p.scrollTop - 100))
  assert.equal(p.y, 0)
})

test('a place can be gone to exactly', () => {
  const g = layout(10_000_000, ROW, VIEW)
  for (const row of [0, 1, 99_999, 5_000_000, 9_999_999]) {
    const p = goTo(g, centred(g, row))
    const [first, end] = rowsAt(g, p.y)
    assert.ok(first <= row && row < end, `${row} in ${first}..${end}`)
    assert.ok(p.scrollTop >= 0 && p.scrollTop + VIEW <= g.canvas + 1)
  }
  assert.equal(reveal(g, 2600, 99), 2574)
  assert.equal(reveal(g, 2600, 100), 2600)
  assert.equal(reveal(g, 2600, 130), 131 * ROW - VIEW)
})
