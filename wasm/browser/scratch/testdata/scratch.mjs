// The scratch store as a page uses it: node scratch.mjs scratch.wasm wasm_exec.js DIR. It
// prints a line {"name", "error"} for each case. DIR gets the files of the last store.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'

const [wasm, wasmExec, dir] = process.argv.slice(2)
createRequire(import.meta.url)(wasmExec)
const module = readFileSync(wasm)
const go = new globalThis.Go()
const { instance } = await WebAssembly.instantiate(module, go.importObject)
go.run(instance)
const store = globalThis.thawScratch

async function check(name, f) {
  let error = null
  try {
    await f()
  } catch (err) {
    error = err.stack
  }
  console.log(JSON.stringify({ name, error }))
}

const event = (more) => JSON.stringify({ entity: 'order:1', scope: 'shop', kind: 0x1001, ...more })
const refused = (promise, name) => assert.rejects(promise, (err) => err instanceof Error && err.name === name && err.code === name && err.message !== '')
const files = async () => Promise.all((await store.list()).map(async ({ name, size, regular }) => {
  const bytes = await store.read(name)
  assert.ok(bytes instanceof Uint8Array && bytes.length === size && regular === true)
  return { name, bytes }
}))

await check('nothing is open', async () => {
  for (const call of [store.append(event()), store.list(), store.read('x'), store.close()]) await refused(call, 'Error')
})

await check('append', async () => {
  await store.open()
  const facts = JSON.parse(await store.append(event({ payload: { n: 1 }, expect: 'none' })))
  assert.equal(facts.entity, 'order:1')
  assert.equal(facts.kind, '0x1001')
  assert.equal(facts.seq, 0)
  assert.deepEqual(facts.payload, { n: 1 })
  const batch = JSON.parse(await store.append(`[${event()},${event({ cause: 0, correlation: facts.event_id })}]`))
  assert.equal(batch[1].causation_id, batch[0].event_id)
  assert.equal(batch[1].clock, 2)
})

await check('errors have the name of their class', async () => {
  await refused(store.append(event({ expect: 'none' })), 'ExpectError')
  await refused(store.append(event({ kind: 1 })), 'KindError')
  await refused(store.append('{'), 'InputError')
  for (const args of [[], [7], [null], ['{}', 1]]) await assert.rejects(store.append(...args))
  for (const args of [[], [7], [null], [[7]], [[{ name: 'x' }]], [[{ name: 'x', bytes: [1] }]], [[null]]]) await assert.rejects(store.load(...args))
  for (const args of [[], [7], ['../x'], ['thaw.lock']]) await assert.rejects(store.read(...args))
  await refused(store.load([{ name: '000001.fbat', bytes: new Uint8Array((64 << 20) + 1) }]), 'TooLarge')
  assert.equal(JSON.parse(await store.append(event({ expect: 2 }))).clock, 3) // the store is as it was
})

// Many calls at once keep their order, and an answer may ask again.
await check('many calls at once', async () => {
  await store.open()
  const calls = []
  for (let i = 0; i < 500; i++) calls.push(store.append(event({ payload: i })).then(async (facts) => {
    if (i % 100 === 0) await store.list()
    return JSON.parse(facts).clock
  }))
  const clocks = await Promise.all(calls)
  assert.deepEqual(clocks, clocks.map((_, i) => i))
})

await check('a listing is one moment', async () => {
  const list = await store.list()
  await store.append(event({ payload: 'x'.repeat(3 << 20) }))
  await store.append(event())
  for (const { name, size } of list) assert.equal((await store.read(name)).length, size)
  assert.ok((await store.list()).length > list.length)
})

await check('load', async () => {
  const before = await files()
  await store.load(before)
  const facts = JSON.parse(await store.append(event({ payload: 'after' })))
  assert.equal(facts.clock, 502)
  assert.equal(before.every(({ bytes }) => bytes.length > 0), true)
})

await check('close', async () => {
  await store.close()
  await refused(store.append(event()), 'Closed')
  for (const { name, bytes } of await files()) writeFileSync(`${dir}/${name}`, bytes)
})

await check('size', () => {
  const size = gzipSync(module, { level: 9 }).length
  assert.ok(size < 2_250_000, `${size} bytes with gzip`)
})

process.exit(0)
