import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtered, format, merge, noFilters, parse, regionOf } from './address.mjs'

test('an address and its route are each other', () => {
  for (const route of [
    { view: 'summary', kinds: [] },
    { view: 'events', kinds: [0x1000, 0xd001], prefix: 'order:', since: 1700000000000, until: 1700000000001 },
    { view: 'events', kinds: [], entity: 'a&b=c#d?e%20\u202e', scope: '<b>', from: 3, to: 2n ** 63n, event: '019cad9d-2404-7000-8000-000000000003' },
    { view: 'graph', kinds: [], correlation: '019cad9d24047000800000000000000a', depth: '3' },
    { view: 'lists', kinds: [], list: 'scopes', begins: ' ' },
  ]) assert.deepEqual(parse(format(route)), route)
  assert.equal(format(parse('#/events?prefix=order:&kind=0x1001,0x1002')), '#/events?kind=0x1001,0x1002&prefix=order:')
})

test('what cannot be read is left out', () => {
  assert.deepEqual(parse('#/nonsense?since=never&from=-&kind=0x1,2,0x12345,zz,0x1&until=&to=12345678901234567890123&__proto__=1&view=graph&kinds=1'), { view: 'summary', kinds: [1] })
  for (const hash of ['', '#', '#/', '#?', '#/summary', '#summary']) assert.deepEqual(parse(hash), { view: 'summary', kinds: [] }, hash)
  assert.deepEqual(parse('#/events?prefix=%ff%'), { view: 'events', kinds: [], prefix: '\ufffd%' })
})

test('a patch changes what it names, and nothing else', () => {
  const route = { view: 'events', kinds: [1], prefix: 'a', event: 'x' }
  assert.deepEqual(merge(route, { event: undefined, scope: 's' }), { view: 'events', kinds: [1], prefix: 'a', scope: 's' })
  assert.deepEqual(merge(route, { view: 'graph', kinds: [] }), { view: 'graph', kinds: [], prefix: 'a', event: 'x' })
  assert.deepEqual(merge(route, noFilters), { view: 'events', kinds: [], event: 'x' })
  assert.equal(filtered(route), true)
  assert.equal(filtered(merge(route, noFilters)), false)
  assert.equal(filtered({ view: 'events', kinds: [], from: 0 }), true)
})

test('a region has the keys of a question', () => {
  assert.deepEqual(regionOf({ view: 'events', kinds: [], event: 'x' }), {})
  assert.deepEqual(regionOf({ view: 'events', kinds: [1, 2], entity: 'e', prefix: 'p', scope: 's', since: 5, until: -1, from: 0, to: 9 }),
    { entity: 'e', prefix: 'p', scope: 's', from: 0, to: 9, anyOf: [1, 2], since: 5000n, until: -1000n, wall: true })
})
