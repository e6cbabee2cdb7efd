// The scratch store beside the engine, in one worker: node worker.mjs scratch.wasm wasm_exec.js
// engine.wasm. It prints a line {"name", "error"} for each case.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { FORMAT, OP } from '../../worker/client.mjs'
import { ready } from '../../worker/testdata/harness.mjs'

const [scratch, wasmExec, wasm] = process.argv.slice(2)
const engine = await ready(wasm, wasmExec).start()
let store

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

await check('open', async () => {
  await engine.loadScratch(new Uint8Array(readFileSync(scratch)))
  await engine.scratch('open')
  store = await engine.open({ kind: 'scratch', name: 'scratch' })
  assert.equal(Number(store.report.events), 0)
})

await check('what is appended is seen after a refresh', async () => {
  for (let i = 0; i < 3; i++) {
    const facts = JSON.parse(await engine.scratch('append', event({ payload: { i } })))
    await store.refresh()
    const rows = await store.rows({ op: OP.query })
    assert.equal(rows.length, i + 1)
    assert.equal(rows[i].clock, i)
    const [seen] = await store.lines({ op: OP.get, format: FORMAT.full, id: facts.event_id })
    assert.deepEqual(seen.payload, { i })
  }
})

await check('an error keeps its class on the way', async () => {
  await assert.rejects(engine.scratch('append', event({ expect: 'none' })), (err) => err.name === 'ExpectError' && err.code === 'ExpectError')
})

await check('it begins with the files of another store', async () => {
  const files = []
  for (const { name } of store.files) files.push({ name, bytes: await engine.scratch('read', name) })
  await engine.scratch('load', files)
  const facts = JSON.parse(await engine.scratch('append', event({ cause: (await store.rows({ op: OP.query }))[2].id })))
  assert.equal(facts.clock, 3)
  await store.refresh()
  assert.equal((await store.rows({ op: OP.ancestors, id: facts.event_id })).length, 1)
})

engine.close()
process.exit(0)
