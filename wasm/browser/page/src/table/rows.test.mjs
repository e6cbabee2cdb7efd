import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OP } from '../../../../js/question.mjs'
import { Rows, stepFor } from './rows.mjs'

// fake is a store whose events have every third sequence. It answers when it is told to.
function fake(total, events = total) {
  const asked = []
  return {
    asked, report: { events },
    rows(q, { signal } = {}) {
      return new Promise((done, failed) => {
        signal?.addEventListener('abort', () => failed(signal.reason))
        const answer = () => {
          if (q.op === OP.marks) return done([total, ...Array.from({ length: Math.ceil(total / q.step) }, (_, i) => 3 * i * q.step)])
          const from = q.from ?? 0, to = Math.min(q.to ?? Infinity, 3 * total)
          const rows = []
          for (let seq = Math.ceil(from / 3) * 3; seq < to && rows.length < q.limit; seq += 3) rows.push({ seq })
          done(rows)
        }
        asked.push({ q, answer, signal })
      })
    },
    async settle() {
      while (asked.some((a) => !a.done)) {
        for (const a of asked) if (!a.done) { a.done = true; a.answer() }
        await new Promise((r) => setImmediate(r))
      }
    },
  }
}

test('a chunk is as large as lets the marks stay few', () => {
  assert.deepEqual([0, 1_000_000, 4_194_304, 4_194_305, 10_000_000, 2 ** 32].map(stepFor), [64, 64, 64, 128, 256, 65536])
})

test('the first rows do not wait for the marks', async () => {
  const s = fake(1000)
  const rows = new Rows(s, {}, { value: 0 })
  assert.deepEqual(s.asked.map((a) => a.q.op), [OP.query, OP.marks])
  s.asked[0].done = true
  s.asked[0].answer()
  await new Promise((r) => setImmediate(r))
  assert.deepEqual([rows.total, rows.known, rows.at(0).seq, rows.at(63).seq], [null, 64, 0, 189])
  await s.settle()
  assert.deepEqual([rows.total, rows.known, rows.at(64)], [1000, 1000, undefined])
})

test('every row is where it belongs, whatever was looked at', async () => {
  const s = fake(1000)
  const version = { value: 0 }
  const rows = new Rows(s, { prefix: 'a' }, version)
  await s.settle()
  for (const n of [999, 500, 64, 63, 128]) {
    rows.want(n, n + 1)
    await s.settle()
    assert.equal(rows.at(n).seq, 3 * n)
  }
  assert.ok(s.asked.every((a) => a.q.prefix === 'a'))
  assert.ok(version.value > 0)
  const before = s.asked.length
  rows.want(500, 510)
  assert.equal(s.asked.length, before, 'what is there is not read again')
})

test('what was scrolled past is not read any more', async () => {
  const s = fake(10_000)
  const rows = new Rows(s, {}, { value: 0 })
  await s.settle()
  rows.want(640, 700)
  const first = s.asked.at(-1)
  rows.want(6400, 6410)
  assert.equal(first.signal.aborted, true)
  await s.settle()
  assert.equal(rows.at(6405).seq, 3 * 6405)
  assert.equal(rows.error, null)
  rows.want(640, 641) // and again when one comes back
  await s.settle()
  assert.equal(rows.at(640).seq, 1920)
})

test('memory is bounded', async () => {
  const s = fake(100_000)
  const rows = new Rows(s, {}, { value: 0 })
  await s.settle()
  for (let n = 0; n < 100_000; n += 64) {
    rows.want(n, n + 1)
    await s.settle()
  }
  let kept = 0
  for (let n = 0; n < 100_000; n++) kept += rows.at(n) !== undefined
  assert.ok(kept <= 24_064 && kept > 20_000, `${kept}`)
})

test('a sequence is found, or the next one', async () => {
  const s = fake(1000)
  const rows = new Rows(s, {}, { value: 0 })
  const all = [0, 1, 191, 192, 193, 1500, 2997, 5000].map((seq) => rows.find(seq))
  await s.settle()
  for (let i = 0; i < 5; i++) await s.settle()
  assert.deepEqual(await Promise.all(all), [0, 1, 64, 64, 65, 500, 999, 999])
  const none = fake(0)
  const empty = new Rows(none, {}, { value: 0 })
  const find = empty.find(3)
  await none.settle()
  assert.equal(await find, -1)
})

test('a failure is kept for the page, a cancelled question is none', async () => {
  const failing = { report: { events: 5 }, rows: async () => { throw new Error('no') } }
  const rows = new Rows(failing, {}, { value: 0 })
  await rows.ready
  assert.equal(rows.error.message, 'no')
  const s = fake(100)
  const closed = new Rows(s, {}, { value: 0 })
  closed.close()
  await closed.ready
  assert.equal(closed.error, null)
})
