// Answers the vectors of ../../../internal/vectors for a test: stdin has one case per line,
// {"dir", "flags", "seed", "together", "questions": [...]}; stdout gets one line per case, a
// list of {"text", "code", "end"}.

import readline from 'node:readline'
import { OP, ThawError } from '../client.mjs'
import { filesOf, ready } from './harness.mjs'

const NO_REQUEST = -22, UNOPENED = -31

const { start } = ready(process.argv[2], process.argv[3])
// Small caches, so that what is kept goes and comes again.
const engine = await start({ cache: 1 << 20, guestCache: 1 })

async function answer(store, question, urgent) {
  const a = { text: '', code: 0, end: '' }
  try {
    const row = question.row && new Uint8Array(Buffer.from(question.row, 'base64'))
    await store.each(row ? { ...question, row } : question, { urgent }, async (part) => { a.text += part })
  } catch (err) {
    if (!(err instanceof ThawError || err instanceof TypeError && err.message.startsWith('thaw: '))) throw err
    a.code = err.code ?? NO_REQUEST
    a.end = err.line ?? ''
  }
  return a
}

async function answers({ dir, flags, seed, questions, together }) {
  const source = { kind: 'files', name: dir, files: await filesOf(dir) }
  const opened = { text: '', code: 0, end: '' }
  let store, ask = answer
  try {
    store = await engine.open(source, { flags, seed })
  } catch (err) {
    if (!(err instanceof ThawError)) throw err
    opened.code = err.code
    opened.end = err.line ?? ''
    store = await engine.open(source, { verifyOnly: true })
    ask = (store, question) => (question.op === OP.verify ? answer(store, question) : { text: '', code: UNOPENED, end: '' })
  }
  const out = [opened]
  if (together) out.push(...await Promise.all(questions.map((q, i) => ask(store, q, i % 3 === 0))))
  else for (const q of questions) out.push(await ask(store, q, false))
  store.close()
  return out
}

for await (const line of readline.createInterface({ input: process.stdin })) console.log(JSON.stringify(await answers(JSON.parse(line))))
engine.close()
