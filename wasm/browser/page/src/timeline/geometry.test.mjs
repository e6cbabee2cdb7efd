import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bars, brushed, columnAt, paths, ticks, wider } from './geometry.mjs'

const answer = {
  buckets: [
    { at: 0, events: 3, first_seq: 0, end_seq: 3, kinds: { '0x1000': 1, '0x2000': 2 } },
    { at: 2, events: 6, first_seq: 2, end_seq: 11, kinds: { '0x1000': 5, '0x3000': 1 } },
    { at: 9, events: 1, first_seq: 11, end_seq: 12, kinds: { '0x4000': 1 } },
  ], events: 10, first_ms: 1000, width_ms: 10,
}
const rank = (kind) => ({ 0x1000: 0, 0x2000: 1 })[kind]

test('columns are stacked by kind, and the rest shares one place', () => {
  const b = bars(answer, rank, 2)
  assert.deepEqual([b.n, b.most, b.first, b.width], [10, 6, 1000, 10])
  assert.deepEqual(b.columns.map((c) => c.parts), [[1, 2, 0], [5, 0, 1], [0, 0, 1]])
  assert.deepEqual(bars({ buckets: [], events: 0, first_ms: null, width_ms: 0 }, rank, 2).n, 0)
})

test('every column with events can be seen, and stands on the ground', () => {
  const b = bars({ ...answer, buckets: [{ ...answer.buckets[0], events: 1_000_000, kinds: { '0x1000': 1_000_000 } }, { ...answer.buckets[1], events: 1, kinds: { '0x2000': 1 } }] }, rank, 2)
  const [first, second, other] = paths(b, 30, 70, 2)
  assert.equal(first, 'M0 0h9v70h-9z')
  assert.equal(second, 'M20 69h9v1h-9z')
  assert.equal(other, '')
})

test('a pixel is in one column', () => {
  const b = bars(answer, rank, 2)
  assert.deepEqual([-5, 0, 9.9, 10, 99, 1000].map((x) => columnAt(b, 100, x)), [0, 0, 0, 1, 9, 9])
})

test('a brush has times of whole columns, and the sequences in them', () => {
  const b = bars(answer, rank, 2)
  assert.deepEqual(brushed(b, 0, 2), { since: 1000, until: 1030, from: 0, to: 11 })
  assert.deepEqual(brushed(b, 2, 1), { since: 1010, until: 1030, from: 2, to: 11 })
  assert.equal(brushed(b, 3, 8), null)
  const big = bars({ ...answer, buckets: [{ ...answer.buckets[0], first_seq: 2n ** 60n, end_seq: 2n ** 60n + 3n }, { ...answer.buckets[1], first_seq: 5 }] }, rank, 2)
  assert.deepEqual(brushed(big, 0, 9), { since: 1000, until: 1100, from: 5, to: 2n ** 60n + 3n })
})

test('zooming out ends with all times', () => {
  const all = [0, 100_000]
  let route = { since: 50_000, until: 50_100, from: 3, to: 4 }
  let steps = 0
  for (; route.since !== undefined; steps++) {
    const next = { ...route, ...wider(route, all) }
    assert.equal(next.from, undefined)
    if (next.since !== undefined) assert.ok(next.since < route.since || next.until > route.until)
    route = next
    assert.ok(steps < 20)
  }
  assert.equal(steps, 5)
  assert.deepEqual(wider({}, all), { since: undefined, until: undefined, from: undefined, to: undefined })
})

test('ticks are round times, and not too many', () => {
  const day = 86_400_000
  for (const [span, most] of [[5, 8], [70, 8], [1500, 8], [90_000, 5], [3_600_000, 10], [day, 6], [22 * day, 3], [400 * day, 6], [30 * 365 * day, 8], [3000 * 365 * day, 4]]) {
    const first = Date.UTC(2026, 2, 2, 7, 42, 52, 928)
    const all = ticks(first, first + span, most)
    assert.ok(all.length <= most + 1, `${span}: ${all.length}`)
    assert.ok(all.length >= 1, `${span}: none`)
    for (const t of all) assert.ok(t.ms >= first && t.ms <= first + span)
  }
  assert.deepEqual(ticks(0, 0, 5), [])
  assert.deepEqual(ticks(Date.UTC(2026, 0, 15), Date.UTC(2026, 6, 1), 6).map((t) => t.text), ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07'])
  assert.deepEqual(ticks(Date.UTC(2026, 0, 1, 23), Date.UTC(2026, 0, 2, 1), 2).map((t) => t.text), ['23:00', '2026-01-02', '01:00'])
})
