import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHUNK, pathTo, Tree } from './tree.mjs'
import { found } from './search.mjs'
import { pack } from './testing/pack.mjs'

const shape = (tree) => tree.rows.map((r) => [r.depth, r.from >= 0 ? `${r.from}…${r.to - 1}` : r.key >= 0 ? `key@${r.key}` : r.index, r.open])

test('only unfolded values have rows', () => {
  const tree = new Tree(pack({ a: [1, 2], b: 3 }))
  assert.deepEqual(shape(tree), [[0, -1, true], [1, 'key@1', false], [1, 'key@6', false]])
  tree.toggle(tree.rows[1].id)
  assert.deepEqual(shape(tree), [[0, -1, true], [1, 'key@1', true], [2, 0, false], [2, 1, false], [1, 'key@6', false]])
  assert.deepEqual(tree.rows.map((r) => [r.nth, r.of]), [[1, 1], [1, 2], [1, 2], [2, 2], [2, 2]])
  tree.toggle(tree.rows[0].id)
  assert.deepEqual(shape(tree), [[0, -1, false]])
})

test('a lone value and empty containers do not unfold', () => {
  for (const v of ['text', [], {}]) assert.deepEqual(new Tree(pack(v)).rows.map((r) => r.folds), [false])
})

test('many children come in chunks', () => {
  const tree = new Tree(pack(Array.from({ length: 2 * CHUNK + 5 }, (_, i) => i)))
  assert.deepEqual(shape(tree).slice(1), [[1, '0…999', false], [1, '1000…1999', false], [1, '2000…2004', false]])
  tree.toggle(tree.rows[3].id)
  assert.equal(tree.rows.length, 9)
  assert.deepEqual([tree.rows[4].index, tree.rows[4].depth, tree.rows[4].nth, tree.rows[4].of], [2000, 2, 1, 5])
  const exactly = new Tree(pack(Array.from({ length: CHUNK }, () => 0)))
  assert.equal(exactly.rows.length, CHUNK + 1)
})

test('unfold all says how much it left', () => {
  const b = pack(Array.from({ length: 10 }, () => [1, 2, 3]))
  const tree = new Tree(b)
  assert.equal(tree.unfoldAll(30), 4)
  assert.equal(tree.rows.length, 11 + 18)
  assert.equal(tree.unfoldAll(), 0)
  assert.equal(tree.rows.length, 41)
  tree.foldAll()
  assert.equal(tree.rows.length, 11)
  const chunked = new Tree(pack({ a: Array.from({ length: 2 * CHUNK + 1 }, () => 0) }))
  assert.equal(chunked.unfoldAll(4), 1)
  assert.equal(chunked.unfoldAll(5), 3)
  let deep = 1
  for (let i = 0; i < 63; i++) deep = [deep]
  const down = new Tree(pack(deep))
  assert.equal(down.unfoldAll(), 0)
  assert.equal(down.rows.at(-1).depth, 63)
  const many = new Tree(pack(Array.from({ length: 300_000 }, () => 0)))
  assert.equal(many.unfoldAll() > 100, true)
  assert.ok(many.rows.length <= 100_000)
})

test('what is searched is found by key and value, and revealed', () => {
  const b = pack({ Order: { items: Array.from({ length: 3000 }, (_, i) => ({ sku: i === 2500 ? 'NEEDLE' : 'x' })) }, big: 18446744073709551615n })
  const all = (text) => [...found(b, text)].filter((at) => at !== undefined)
  const tree = new Tree(b)
  const [at] = all('needle')
  const nth = tree.reveal(at), row = tree.rows[nth]
  assert.equal(row.at, at)
  assert.equal(row.depth, 5) // root, Order, items, chunk, element, sku
  assert.deepEqual(pathTo(b, at).map((s) => s.nth), [0, 0, 2500, 0])
  assert.equal(all('order').length, 1)
  const [key] = all('order'), named = tree.reveal(key)
  assert.equal(tree.rows[named].key, key)
  assert.equal(all('8446744073709551615').length, 1)
  assert.equal(all('sku').length, 3000)
  assert.equal(all('NEEDLE').length, 1)
  assert.equal(all('nothing').length, 0)
})

test('a map with keys of any kind has a row per pair', () => {
  const tree = new Tree(pack(new Map([[[1], 'a'], [null, 'b']])))
  assert.equal(tree.rows.length, 3)
  assert.equal(tree.reveal(tree.rows[2].at), 2)
})
