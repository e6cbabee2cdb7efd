import assert from 'node:assert/strict'
import { test } from 'node:test'
import { around, damagesOf, markAt, segmentsOf, widest, widths } from './segments.mjs'

const d = (file, offset, more = {}) => ({ file, offset, length: 10, reason: 'checksum', events: [], first_seq: null, end_seq: null, ...more })

test('damages belong to their segment', () => {
  const { segments, others } = segmentsOf([{ name: '000002.fbat', size: 50 }, { name: 'index.fbati', size: 9 }, { name: '000001.fbat', size: 100 }], [d('000002.fbat', 5), d('index.fbati', 0), d('000003.fbat', 0)])
  assert.deepEqual(segments.map((s) => [s.name, s.size, s.damages.length]), [['000001.fbat', 100, 0], ['000002.fbat', 50, 1]])
  assert.deepEqual(others.map((o) => o.file), ['index.fbati', '000003.fbat'])
})

test('a damage that opening and verification found is one', () => {
  const all = damagesOf({ damages: [d('b', 7), d('a', 100)] }, { damages: [d('a', 100), d('a', 20)] })
  assert.deepEqual(all.map((x) => [x.file, x.offset]), [['a', 20], ['a', 100], ['b', 7]])
  assert.deepEqual(damagesOf(null, null), [])
})

test('every segment can be seen, every mark lies inside', () => {
  assert.deepEqual(widths([{ size: 100 }, { size: 1 }, { size: 50 }, { size: 0 }]), [1, 0.06, 0.5, 0.06])
  assert.deepEqual(markAt({ size: 100 }, d('a', 50)), [0.5, 0.1])
  assert.deepEqual(markAt({ size: 100 }, d('a', 95)), [0.95, 0.050000000000000044])
  assert.deepEqual(markAt({ size: 100 }, d('a', 500, { length: null })), [1, 0])
  assert.deepEqual(markAt({ size: 0 }, d('a', 0)), [0, 1])
})

test('a map fills its lines', () => {
  assert.equal(widest([1], 1001), 1000)
  assert.equal(widest([1, 0.5, 0.5], 1009), 500)
  // 1000 equal ones: 15 in a line, with 4 px between them
  assert.equal(15 * widest(Array(1000).fill(1), 1001) + 14 * 4, 1000)
  assert.ok(widest([1, 1], 0) >= 0)
})

test('the events around a damage', () => {
  assert.equal(around(d('a', 0)), null)
  assert.deepEqual(around(d('a', 0, { first_seq: 100, end_seq: 110 })), { from: 80, to: 130 })
  assert.deepEqual(around(d('a', 0, { at_seq: 3 })), { from: 0, to: 23 })
  assert.deepEqual(around(d('a', 0, { events: [{ seq: 159 }, { seq: null }] })), { from: 139, to: 179 })
  assert.deepEqual(around(d('a', 0, { first_seq: 2n ** 63n, end_seq: null })), { from: 2n ** 63n - 20n, to: 2n ** 63n + 20n })
})
