import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { Fold, FoldError } from './run.mjs'
import { nodeWorker } from './nodeworker.mjs'
import { check, lineIn, refusal } from './source.mjs'

const start = (code, initial = '{}', patience = { start: 15_000, step: 1_500 }) => Fold.start(code, initial, { worker: nodeWorker, patience })
const line = (seq, payload = {}) => JSON.stringify({ seq, entity: 'order:1', kind: '0x1000', payload }) + '\n'

// last returns the state that code makes of events.
async function last(code, initial, ...payloads) {
  const fold = await start(code, initial)
  try {
    await fold.feed(payloads.map((p, i) => line(i, p)).join(''))
    if (fold.failure) throw Object.assign(new Error(fold.failure.text), fold.failure)
    return (await fold.at(fold.ran)).state
  } finally {
    fold.stop()
  }
}

test('a reducer steps forward and back', async () => {
  const fold = await start('(state, event) => ({ ...state, n: state.n + event.payload.n })', '{"n":1}')
  await fold.feed(line(0, { n: 2 }) + line(1, { n: 3 }))
  await fold.feed(line(2, { n: 10 }))
  assert.equal(fold.ran, 3)
  assert.deepEqual({ ...(await fold.at(3)).state }, { n: 16 })
  const first = await fold.at(1)
  assert.deepEqual({ ...first.state }, { n: 3 })
  assert.deepEqual(first.changes, [{ path: ['n'], before: 1, after: 3 }])
  assert.equal(JSON.parse(first.line).seq, 0)
  const none = await fold.at(0)
  assert.deepEqual({ ...none.state }, { n: 1 })
  assert.deepEqual(none.changes, [])
  assert.equal((await fold.at(99)).step, 3)
  fold.stop()
  await assert.rejects(fold.at(1), /stopped/)
})

test('a state may be changed in place, also over snapshots', async () => {
  const fold = await start('(s, e) => { s.list.push(e.seq); s.at = e.seq }', '{"list":[],"at":null}')
  let lines = ''
  for (let i = 0; i < 5000; i++) lines += line(i)
  await fold.feed(lines)
  for (const step of [5000, 1, 16, 17, 4095, 4096, 33]) {
    const { state, changes } = await fold.at(step)
    assert.equal(state.at, step - 1)
    assert.equal(state.list.length, Math.min(step, 1001))
    assert.deepEqual(changes.map((c) => c.path.join('.')), [`list.${step - 1}`, 'at'])
  }
  assert.equal((await fold.at(5000)).state.list[1000], '… 4000 more')
  fold.stop()
})

test('maps, sets, dates and large numbers are shown and compared', async () => {
  const code = `(s, e) => {
    const m = s.m ?? new Map(), z = s.z ?? new Set()
    m.set(e.payload.k, e.seq); z.add(e.payload.k)
    return { m, z, d: new Date(0), b: 2n ** 64n, u: undefined }
  }`
  const fold = await start(code)
  await fold.feed(line(0, { k: 'a' }) + line(1, { k: 'b' }))
  const { state, changes } = await fold.at(2)
  assert.deepEqual({ ...state.m['‹Map›'] }, { a: 0, b: 1 })
  assert.deepEqual(state.z['‹Set›'], ['a', 'b'])
  assert.equal(state.d, '‹Date› 1970-01-01T00:00:00.000Z')
  assert.equal(state.b, 2n ** 64n)
  assert.deepEqual(changes, [{ path: ['m', 'b'], after: 1 }, { path: ['z', 'b'], after: 'b' }])
  fold.stop()
})

test('an error stops at its step, with its line', async () => {
  const fold = await start('(s, e) => {\n  if (e.seq === 2) throw new Error("no " + e.seq)\n  return { n: e.seq }\n}')
  await fold.feed([0, 1, 2, 3].map((i) => line(i)).join(''))
  assert.equal(fold.ran, 2)
  assert.deepEqual(fold.failure, { step: 3, text: 'Error: no 2', line: 2 })
  assert.equal((await fold.at(2)).state.n, 1)
  fold.stop()
})

test('syntax errors have their line', async () => {
  for (const [code, wanted] of [
    ['(s, e) => {\n  return }{\n}', 2],
    ['(s, e) => {\n\n  let let = 1\n}', 3],
    ['(s, e) => {\n', 1],
    ['', 1],
    ['(s, e) =>\n  import("data:text/javascript,1")', 2],
  ]) {
    await assert.rejects(start(code), (err) => err instanceof FoldError && err.line === wanted, code)
  }
  assert.equal(lineIn(check('a\nb'), 'a\nb', 3), 2)
  assert.equal(refusal('s.import + s?.import'), null)
  assert.notEqual(refusal('[...import("x")]'), null)
})

test('what is not a reducer is refused', async () => {
  await assert.rejects(start('42'), /not a function/)
  await assert.rejects(start('(() => { throw new Error("at once") })()'), /at once/)
  await assert.rejects(start('(s) => s', '{n:1}'), /initial state is not JSON/)
  await assert.rejects(last('async (s) => s', '{}', {}), /promise/)
  await assert.rejects(last('(s) => class {}', '{}', ...Array(16)), /function/)
  await assert.rejects(last('(s) => new (class A {})', '{}', ...Array(16)), /class/)
  await assert.rejects(last('(s) => { s.s = s }', '{}', ...Array(16)), /holds itself/)
})

test('events are frozen', async () => {
  await assert.rejects(last('(s, e) => { e.payload.list.push(1) }', '{}', { list: [] }), /not extensible/)
  assert.equal((await last('(s, e) => ({ n: e.payload.n })', '{}', { n: 2 ** 53 })).n, 2 ** 53)
})

test('an event that cannot be read changes nothing', async () => {
  const fold = await start('(s, e) => ({ n: s.n + 1 })', '{"n":0}')
  await fold.feed(line(0) + '{"failure":{"code":-2},"seq":1,"event_id":"x"}\n' + line(2))
  assert.equal((await fold.at(3)).state.n, 2)
  assert.equal(fold.unread, 1)
  fold.stop()
})

test('an event has the name of its kind', async () => {
  const fold = await Fold.start('(s, e) => ({ is: e.kind_name })', '{}', { worker: nodeWorker, names: { 0x1000: 'order.placed' } })
  await fold.feed(line(0) + line(1).replace('0x1000', '0xf00d'))
  assert.equal((await fold.at(1)).state.is, 'order.placed')
  assert.equal((await fold.at(2)).state.is, '0xf00d')
  fold.stop()
})

test('an endless reducer is ended, and the page goes on', async () => {
  const began = Date.now()
  const fold = await start('(s, e) => { while (e.seq === 1); return s }', '{}', { start: 15_000, step: 300 })
  await assert.rejects(fold.feed(line(0) + line(1)), (err) => err instanceof FoldError && /without an end at step/.test(err.message))
  await assert.rejects(fold.at(0), /without an end/)
  assert.ok(Date.now() - began < 10_000)
  await assert.rejects(start('(() => { for (;;); })()', '{}', { start: 1500, step: 300 }), /without an end/)
})

test('code that runs on unseen is ended', async () => {
  const fold = await start('(s, e) => { (async () => { for (;;) await 0 })(); return s }', '{}', { start: 15_000, step: 300 })
  const silent = new Promise((resolve) => { fold.onSilence = resolve })
  await fold.feed(line(0))
  assert.match((await silent).message, /without an end/)
  assert.ok(fold.ended)
})

test('the code gets nothing of the harness into its hands', async () => {
  const fold = await start(`(() => {
    const stolen = []
    Function.prototype.call = Function.prototype.apply = function () { stolen.push(String(this)) }
    return () => ({ stolen })
  })()`)
  for (let i = 0; i < 3; i++) await fold.feed(line(i))
  assert.deepEqual((await fold.at(3)).state.stolen, [])
  fold.stop()
})

test('the code reaches nothing but the language', async () => {
  const names = await last(`(s, e) => {
    const all = []
    for (let o = globalThis; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) all.push(...Reflect.ownKeys(o).map(String).filter((k) => globalThis[k] !== undefined))
    return { all }
  }`, '{}', {})
  const language = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)').filter((k) => /^[A-Z]/.test(k)))
  for (const name of names.all) {
    assert.ok(language.has(name) || /^(parseFloat|parseInt|globalThis|decode|encode|escape|unescape|isFinite|isNaN)/.test(name), name)
  }
  for (const name of ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'importScripts', 'indexedDB', 'caches', 'navigator', 'BroadcastChannel',
    'Worker', 'postMessage', 'process', 'require', 'setTimeout', 'WebAssembly', 'SharedArrayBuffer', 'eval', 'performance', 'location', 'self', 'console']) {
    const { t } = await last(`() => ({ t: typeof globalThis.${name} + typeof ${name} })`, '{}', {})
    assert.equal(t, 'undefinedundefined', name)
  }
})

test('there is no code from text, no clock and no chance', async () => {
  for (const code of ['Function("1")', 'Reflect.construct(Function, ["1"])', '(() => {}).constructor("1")', '(async () => {}).constructor("1")', '(function* () {}).constructor("1")',
    'Math.random()', 'Date.now()', 'new Date()', 'Date()', 'new (new Date(0)).constructor()', 'Reflect.construct(Date, [])',
    'new Intl.DateTimeFormat().format()', 'new Intl.DateTimeFormat().formatToParts(undefined)',
    '(() => { let d; Reflect.construct = (target) => { d = new target() }; new Date(1); return d ?? Date() })()']) {
    await assert.rejects(last(`() => ({ x: ${code} })`, '{}', {}), /a reducer has no/, code)
  }
  assert.equal((await last('() => ({ x: new Intl.DateTimeFormat("en", { timeZone: "UTC", year: "numeric" }).format(0) })', '{}', {})).x, '1970')
  assert.equal((await last('() => ({ x: new Date(5).getTime(), y: new Date(1) instanceof Date, z: (() => 1) instanceof Function })', '{}', {})).x, 5)
})

test('code that ends its brackets is never run', async () => {
  for (const code of [
    '1)), postMessage({ is: "ready" }), (() => (1', '1), postMessage(1), (1', '1]; postMessage(1); [1', '1\n));\nfunction structuredClone() {}\n((1',
    '`+`]; postMessage((`', '1 /*', '1 `', '}', 's) => s) ; ((s', '1]);[(1', '"', '1 //*/ )\n)',
  ]) {
    let spoke = false
    const spy = (text, on) => nodeWorker(text, { ...on, message: (data) => { spoke = true; on.message(data) } })
    await assert.rejects(Fold.start(code, '{}', { worker: spy, patience: { start: 5000, step: 500 } }), FoldError, code)
    assert.equal(spoke, false, code)
  }
})

test('100,000 events', async () => {
  const fold = await start('(s, e) => { s.n++; s.by[e.payload.k] = (s.by[e.payload.k] ?? 0) + 1 }', '{"n":0,"by":{}}', { start: 15_000, step: 10_000 })
  for (let i = 0; i < 100; i++) {
    let lines = ''
    for (let j = 0; j < 1000; j++) lines += line(i * 1000 + j, { k: `k${j % 50}`, text: 'x'.repeat(100) })
    await fold.feed(lines)
  }
  assert.equal(fold.ran, 100_000)
  for (const step of [100_000, 99_999, 1, 54_321]) assert.equal((await fold.at(step)).state.n, step)
  fold.stop()
})

test('many changes and large states are bounded', async () => {
  const fold = await start('(s, e) => Array.from({ length: 60000 }, (_, i) => [i, e.seq])', '[]')
  await fold.feed(Array.from({ length: 40 }, (_, i) => line(i)).join(''))
  const shown = await fold.at(40)
  assert.equal(shown.changes.length, 200)
  assert.equal(shown.more, 60_000 - 200)
  assert.equal(shown.state.length, 1001)
  assert.ok(JSON.stringify(shown).length < 100_000)
  fold.stop()
})
