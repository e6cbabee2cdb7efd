// Asks a store that a server of a test hands out: stdin has one request per line, {"do": …};
// stdout gets one line per request, {"text"} or {"name", "code"} of an error.

import readline from 'node:readline'
import { OP } from '../client.mjs'
import { ready } from './harness.mjs'

const { start } = ready(process.argv[2], process.argv[3])
const engine = await start({ cache: 1 << 20, guestCache: 1 })
let store

const does = {
  open: async ({ base }) => {
    store = await engine.open({ kind: 'http', base })
    return store.report.events
  },
  refresh: async () => {
    await store.refresh()
    return store.report.events
  },
  all: () => store.text({ op: OP.query, payloads: true }),
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  let answer
  try {
    answer = { text: String(await does[request.do](request)) }
  } catch (err) {
    answer = { name: err.name, code: String(err.code), message: err.message }
  }
  console.log(JSON.stringify(answer))
}
engine.close()
