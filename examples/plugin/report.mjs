// The report of main.go in Node, without Go and without the store's format.
//
//   node examples/plugin/report.mjs bin/thaw.wasm DIR

import { FORMAT, OP, Plugin } from '../../wasm/node/thaw.mjs'

const [wasm, dir] = process.argv.slice(2)
const store = (await Plugin.load(wasm)).open(dir)
const one = (question) => JSON.parse(store.ask(question))

const opened = one({ op: OP.report })
console.log(`${opened.events} events, opened from ${opened.opened_from}, ${opened.damages.length} damages`)

const categories = {}
let last
for (const line of store.lines({ op: OP.query })) {
  last = JSON.parse(line)
  const category = last.kind.slice(0, 3) // of 0x1000
  categories[category] = (categories[category] ?? 0) + 1
}
for (const c of Object.keys(categories).sort()) console.log(`category ${c}: ${categories[c]}`)
if (last) {
  const full = one({ op: OP.get, format: FORMAT.full, id: last.event_id })
  console.log(`the last one: ${full.entity}, clock ${full.clock}, ${full.payload_size} bytes of payload`)
  for (const line of store.lines({ op: OP.ancestors, id: last.event_id, limit: 3 })) {
    const e = JSON.parse(line)
    console.log(`  caused by ${e.entity}, clock ${e.clock}`)
  }
  console.log(`events in its scope, ${last.scope}: ${one({ op: OP.count, scope: last.scope })}`)
}
store.close()
