import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurn, kept } from './kept.mjs'

const later = (ms, value) => new Promise((done) => setTimeout(done, ms, value))

test('an answer is asked for once, of one report', async () => {
  const store = { report: {} }
  let asked = 0
  const ask = async () => ++asked
  assert.deepEqual([await kept(store, 'a', ask), await kept(store, 'a', ask), await kept(store, 'b', ask)], [1, 1, 2])
  store.report = {}
  assert.equal(await kept(store, 'a', ask), 3)
  await assert.rejects(kept(store, 'c', async () => { throw new Error('no') }))
  assert.equal(await kept(store, 'c', ask), 4)
})

test('turns do not overlap, and a failure or a cancelled one does not hold the next', async () => {
  const store = {}, never = new AbortController().signal, gone = AbortSignal.abort()
  let now = 0, most = 0
  const ask = (value) => async () => {
    most = Math.max(most, ++now)
    await later(2)
    now--
    if (value instanceof Error) throw value
    return value
  }
  const all = await Promise.allSettled([inTurn(store, never, ask(1)), inTurn(store, never, ask(new Error('no'))), inTurn(store, gone, ask(2)), inTurn(store, never, ask(3))])
  assert.deepEqual(all.map((a) => a.value ?? a.reason.name), [1, 'Error', 'AbortError', 3])
  assert.equal(most, 1)
})
