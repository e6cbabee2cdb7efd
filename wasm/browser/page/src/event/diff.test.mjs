import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, pathText } from './diff.mjs'
import { spell } from './spell.mjs'
import { pack } from './testing/pack.mjs'

function diff(before, after, most) {
  const a = before instanceof Uint8Array ? before : pack(before), b = after instanceof Uint8Array ? after : pack(after)
  const work = compare(a, b, most), out = []
  for (;;) {
    const { value, done } = work.next()
    if (done) return { out, stopped: value }
    if (value) out.push([value.change, pathText(value.path), value.a < 0 ? '' : spell(a, value.a), value.b < 0 ? '' : spell(b, value.b)])
  }
}

test('changes of maps', () => {
  assert.deepEqual(diff({ a: 1, b: { c: 2, d: 3 }, e: [] }, { b: { c: 2, d: 4 }, a: 1, 'two words': null, e: {} }).out, [
    ['changed', '$.b.d', '3', '4'],
    ['added', '$["two words"]', '', 'null'],
    ['changed', '$.e', '[]', '{}'],
  ])
  assert.deepEqual(diff({ a: 1, b: 2 }, { b: 2 }).out, [['removed', '$.a', '1', '']])
})

test('changes of arrays', () => {
  assert.deepEqual(diff([1, 2, 3, 4], [1, 9, 2, 3, 4]).out, [['added', '$[1]', '', '9']])
  assert.deepEqual(diff([1, 2, 3, 4], [1, 4]).out, [['removed', '$[1]', '2', ''], ['removed', '$[2]', '3', '']])
  assert.deepEqual(diff([{ n: 1 }, 5], [{ n: 2 }, 5]).out, [['changed', '$[0].n', '1', '2']])
  assert.deepEqual(diff([1, 1], [1, 1, 1]).out, [['added', '$[2]', '', '1']])
})

test('values', () => {
  assert.deepEqual(diff({ a: 1 }, { a: 1 }).out, [])
  assert.deepEqual(diff(1, 1.5).out, [['changed', '$', '1', '1.5']])
  assert.deepEqual(diff(Uint8Array.of(0xcf, 0, 0, 0, 0, 0, 0, 0, 5), 5).out, [], 'the same number in another width')
  assert.deepEqual(diff(new Map([['a', 1], ['a', 2]]), new Map([['a', 1], ['a', 3]])).out, [['changed', '$.a', '2', '3']])
  assert.deepEqual(diff(new Map([[1, 'x']]), new Map([[1, 'y']])).out, [['changed', '$[1]', '"x"', '"y"']])
})

test('it stops', () => {
  const many = (n) => Array.from({ length: 5000 }, (_, i) => n + i)
  const { out, stopped } = diff(many(0), many(100_000))
  assert.equal(out.length, 1000)
  assert.equal(stopped, true)
  assert.equal(diff(many(0), many(100_000), { steps: 100, changes: 1e6 }).stopped, true)
  assert.equal(diff(many(0), many(0)).stopped, false)
})
