// Answers the vectors of ../internal/vectors for a test: stdin has one case per line,
// {"dir", "flags", "seed", "whole", "questions": [...]}; stdout gets one line per case, a
// list of {"text", "code", "end"}.

import readline from 'node:readline'
import { OP, Plugin, Store, ThawError } from './thaw.mjs'

const NO_REQUEST = -22 // the ABI's code, for a question that thaw.mjs refuses

const plugin = await Plugin.load(process.argv[2])

function answer(store, question) {
  const a = { text: '', code: 0, end: '' }
  try {
    const row = question.row && new Uint8Array(Buffer.from(question.row, 'base64'))
    for (const part of store.answers(row ? { ...question, row } : question)) a.text += part
  } catch (err) {
    if (!(err instanceof ThawError || err instanceof TypeError)) throw err
    a.code = err.code ?? NO_REQUEST
    a.end = err.line ?? ''
  }
  return a
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const c = JSON.parse(line)
  const store = new Store(plugin, c.dir, c.whole)
  const open = { op: OP.open, flags: c.flags, from: c.seed }
  console.log(JSON.stringify([open, ...c.questions].map((q) => answer(store, q))))
  store.close()
}
