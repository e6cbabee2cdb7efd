import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idOf, kindOf, kindsLike, parseTime, sequenceOf, timeOf } from './terms.mjs'

test('ids, sequences and kinds are known by their look', () => {
  assert.equal(idOf(' 019CAD9D-2404-7000-8000-000000000003 '), '019cad9d-2404-7000-8000-000000000003')
  assert.equal(idOf('019cad9d240470008000000000000003'), '019cad9d240470008000000000000003')
  for (const t of ['019cad9d-24047000-8000-000000000003', '019cad9d', 'order:1', '']) assert.equal(idOf(t), '', t)
  assert.deepEqual(['12', '#12', '1,234', '18446744073709551615'].map(sequenceOf), [12, 12, 1234, 2n ** 64n - 1n])
  for (const t of ['1,23', '12a', '-1', '18446744073709551616', '']) assert.equal(sequenceOf(t), undefined, t)
  assert.deepEqual(['0x1', '0xD001', ' 0x0ffe '].map(kindOf), [1, 0xd001, 0xffe])
  for (const t of ['0x', '0x12345', '1000']) assert.equal(kindOf(t), undefined, t)
})

test('a time is as long as it is precise', () => {
  const day = 86_400_000
  const at = (t) => Date.parse(t)
  assert.deepEqual(timeOf('2026'), [at('2026-01-01T00:00Z'), at('2027-01-01T00:00Z')])
  assert.deepEqual(timeOf('2026-02'), [at('2026-02-01T00:00Z'), at('2026-03-01T00:00Z')])
  assert.deepEqual(timeOf('2026-12'), [at('2026-12-01T00:00Z'), at('2027-01-01T00:00Z')])
  assert.deepEqual(timeOf('2026-03-02'), [at('2026-03-02T00:00Z'), at('2026-03-02T00:00Z') + day])
  assert.deepEqual(timeOf('2026-03-02 08'), [at('2026-03-02T08:00Z'), at('2026-03-02T09:00Z')])
  assert.deepEqual(timeOf('2026-03-02T08:14Z'), [at('2026-03-02T08:14Z'), at('2026-03-02T08:15Z')])
  assert.deepEqual(timeOf('2026-03-02 08:14:32 UTC'), [at('2026-03-02T08:14:32Z'), at('2026-03-02T08:14:33Z')])
  assert.deepEqual(timeOf('2026-03-02 08:14:32.01'), [at('2026-03-02T08:14:32.010Z'), at('2026-03-02T08:14:32.020Z')])
  for (const t of ['2026-02-31', '2026-13', '1234', '2026-3-2', '2026-03-02 25', 'order', '', '2026-03-02 08:14:32.0123']) assert.equal(timeOf(t), null, t)
})

test('typed times are bounds', () => {
  assert.equal(parseTime(''), undefined)
  assert.equal(parseTime('soon'), null)
  assert.equal(parseTime('1700000000000'), 1700000000000)
  assert.equal(parseTime('2026-03-02'), Date.parse('2026-03-02T00:00Z'))
  assert.equal(parseTime('2026-03-02', true), Date.parse('2026-03-03T00:00Z'))
})

test('kinds are found by a part of their name, or by number', () => {
  const kinds = [{ kind: 0x1001 }, { kind: 0xd001 }, { kind: 0x1002 }]
  const name = (k) => ({ 0x1001: 'order.placed', 0xd001: 'EffectError', 0x1002: 'Reorder' })[k]
  assert.deepEqual(kindsLike('ORDER', kinds, name).map((k) => k.kind), [0x1001, 0x1002])
  assert.deepEqual(kindsLike('order', [...kinds].reverse(), name).map((k) => k.kind), [0x1001, 0x1002]) // what begins so comes first
  assert.deepEqual(kindsLike('0xD', kinds, name).map((k) => k.kind), [0xd001])
  assert.deepEqual(kindsLike('0x100', kinds, name, 1).map((k) => k.kind), [0x1001])
  assert.deepEqual(kindsLike(' ', kinds, name), [])
})
