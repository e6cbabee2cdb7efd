import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY, itemOf, jsonProblem, problems, textOf } from './form.mjs'

const ID = '019cd480-1f81-7000-8000-000000000066'
const good = { ...EMPTY, entity: 'order:1', scope: 'shop', kind: '0x1001', payload: '{"n":9007199254740993}' }
const kinds = new Map([['order.placed', 0x1001], ['data', 0x1000]])

test('a good form has no problems, and large numbers stay', () => {
  assert.deepEqual(problems(good), {})
  assert.equal(itemOf(good, kinds), '{"entity":"order:1","scope":"shop","kind":"0x1001","payload":{"n":9007199254740993}}')
})

test('a kind may be a name, a number, or unknown here', () => {
  const kind = (text) => JSON.parse(itemOf({ ...good, kind: text }, kinds)).kind
  assert.equal(kind('order.placed'), 0x1001)
  assert.equal(kind('DATA'), 0x1000)
  assert.equal(kind('4097'), 4097)
  assert.equal(kind('70000'), '70000')
  assert.equal(kind('toString'), 'toString')
})

test('every field is checked', () => {
  for (const [key, bad] of [
    ['entity', ' '], ['entity', '\ud800'], ['scope', ''], ['kind', ''], ['kind', '0x12345'], ['kind', '0xg'], ['payload', '{'], ['payload', ''], ['cause', 'x'], ['cause', '0'],
    ['correlation', '12'], ['key', 'abc'], ['expect', 'maybe'], ['expect', '-1'], ['expect', '4294967296'], ['meta', '[]'], ['meta', '{"a":1}'], ['meta', '{'], ['flags', 'x'],
  ]) assert.deepEqual(Object.keys(problems({ ...good, [key]: bad })), [key], `${key} ${bad}`)
})

test('what is chosen is said', () => {
  const all = { ...good, cause: ID, correlation: ID, key: ID.replaceAll('-', ''), expect: '3', meta: '{"actor":"user:7"}', flags: '2' }
  assert.deepEqual(problems(all), {})
  const item = JSON.parse(itemOf(all, kinds))
  assert.equal(item.cause, ID)
  assert.equal(item.expect, 3)
  assert.deepEqual(item.meta, { actor: 'user:7' })
  assert.equal(item.flags, 2)
  assert.equal(JSON.parse(itemOf({ ...good, expect: 'none' }, kinds)).expect, 'none')
})

test('in a batch, the cause may be an earlier event', () => {
  const f = { ...good, cause: '1' }
  assert.deepEqual(problems(f, 2), {})
  assert.deepEqual(Object.keys(problems(f, 1)), ['cause'])
  assert.equal(JSON.parse(itemOf(f, kinds)).cause, 1)
  assert.equal(JSON.parse(textOf([itemOf(good, kinds), itemOf(f, kinds)])).length, 2)
  assert.equal(JSON.parse(textOf([itemOf(good, kinds)])).entity, 'order:1')
})

test('a name cannot leave its text', () => {
  const item = JSON.parse(itemOf({ ...good, entity: 'a","kind":"0x2' }, kinds))
  assert.equal(item.entity, 'a","kind":"0x2')
  assert.equal(item.kind, '0x1001')
})

test('it is said why a payload is not JSON', () => {
  assert.equal(jsonProblem('{"a":1}'), '')
  assert.equal(jsonProblem('{\n"a": x\n}'), "Unexpected token 'x'")
  assert.match(jsonProblem('{"a": '), /Unexpected end/)
})
