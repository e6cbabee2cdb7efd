// Uses and misuses the client for a test. Arguments are engine.wasm, wasm_exec.js and the
// directories of two stores. Prints a line per case, {"name", "error"}: the failure, or null.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { lines as parseLines } from '../../../js/json.mjs'
import { refused } from '../../../node/refused.mjs'
import {
  ClosedError, directoryFiles, Engine, FLAG, FORMAT, MemoryError, OP, ReadError, ThawError, topLevel, TrapError,
} from '../client.mjs'
import { STATUS } from '../../../js/task.mjs'
import { File as Kept, Windows } from '../windows.mjs'
import { Scheduler } from '../scheduler.mjs'
import { filesOf, ready, spawn } from './harness.mjs'
import { thread } from './thread.mjs'

const [wasm, wasmExec, a, b] = process.argv.slice(2)
const { start, bytes } = ready(wasm, wasmExec)
const ALL = { op: OP.query, payloads: true }
const PARTS = { ...ALL, rows: 1 }
const LIVE = { name: 'b', kind: 'files', list: () => filesOf(b) }

const source = async (dir) => ({ kind: 'files', name: dir, files: await filesOf(dir) })
const closed = (what) => (err) => err instanceof ClosedError && err.message === `thaw: the ${what} is closed`
const tick = () => new Promise((resolve) => setTimeout(resolve, 1))

// copy returns a copy of a store's directory, which is removed at the end.
const copies = []
function copy(dir) {
  const to = fs.mkdtempSync(a + '-')
  copies.push(to)
  fs.cpSync(dir, to, { recursive: true })
  return to
}

// replace puts another file, with the same bytes, in a file's place. Node tells them apart by
// fractions of seconds.
let time = 0
function replace(file) {
  fs.copyFileSync(file, file + '-copy')
  fs.utimesSync(file + '-copy', time += 0.001, time)
  fs.renameSync(file + '-copy', file)
}

// reading runs fn while the reads of files go through change(read, n): read does the n-th.
async function reading(change, fn) {
  const real = Blob.prototype.arrayBuffer
  let n = 0
  Blob.prototype.arrayBuffer = function () { return change(() => real.call(this), n++) }
  try {
    return await fn()
  } finally {
    Blob.prototype.arrayBuffer = real
  }
}

const failsWith = (name, from = 0) => async (read, n) => {
  if (n < from) return read()
  throw name === 'EIO' ? Object.assign(new Error('EIO: as a test wants it'), { code: 'EIO' }) : new DOMException('as a test wants it', name)
}

// answersOf returns what a store says to some questions of every sort.
const QUESTIONS = [
  ALL, { op: OP.query, reverse: true, limit: 9 }, { op: OP.count }, { op: OP.entities }, { op: OP.kinds }, { op: OP.query, prefix: 'order:', limit: 5 },
  { op: OP.report, from: 1 }, { op: OP.verify, from: 7 }, { op: OP.query, format: FORMAT.plain, rows: 2 },
]
const answersOf = async (store) => {
  const out = []
  for (const q of QUESTIONS) out.push(await store.text(q))
  return out
}

// random returns numbers below n, the same in each run.
let seed = 1
const random = (n) => (seed = (seed * 48271) % 2147483647) % n

const cases = {
  async 'windows have the bytes of their files'() {
    const sizes = [0, 1, 65536, 65537, 3 << 20, 20 << 20]
    const content = new Uint8Array(20 << 20).map((_, i) => (i * 2654435761) >>> 24)
    for (let round = 0; round < 40; round++) {
      let failing = false, reads = 0
      const read = async (ranges) => {
        reads += ranges.length
        const fails = failing && random(3) === 0
        if (random(2)) await tick()
        return ranges.map(({ at, end, file }) => {
          assert.ok(at < end && end <= file.size, `${at} to ${end} of ${file.size}`)
          return fails ? { status: [STATUS.gone, STATUS.failed][random(2)], cause: new Error('no') } : { bytes: content.subarray(at + file.id, end + file.id) }
        })
      }
      const list = sizes.map((size) => new Kept('f', Math.min(size, content.length - 999), true, read))
      list.push(new Kept('m', 999, true, null, content.subarray(list.at(-1).id + 1, list.at(-1).id + 1000)))
      const budget = [0, 100_000, 1 << 20, 64 << 20][random(4)], windows = new Windows(budget)
      let next = 0
      for (let step = 0; step < 60; step++) {
        failing = round % 2 === 1 && random(4) === 0
        const scan = random(3) > 0
        const wants = Array.from({ length: scan ? 1 : 1 + random(8) }, () => {
          const file = scan ? 5 : 1 + random(list.length - 1), { size } = list[file]
          const most = [1, 4096, 70_000, 600_000][random(4)]
          const offset = scan ? next : random(size), length = Math.min(1 + random(most), size - offset)
          if (scan) next = offset + length + [0, 0, 0, -Math.floor(length / 2), 100_000][random(5)]
          if (next >= list[5].size) next = 0
          return { file, offset: BigInt(offset), length, bytes: new Uint8Array(length), status: null }
        })
        try {
          (await windows.supply(list, wants, () => {}))?.()
        } catch (err) {
          assert.ok(failing && err instanceof ReadError && err.cause.message === 'no', err)
          continue
        }
        for (const { file, offset, length, bytes, status } of wants) {
          if (status === STATUS.gone && failing) continue
          assert.equal(status, STATUS.done)
          const from = Number(offset) + list[file].id
          assert.ok(Buffer.from(bytes.buffer).equals(Buffer.from(content.subarray(from, from + length))), `${length} bytes at ${offset} of ${file}`)
        }
        assert.ok(windows.size <= budget)
      }
      windows.forget(list)
      if (!failing) await tick()
      windows.forget(list)
      assert.equal(windows.size, 0)
    }
  },
  async 'a store, its rows and its lines'(engine) {
    const store = await engine.open(await source(b))
    assert.equal(store.report.events, Number(await store.text({ op: OP.count })))
    assert.deepEqual(await store.rows({ op: OP.count }), [store.report.events])
    const rows = await store.rows({ op: OP.query, payloads: true }), lines = await store.lines(ALL)
    assert.equal(rows.length, store.report.events)
    rows.forEach((row, i) => {
      const line = lines[i], dashless = (id) => id.replaceAll('-', '') || null
      assert.deepEqual(
        [row.seq, row.wallMs, row.clock, row.entity, row.scope, dashless(row.id), dashless(row.causation), row.hash, row.prev, row.segment, row.offset, row.length, row.timestampUs, row.contentHash],
        [line.seq, line.wall_ms, line.clock, line.entity, line.scope, line.event_id, line.causation_id, line.event_hash, line.prev_hash, line.segment, line.offset, line.length, line.timestamp_us, line.content_hash])
      assert.equal('0x' + row.kind.toString(16).toUpperCase().padStart(4, '0'), line.kind)
    })
    assert.deepEqual(store.files.map(({ name }) => name).filter((name) => name.endsWith('.fbat')), fs.readdirSync(b).filter((name) => name.endsWith('.fbat')))
    const names = await store.rows({ op: OP.entities })
    assert.equal(names.reduce((sum, { events }) => sum + events, 0), store.report.events)
    assert.equal((await store.rows({ op: OP.graph, id: rows.at(-1).id }))[0].distance <= 0, true)
    assert.deepEqual(await store.bytes({ op: OP.query, format: FORMAT.rows, limit: 0 }), await store.bytes({ op: OP.query, format: FORMAT.rows }))
    await assert.rejects(store.lines({ op: OP.query, format: FORMAT.rows }), TypeError)
    for (const op of [OP.report, OP.verify, OP.position]) await assert.rejects(store.rows({ op }), TypeError)
    store.close()
  },
  async 'an error has its line in every format'(engine) {
    const store = await engine.open(await source(a)), id = 'f'.repeat(32)
    for (const ask of [store.rows({ op: OP.get, id }), store.lines({ op: OP.get, id })]) {
      await assert.rejects(ask, (err) => err instanceof ThawError && err.code === -1 && err.details.error.length > 0)
    }
    store.close()
  },
  async 'the same store from everywhere'(engine) {
    const dir = copy(b)
    const memory = fs.readdirSync(dir).map((name) => ({ name, bytes: new Uint8Array(fs.readFileSync(path.join(dir, name))) }))
    globalThis.thawScratch = {
      list: () => memory.map(({ name }) => ({ name })), read: (name) => memory.find((f) => f.name === name).bytes,
      add: (x, y) => x + y, fail() { throw Object.assign(new Error('no'), { code: 'E' }) },
    }
    const stores = [
      await engine.open(await source(dir)), await engine.open({ kind: 'files', list: () => filesOf(dir) }),
      await engine.open({ kind: 'memory', files: memory }), await engine.open({ kind: 'scratch', name: 'new' }),
    ]
    const [first, ...others] = await Promise.all(stores.map(answersOf))
    for (const other of others) assert.deepEqual(other, first)
    assert.equal(await engine.scratch('add', 1, 2), 3)
    await assert.rejects(engine.scratch('fail'), { message: 'no', code: 'E' })
    await assert.rejects(engine.scratch('none'), TypeError)
    delete globalThis.thawScratch
    stores.forEach((s) => s.close())
  },
  async 'options that are none'(engine) {
    const files = await filesOf(a)
    for (const of of [null, undefined, {}, 'dir', { kind: 'zip' }, { kind: 'constructor' }, { kind: 'files' }, { kind: 'files', files, list() {} },
      { kind: 'files', files, base: 'x' }, { kind: 'http' }, { kind: 'http', base: 1 }, { kind: 'memory' }, { kind: 'scratch', files }]) {
      await assert.rejects(engine.open(of), TypeError, JSON.stringify(of))
    }
    for (const options of [null, 1, { flag: 1 }, { flags: 1 }, { seed: -1 }, { verifyOnly: 1 }, { signal: {} }, { onProgress: 1 }, { urgent: true }]) {
      await assert.rejects(engine.open({ kind: 'files', files }, options), TypeError, JSON.stringify(options))
    }
    await assert.rejects(engine.open({ kind: 'files', files: [...files, files[0]] }), TypeError)
    for (const options of [undefined, {}, { wasm: bytes }, { wasm: 'x', workerSource: '' }, { wasm: bytes, workerSource: 1 }, { wasm: bytes, spawn() {}, cache: -1 }]) {
      await assert.rejects(Engine.start(options), TypeError)
    }
    const store = await engine.open({ kind: 'files', files }, { flags: FLAG.strict | FLAG.checkFrames, seed: 2n ** 64n - 1n })
    for (const options of [null, { urgent: 1 }, { signal: 'x' }, { abort: 1 }, { onProgress: {} }]) {
      await assert.rejects(store.text(ALL, options), TypeError)
    }
    await assert.rejects(store.each(ALL, {}), TypeError)
    await assert.rejects(store.text({ op: OP.open }), TypeError)
    store.close()
  },
  async 'a module that is none'() {
    await assert.rejects(start({ wasm: new Uint8Array(8) }), (err) => err.name === 'CompileError')
    await assert.rejects(start({ wasm: new Uint8Array([0x1f, 0x8b, 8, 0]) }), (err) => err instanceof Error)
  },
  async 'everything closed'() {
    const engine = await start(), store = await engine.open(await source(b)), other = await engine.open(await source(a))
    const asked = [store.text({ op: OP.verify }), store.rows(ALL), store.each(PARTS, {}, () => tick())]
    const settled = Promise.allSettled(asked)
    store.close()
    store.close()
    for (const { reason } of await settled) assert.ok(closed('store')(reason), reason)
    for (const use of [store.text(ALL), store.rows(ALL), store.lines(ALL), store.bytes(ALL), store.each(ALL, {}, () => {}), store.refresh()]) {
      await assert.rejects(use, closed('store'))
    }
    assert.equal((await other.lines(ALL)).length, other.report.events)
    const last = [other.text({ op: OP.verify }), engine.open(await source(b))].map((p) => assert.rejects(p, closed('engine')))
    await tick()
    engine.close()
    engine.close()
    await Promise.all(last)
    await assert.rejects(engine.open(await source(b)), closed('engine'))
    await assert.rejects(engine.memory(), closed('engine'))
    other.close()
  },
  async 'a question given up at every part'(engine) {
    const store = await engine.open(await source(b)), all = await store.text(ALL)
    let given = 0, late = 0
    for (let most = 0, ended = false; !ended; most++) {
      const stop = new AbortController(), reason = new Error(`after ${most}`)
      let n = 0
      if (most === 0) stop.abort(reason)
      try {
        await store.each(PARTS, { signal: stop.signal }, async () => {
          if (most === 9) await tick() // others come meanwhile
          if (++n === most) stop.abort(reason)
          if (n > most) late++
        })
        ended = true
      } catch (err) {
        assert.equal(err, reason)
        given++
        late = 0
        await tick()
        assert.equal(late, 0, 'a part after the end')
      }
    }
    assert.equal(given, store.report.events + 1)
    assert.equal(await store.text(ALL), all)
    store.close()
  },
  async 'a question given up at every read'() {
    const engine = await start({ cache: 0, guestCache: 1 })
    const store = await engine.open(await source(b)), all = await store.text(ALL)
    for (let most = 0, ended = false; !ended; most++) {
      const stop = new AbortController(), reason = new Error(`at ${most}`)
      await reading(async (read, n) => {
        if (n === most) stop.abort(reason)
        return read()
      }, async () => {
        const asked = store.text({ op: OP.verify }, { signal: stop.signal }), beside = store.text(ALL)
        try {
          await asked
          ended = !stop.signal.aborted
        } catch (err) {
          assert.equal(err, reason)
        }
        assert.equal(await beside, all)
      })
      assert.ok(most < 1000)
    }
    assert.equal(await store.text(ALL), all)
    engine.close()
  },
  async 'more questions than the guest has tasks'(engine) {
    const store = await engine.open(await source(b)), stop = new AbortController()
    for (let i = 0; i < 1100; i++) { // a task that is not dropped would stay
      const one = new AbortController()
      await assert.rejects(store.each(PARTS, { signal: one.signal }, () => one.abort()))
    }
    const asked = Array.from({ length: 1500 }, () => store.rows({ op: OP.query, limit: 2, rows: 1 }, { signal: stop.signal }))
    for (const rows of await Promise.all(asked)) assert.equal(rows.length, 2)
    store.close()
  },
  async 'an open that is given up'(engine) {
    for (const when of [0, 1, 2]) {
      const stop = new AbortController()
      if (when === 0) stop.abort()
      const opened = engine.open(await source(b), { signal: stop.signal })
      if (when === 2) await tick()
      stop.abort()
      await opened.then((store) => store.close(), (err) => assert.equal(err, stop.signal.reason))
    }
    const store = await engine.open(await source(b))
    assert.equal((await store.lines(ALL)).length, store.report.events)
    store.close()
  },
  async 'no more parts than are used'(engine) {
    const store = await engine.open(await source(b))
    let using = 0, n = 0
    const begun = performance.now()
    await store.each(PARTS, {}, async (part) => {
      assert.equal(++using, 1)
      if (n++ < 5) await tick()
      assert.equal(parseLines(part).length, 1)
      using--
    })
    assert.equal(n, store.report.events)
    assert.ok(performance.now() > begun)
    let sent = 0
    const seen = await start({ spawn: () => spawn(globalThis.Go, ({ part }) => { sent += part !== undefined }) }), other = await seen.open(await source(b))
    n = 0
    await other.each(PARTS, {}, async () => {
      if (n++ < 9) await tick()
      assert.ok(sent - n < 4, `${sent} parts sent, ${n} used`)
    })
    assert.equal(sent, n)
    seen.close()
    const broken = new Error('broken')
    n = 0
    await assert.rejects(store.each(PARTS, {}, async () => { if (++n === 3) throw broken }), (err) => err === broken)
    assert.equal(n, 3)
    await assert.rejects(store.each(PARTS, {}, () => { throw broken }), (err) => err === broken)
    store.close()
  },
  async 'the index is read behind'() {
    const behind = async (cache, change = (read) => read()) => {
      const engine = await start({ cache }), store = await engine.open(await source(b))
      let reads = 0
      await reading((read) => { reads++; return change(read) }, async () => {
        for (let i = 0; i < 200 && reads === 0; i++) await tick()
      })
      const { cache: kept } = await engine.memory()
      assert.ok(parseLines(await store.text(ALL)).length > 0) // also after a failure
      const index = store.files.find(({ name }) => name === 'index.thaw')
      engine.close()
      return [reads > 0, kept >= index.size]
    }
    assert.deepEqual(await behind(1 << 20), [true, true])
    assert.deepEqual(await behind(1 << 20, failsWith('EIO')), [true, true]) // the open has read it
    assert.deepEqual(await behind(1 << 10), [false, false]) // there is no room
    const content = new Uint8Array(200_000).map((_, i) => i), list = []
    const read = async (ranges) => { list.push(...ranges); return ranges.map(({ at, end }) => ({ bytes: content.subarray(at, end) })) }
    const file = new Kept('index.thaw', content.length, true, read), windows = new Windows(1 << 20)
    assert.equal(await windows.load(file, 65536, content.length), true)
    assert.deepEqual(list.map(({ at, end }) => [at, end]), [[65536, 200_000]])
    const want = { file: 0, offset: 70_000n, length: 1000, bytes: new Uint8Array(1000) }
    assert.equal(windows.supply([file], [want], () => {}), null, 'it is at hand')
    assert.deepEqual(want.bytes, content.subarray(70_000, 71_000))
    file.read = async (ranges) => ranges.map(() => ({ status: STATUS.failed, cause: new Error('no') }))
    assert.equal(await windows.load(file, 0, 65536), false)
    assert.deepEqual([windows.behind({ size: 1 << 19 }), windows.behind({ size: (1 << 19) + 1 })], [true, false])
  },
  async 'the urgent question first'(engine) {
    const store = await engine.open(await source(b)), order = []
    const long = ['x', 'y'].map((name) => store.text(PARTS).then(() => order.push(name)))
    await Promise.all([...long, store.text(PARTS, { urgent: true }).then(() => order.push('urgent'))])
    assert.equal(order[0], 'urgent')
    // What reads all comes last, whenever it was asked.
    order.length = 0
    const note = (name) => () => order.push(name)
    await Promise.all([ // the first has most steps
      store.text(PARTS).then(note('text')), store.text({ op: OP.verify }).then(note('verify')),
      store.each({ ...PARTS, limit: 3 }, {}, async () => {}).then(note('parts')),
    ])
    assert.equal(order[0], 'text')
    let parts = 0
    const slow = store.each(PARTS, {}, async () => { parts++; await tick() })
    await store.text({ op: OP.count }) // is answered though the other waits
    assert.ok(parts < store.report.events)
    await slow
    store.close()
  },
  async 'progress'(engine) {
    const store = await engine.open(await source(b))
    const told = []
    const real = performance.now
    let now = 0
    performance.now = () => (now += 60) // every message of the guest is passed on
    try {
      await store.text({ op: OP.verify }, { onProgress: (p) => told.push(p) })
    } finally {
      performance.now = real
    }
    for (const { done, total } of told) assert.ok(done >= 0 && total >= done, `${done} of ${total}`)
    assert.ok(told.length > 0)
    store.close()
  },
  async 'answers at the same time are those one after the other'() {
    const engine = await start({ cache: 0, guestCache: 1 }), want = []
    for (const dir of [a, b, b]) want.push(await answersOf(await engine.open(await source(dir))))
    const stores = [await engine.open(await source(a)), await engine.open(await source(b)), await engine.open(await source(b))]
    const got = await Promise.all(stores.flatMap((s) => QUESTIONS.map((q, i) => s.text(q, { urgent: i % 2 === 0 }))))
    assert.deepEqual(got, want.flat())
    engine.close()
  },
  async 'a task that was dropped gets no bytes'() {
    const calls = [], filled = []
    const instance = {
      alive: true, out: 0, put: () => 0, view: () => new DataView(new ArrayBuffer(64)), bytes: () => new Uint8Array(0),
      call: (name) => { calls.push(name); return name === 'thaw_start' ? 2 : 0 },
    }
    let come
    const windows = { supply: () => new Promise((resolve) => { come = () => resolve(() => filled.push('filled')) }) }
    const scheduler = new Scheduler(instance, windows, (err) => assert.fail(err))
    const store = { handle: 1, files: [], closed: false, gone: false, reader: null }
    const on = { part() {}, progress() {}, end: () => calls.push('end'), fail: assert.fail }
    const job = scheduler.add(store, new Uint8Array(80), on)
    await tick()
    assert.equal(store.reader, job)
    scheduler.drop(job)
    come()
    await tick()
    assert.deepEqual([filled, store.reader, calls], [[], null, ['thaw_start']])
    scheduler.add(store, new Uint8Array(80), on)
    await tick()
    come()
    await tick()
    assert.deepEqual([filled, calls], [['filled'], ['thaw_start', 'thaw_start', 'thaw_step', 'end']])
  },
  async 'what the system refuses to read is no damage'() {
    const engine = await start({ cache: 0, guestCache: 1 })
    const want = await answersOf(await engine.open(await source(b)))
    for (const name of ['SecurityError', 'NotSupportedError', 'EIO']) {
      const read = (err) => err instanceof ReadError && err.code === name && err.message.includes(err.file) && err.cause.message.includes('as a test wants it')
      const files = await source(b)
      let from = 0
      for (let ended = false; !ended; from++) {
        await reading(failsWith(name, from), async () => {
          const error = await engine.open(files).then(async (store) => {
            const asked = await Promise.allSettled(QUESTIONS.map((q) => store.text(q)))
            store.close()
            return asked.find(({ status }) => status === 'rejected')?.reason
          }, (err) => err)
          if (error) assert.ok(read(error), error)
          ended = !error
        })
      }
      assert.ok(from > 5, `${from} reads`)
      const store = await engine.open(files)
      await reading(failsWith(name), () => assert.rejects(store.text(ALL), read))
      assert.deepEqual(await answersOf(store), want) // after the system recovers
      store.close()
    }
    engine.close()
  },
  async 'reads that answer short are no damage'(engine) {
    const files = await source(b)
    for (const short of [() => new ArrayBuffer(0), async (read) => (await read()).slice(1)]) {
      await reading(short, () => assert.rejects(engine.open(files), (err) => err instanceof ReadError && /bytes instead of/.test(err.cause.message)))
    }
    ;(await engine.open(files)).close()
  },
  async 'a sync mark too large for one is not read whole'(engine) {
    const { files } = await source(b)
    const large = new File([new Uint8Array(33 * 2 ** 20)], 'synced.thaw')
    let most = 0
    await reading(async (read) => {
      const all = await read()
      most = Math.max(most, all.byteLength)
      return all
    }, async () => {
      const store = await engine.open({ kind: 'files', name: 's', files: [...files.filter(({ name }) => name !== large.name), large] })
      assert.ok(store.report.events > 0)
      store.close()
    })
    assert.ok(most < 2 ** 24, `${most} bytes`)
  },
  async 'a file that is gone, at every read'() {
    const engine = await start({ cache: 0, guestCache: 1 })
    const files = await source(b), want = await answersOf(await engine.open(files))
    for (const name of ['NotReadableError', 'NotFoundError']) {
      for (let from = 0, ended = false; !ended; from++) {
        await reading(failsWith(name, from), async () => {
          try {
            const store = await engine.open(files), got = await answersOf(store)
            ended = got.every((text, i) => text === want[i])
            store.close()
          } catch (err) {
            assert.ok(err instanceof ThawError && [-4, -2, -3].includes(err.code), err)
          }
        })
        assert.ok(from < 1000)
      }
    }
    engine.close()
  },
  async 'a file that is replaced while the store is opened'(engine) {
    for (const [first, flags] of Object.entries({ 'index.fbati': 0, '000001.fbat': FLAG.strict })) { // refused, or an error
      const dir = copy(b)
      if (first === '000001.fbat') for (const name of fs.readdirSync(dir)) if (name.startsWith('index.')) fs.rmSync(path.join(dir, name))
      let listed = 0
      const list = async () => {
        const files = await filesOf(dir)
        if (listed++ < 3) replace(path.join(dir, first))
        return files
      }
      const store = await engine.open({ kind: 'files', list }, { flags })
      assert.equal(listed, 4)
      assert.equal(store.report.rejected.length, 0)
      assert.equal((await store.lines(ALL)).length, store.report.events)
      store.close()
    }
  },
  async 'names that are replaced while the store is opened'(engine) {
    const dir = copy(a), file = path.join(dir, 'names.thaw')
    fs.writeFileSync(file, 'thaw names 1\n0x1001 order.placed\n0x1003 order.shipped\n0x1004 order.shipped\ncrc32c B2AE0254\n')
    let listed = 0
    const list = async () => {
      const files = await filesOf(dir)
      if (listed++ === 0) replace(file)
      return files
    }
    const store = await engine.open({ kind: 'files', list })
    assert.deepEqual([listed, store.kindNames[0x1001], store.kindNamesError], [2, 'order.placed', null])
    await reading(failsWith('SecurityError'), async () => {
      const only = fs.readdirSync(dir).filter((name) => name !== 'names.thaw').map((name) => ({ name, directory: true }))
      const other = await engine.open({ kind: 'files', files: [...only, ...(await filesOf(dir)).filter(({ name }) => name === 'names.thaw')] })
      assert.match(other.kindNamesError, /names.thaw could not be read/)
      other.close()
    })
    store.close()
  },
  async 'a file that was replaced is gone'(engine) {
    const dir = copy(b), want = (await (await engine.open(await source(b))).lines(ALL)).length
    const store = await engine.open({ kind: 'files', list: () => filesOf(dir) })
    replace(path.join(dir, '000001.fbat')) // not read by the open
    await assert.rejects(store.text(ALL), (err) => err instanceof ThawError && err.code === -4)
    await store.refresh()
    assert.equal((await store.lines(ALL)).length, want)
    store.close()
  },
  async 'a refresh sees what is new'(engine) {
    const dir = copy(a)
    const store = await engine.open({ kind: 'files', list: () => filesOf(dir) }), before = store.report.events
    const asked = store.text(PARTS)
    fs.rmSync(dir, { recursive: true })
    fs.cpSync(b, dir, { recursive: true })
    const pending = store.refresh()
    await asked.catch((err) => assert.ok(err instanceof ThawError && err.code === -4))
    await pending
    assert.notEqual(store.report.events, before)
    assert.equal((await store.lines(ALL)).length, store.report.events)
    fs.writeFileSync(path.join(dir, '000001.fbat'), 'nothing')
    const report = store.report
    await assert.rejects(reading(failsWith('EIO'), () => store.refresh()), ReadError)
    assert.equal(store.report, report) // it stays as it was
    store.close()
  },
  async 'a store that cannot be opened can be verified'(engine) {
    const files = [{ name: 'batpak.meta', bytes: new Uint8Array(9) }, { name: '000001.fbat', bytes: new Uint8Array(99) }]
    const dir = copy(b)
    fs.truncateSync(path.join(dir, '000001.fbat'), 7)
    for (const of of [{ kind: 'memory', files }, await source(dir)]) {
      const store = await engine.open(of, { verifyOnly: true })
      assert.equal(store.report, null)
      assert.equal((await store.lines({ op: OP.verify }))[0].sound, false)
      await assert.rejects(store.text(ALL), (err) => err instanceof ThawError && err.code === -23)
      store.close()
    }
    for (const name of fs.readdirSync(dir)) if (name.startsWith('index.')) fs.rmSync(path.join(dir, name))
    const refused = await engine.open(await source(dir), { flags: FLAG.strict }).then(() => null, (err) => err)
    assert.ok(refused instanceof ThawError && refused.details.error, String(refused))
  },
  async 'names of kinds'(engine) {
    const dir = copy(a), file = path.join(dir, 'names.thaw')
    fs.writeFileSync(file, 'thaw names 1\n0x1001 order.placed\n0x1003 order.shipped\n0x1004 order.shipped\ncrc32c B2AE0254\n')
    const store = await engine.open({ kind: 'files', list: () => filesOf(dir) })
    assert.deepEqual([store.kindNames, store.kindNamesError], [{ 0x1001: 'order.placed', 0x1003: 'order.shipped', 0x1004: 'order.shipped' }, null])
    fs.appendFileSync(file, 'x')
    await store.refresh()
    assert.deepEqual(store.kindNames, {})
    assert.match(store.kindNamesError, /names.thaw refused at byte \d+: checksum/)
    fs.rmSync(file)
    await store.refresh()
    assert.deepEqual([store.kindNames, store.kindNamesError], [{}, null])
    store.close()
  },
  async 'directories and paths'(engine) {
    const file = (name, below = '') => Object.defineProperty(new File(['x'], name), 'webkitRelativePath', { value: `store/${below}${name}` })
    assert.deepEqual(topLevel([file('a'), file('b', 'sub/'), file('a', 'sub/deep/'), { name: 'c', directory: true }]).map(({ name, file }) => [name, file?.size ?? null]),
      [['a', 1], ['sub', null], ['c', null]])
    assert.throws(() => topLevel([file('a'), file('a')]), TypeError)
    const entries = ['000002.fbat', 'visibility_ranges.fbv', 'sub', 'index.fbati', 'left', 'batpak.meta'].map((name) => ({
      name, isFile: name !== 'sub',
      file: (ok, no) => (name === 'left' ? no(new DOMException('left', 'NotFoundError')) : ok(file(name))),
    }))
    const batches = [entries.slice(0, 4), entries.slice(4), []]
    const listed = await directoryFiles({ createReader: () => ({ readEntries: (ok) => ok(batches.shift()) }) })
    assert.deepEqual(listed.map(({ name }) => name), ['sub', 'index.fbati', 'batpak.meta', '000002.fbat', 'visibility_ranges.fbv'])
    const failing = { name: 'x', isFile: true, file: (_, no) => no(new DOMException('no', 'SecurityError')) }
    const once = [[failing], []]
    await assert.rejects(directoryFiles({ createReader: () => ({ readEntries: (ok) => ok(once.shift()) }) }), ReadError)
    const dir = copy(b)
    fs.mkdirSync(path.join(dir, 'sub'))
    const store = await engine.open(await source(dir))
    assert.deepEqual(store.files.filter(({ regular }) => !regular).map(({ name }) => name), ['sub'])
    store.close()
  },
  async 'an instance without memory'() {
    const { instantiate } = WebAssembly
    const memories = [], resets = []
    WebAssembly.instantiate = async (...args) => {
      const result = await instantiate(...args)
      memories.push(result.instance.exports.mem)
      resets.push(args[1].gojs['runtime.resetMemoryDataView'])
      return result
    }
    const died = []
    const engine = await start({ onDeath: (err) => died.push(err), guestCache: 64 })
    WebAssembly.instantiate = instantiate
    const store = await engine.open(LIVE), other = await engine.open(LIVE)
    const want = await store.text(ALL)
    memories[0].grow(65536 - memories[0].buffer.byteLength / 65536) // to 4 GiB: no memory is left for the instance
    resets[0](0)
    const lacking = (err) => err instanceof MemoryError && err instanceof TrapError && /ran out of memory/.test(err.message)
    const asked = Array.from({ length: 300 }, () => [store.text({ op: OP.verify }), other.rows(ALL), engine.open(LIVE)]).flat()
    for (const { status, reason } of await Promise.allSettled(asked)) if (status === 'rejected') assert.ok(lacking(reason), reason)
    assert.ok(died.length === 1 && lacking(died[0]), died)
    await assert.rejects(store.text(ALL), lacking)
    const again = await engine.open(LIVE) // in another worker
    assert.equal(await again.text(ALL), want)
    await assert.rejects(store.text(ALL), lacking)
    await store.refresh()
    assert.equal(await store.text(ALL), want)
    assert.ok((await engine.memory()).wasm < 64 << 20)
    assert.equal(died.length, 1)
    engine.close()
  },
  async 'a trap at every call'() {
    const { instantiate } = WebAssembly
    for (const [name, calls] of Object.entries({ thaw_step: 3, thaw_start: 3, thaw_file: 2, thaw_store: 1, thaw_close: 1, thaw_drop: 1 })) {
      for (let at = 0; at < calls; at++) {
        let left = Infinity
        const cause = new WebAssembly.RuntimeError('unreachable')
        WebAssembly.instantiate = async (...args) => {
          const { instance } = await instantiate(...args)
          const { exports } = instance
          return { instance: Object.defineProperty(instance, 'exports', { value: { ...exports, [name]: (...args) => { if (--left < 0) throw cause; return exports[name](...args) } } }) }
        }
        const died = []
        const engine = await start({ onDeath: (err) => died.push(err), cache: 0, guestCache: 1 }), store = await engine.open(LIVE)
        WebAssembly.instantiate = instantiate
        left = at
        const stop = new AbortController()
        const opened = engine.open(LIVE).then((s) => s.close())
        const asked = name === 'thaw_file' || name === 'thaw_store' ? [opened]
          : [store.text(PARTS), store.text({ op: OP.verify }), store.each(PARTS, { signal: stop.signal }, () => stop.abort()), opened]
        const results = await Promise.allSettled(asked)
        for (let waited = 0; died.length === 0 && waited < 200; waited++) await tick()
        assert.equal(died.length, 1, `${name}, ${at}`)
        assert.ok(died[0].constructor === TrapError && died[0].cause.message === 'unreachable', died[0])
        for (const { status, reason } of results) if (status === 'rejected' && reason !== stop.signal.reason) assert.ok(reason instanceof TrapError, reason)
        await store.refresh()
        assert.equal((await store.lines(ALL)).length, store.report.events)
        engine.close()
      }
    }
  },
  async 'a worker that dies'() {
    const died = []
    const engine = await Engine.start({ wasm: bytes, spawn: () => thread(wasmExec), onDeath: (err) => died.push(err) })
    // Node cannot read a file's Blob in another thread.
    const files = fs.readdirSync(b).map((name) => ({ name, bytes: new Uint8Array(fs.readFileSync(path.join(b, name))) }))
    const store = await engine.open({ kind: 'memory', files }), want = await store.text(ALL)
    const asked = [store.text(PARTS), store.rows(ALL), engine.scratch('crash')]
    for (const { status, reason } of await Promise.allSettled(asked)) if (status === 'rejected') assert.ok(reason instanceof TrapError, reason)
    assert.ok(died.length === 1 && /as a test wants it/.test(died[0].message), died)
    await store.refresh()
    assert.equal(await store.text(ALL), want)
    engine.close()
    await assert.rejects(Engine.start({ wasm: bytes, spawn: () => thread('/no/such/file') }), TrapError)
  },
  async 'kept windows and memory are bounded'() {
    const cache = 256 << 10
    const engine = await start({ cache, guestCache: 1 }), stores = [await engine.open(await source(b)), await engine.open(await source(b))]
    let peak = 0
    for (let i = 0; i < 60; i++) {
      for (const s of stores) {
        await Promise.all([s.rows({ op: OP.query, limit: 3 }), s.bytes({ op: OP.query, format: FORMAT.fullRows })])
        await s.bytes({ op: OP.query, format: FORMAT.rows, reverse: true })
      }
      const m = await engine.memory()
      assert.ok(m.cache <= cache, `${m.cache} bytes of windows`)
      peak = Math.max(peak, m.wasm)
    }
    assert.ok(peak < 24 << 20, `${peak} bytes of memory`)
    stores.forEach((s) => s.close())
    await engine.open(await source(a))
    assert.ok((await engine.memory()).cache < 200 << 10) // those of closed stores are gone
    engine.close()
  },
}

for (const [name, [question, names]] of Object.entries(refused)) {
  cases[`question: ${name}`] = async (engine) => {
    const store = await engine.open({ kind: 'memory', files: [] })
    const wrong = (err) => err instanceof TypeError && err.message.startsWith('thaw: ') && err.message.includes(names)
    const inText = ![FORMAT.rows, FORMAT.fullRows].includes(question?.format)
    for (const how of inText ? ['text', 'lines', 'bytes'] : ['bytes']) await assert.rejects(store[how](question), wrong, how)
    await assert.rejects(store.each(question, {}, () => {}), wrong)
    if (question) await assert.rejects(store.rows(question), TypeError)
    store.close()
  }
}

const engine = await start()
const only = process.argv[6]
for (const [name, run] of Object.entries(cases)) {
  if (only && !name.includes(only)) continue
  let error = null
  try {
    await run(engine)
  } catch (err) {
    error = String(err?.stack ?? err)
  }
  console.log(JSON.stringify({ name, error }))
}
engine.close()
for (const dir of copies) fs.rmSync(dir, { recursive: true, force: true })
process.stdout.write('', () => process.exit()) // also with engines that a failed case left
