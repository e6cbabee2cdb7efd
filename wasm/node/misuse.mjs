// Misuses thaw.mjs for a test. Arguments are thaw.wasm and two directories of stores.
// Prints a line per case, {"name", "error"}: the failure, or null.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { refused } from './refused.mjs'
import { sleepless } from './sleep.mjs'
import { ClosedError, encode, FLAG, FORMAT, MemoryError, OP, Plugin, ReadError, Store, ThawError, TrapError } from './thaw.mjs'

const [wasm, a, b] = process.argv.slice(2)
const ALL = { op: OP.query, format: FORMAT.payloads }
const count = (store) => [...store.lines(ALL)].length
const closed = (what) => (err) => err instanceof ClosedError && err.message === `thaw: the ${what} is closed`

// failing makes calls of node:fs fail while fn runs.
function failing(name, code, fn, when = () => true) {
  const real = fs[name]
  fs[name] = (...args) => {
    if (when(...args)) throw Object.assign(new Error(`${code}: as a test wants it`), { code, errno: -1, syscall: name })
    return real(...args)
  }
  try {
    return fn()
  } finally {
    fs[name] = real
  }
}

// uncalled fails if fn calls the instance.
function uncalled(plugin, fn) {
  plugin.call = (name) => assert.fail(`${name} was called`)
  try {
    return fn()
  } finally {
    delete plugin.call
  }
}

const cases = {
  async 'close again closes nothing of others'(plugin) {
    const first = plugin.open(a)
    count(first)
    first.close()
    const second = plugin.open(b)
    const want = count(second)
    for (const _ of second.lines({ ...ALL, limit: 1 })) break
    const fd = fs.openSync(wasm) // an unrelated descriptor
    uncalled(plugin, () => first.close())
    assert.equal(count(second), want)
    assert.ok(fs.fstatSync(fd).isFile())
    fs.closeSync(fd)
    second.close()
    second.close()
  },
  async 'every use of a closed store'(plugin) {
    const store = plugin.open(a)
    const begun = store.answers({ ...ALL, rows: 1 }), lines = store.lines({ ...ALL, rows: 1 }), waiting = store.lines(ALL)
    begun.next()
    lines.next()
    store.close()
    for (const use of [
      () => begun.next(), () => lines.next(), () => waiting.next(), () => store.answers(ALL), () => store.lines(ALL),
      () => store.ask(ALL), () => store.ask({ entty: 'e' }),
    ]) assert.throws(use, closed('store'))
    for (const over of [begun, lines, waiting]) {
      assert.deepEqual(over.next(), { value: undefined, done: true })
      over.return()
    }
    const other = plugin.open(b) // ended iterators drop none of its tasks
    const asked = other.answers({ ...ALL, rows: 1 })
    asked.next()
    store.close()
    assert.equal(typeof asked.next().value, 'string')
    other.close()
  },
  async 'a store closed while it is iterated'(plugin) {
    const store = plugin.open(b)
    assert.throws(() => {
      for (const _ of store.answers({ ...ALL, rows: 1 })) store.close()
    }, closed('store'))
  },
  async 'an iterator that is ended after its store'(plugin) {
    const store = plugin.open(b), iteration = store.lines({ ...ALL, rows: 1 })
    iteration.next()
    store.close()
    uncalled(plugin, () => iteration.return())
  },
  async 'a closed plugin'() {
    const plugin = await Plugin.load(wasm), store = plugin.open(a)
    count(store)
    const iteration = store.answers({ ...ALL, rows: 1 })
    iteration.next()
    plugin.close()
    plugin.close()
    store.close()
    assert.throws(() => iteration.next(), closed('store'))
    assert.throws(() => store.ask(ALL), closed('store'))
    assert.throws(() => plugin.open(a), closed('plugin'))
    assert.throws(() => new Store(plugin, a), closed('plugin'))
  },
  async 'a plugin that trapped'() {
    const cause = new WebAssembly.RuntimeError('unreachable')
    let calls = 0
    const trapping = new Plugin({
      thaw_abi_version: () => 2, thaw_out: () => 0,
      thaw_store() {
        calls++
        throw cause
      },
    })
    for (let n = 0; n < 2; n++) assert.throws(() => trapping.open(a), (err) => err.constructor === TrapError && err.cause === cause)
    assert.equal(calls, 1)
    trapping.close()
  },
  async 'a plugin of another version'() {
    for (const version of [1, 3]) {
      assert.throws(() => new Plugin({ thaw_abi_version: () => version }), { message: `thaw.wasm speaks version ${version} of the ABI, not 2` })
    }
  },
  async 'reports are text in every format'() {
    const store = (await Plugin.load(wasm)).open(a)
    for (const op of [OP.report, OP.verify]) {
      const [rows, plain] = [FORMAT.rows, FORMAT.plain].map((format) => store.ask({ op, format, from: 7 }))
      assert.equal(rows, plain)
      assert.equal(typeof JSON.parse(rows), 'object')
      assert.deepEqual([...store.lines({ op, format: FORMAT.rows, from: 7 })], [plain.slice(0, -1)])
    }
    assert.equal(typeof JSON.parse(store.ask({ op: OP.report })).parts, 'number')
  },
  async 'a plugin without memory'() {
    const { instantiate } = WebAssembly
    let memory
    WebAssembly.instantiate = async (...args) => {
      const instance = await instantiate(...args)
      memory = instance.exports.memory
      return instance
    }
    let plugin
    try {
      plugin = await Plugin.load(wasm)
    } finally {
      WebAssembly.instantiate = instantiate
    }
    memory.grow(65536 - memory.buffer.byteLength / 65536) // to 4 GiB: no memory is left for the instance
    const lacking = (err) => err instanceof MemoryError && err instanceof TrapError && /out of memory/.test(err.message) &&
      err.cause instanceof WebAssembly.RuntimeError
    assert.throws(() => {
      for (;;) plugin.call('thaw_alloc', 16 << 20)
    }, lacking)
    assert.throws(() => plugin.open(a), lacking)
    plugin.close()
  },
  async 'options that are none'(plugin) {
    for (const options of [{ flag: 1 }, { flags: 1 }, { flags: 'strict' }, { seed: -1 }, { seed: 'x' }, { whole: 1 }, null, 'strict', { constructor: 1 }]) {
      assert.throws(() => plugin.open(a, options), TypeError, JSON.stringify(options))
    }
    assert.throws(() => plugin.open(), TypeError)
    assert.throws(() => plugin.open(42), TypeError)
    await assert.rejects(Plugin.load(wasm, { descriptor: 1 }), TypeError)
    for (const descriptors of [0, -1, 1.5, '9', NaN]) await assert.rejects(Plugin.load(wasm, { descriptors }), TypeError)
    plugin.open(a, { flags: FLAG.strict | FLAG.checkFrames, seed: 2n ** 64n - 1n, whole: true }).close()
  },
  async 'an id finds its event and no other'(plugin) {
    const store = plugin.open(a)
    const id = JSON.parse(store.ask({ op: OP.query, limit: 1 })).event_id
    assert.match(id, /^[0-9a-f]{32}$/)
    const dashed = id.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
    for (const spelt of [id, id.toUpperCase(), dashed]) {
      assert.equal(JSON.parse(store.ask({ op: OP.get, id: spelt })).event_id, id)
    }
    assert.throws(() => store.ask({ op: OP.get, id: 'f'.repeat(32) }), (err) => err instanceof ThawError && err.code === -1 && err.details.error.length > 0)
    store.close()
  },
  async 'dates and texts of kinds'() {
    const same = (one, other) => assert.deepEqual(encode({ op: OP.query, ...one }), encode({ op: OP.query, ...other }))
    const since = new Date('2026-05-01T12:00:00.250Z'), until = new Date('1969-12-31T23:59:59.999Z')
    same({ since, until }, { since: 1777636800250000, until: -1000n })
    same({ anyOf: ['0x1001', '0xF00D', 7, '0xa'] }, { anyOf: [0x1001, 0xf00d, 7, 10] })
    same({ kinds: ['0x1000', '0x1fff'] }, { kinds: [0x1000, 0x1fff] })
  },
  async 'rows are bytes'(plugin) {
    const store = plugin.open(a)
    const rows = store.ask({ op: OP.query, format: FORMAT.rows, limit: 1 })
    assert.ok(rows instanceof Uint8Array)
    assert.equal(new DataView(rows.buffer, rows.byteOffset).getUint32(0, true), rows.length)
    const full = JSON.parse(store.ask({ op: OP.read, format: FORMAT.full, row: rows }))
    assert.equal(full.event_id, JSON.parse(store.ask({ op: OP.query, limit: 1 })).event_id)
    const three = store.ask({ op: OP.query, format: FORMAT.rows, limit: 3 })
    const withPayloads = { op: OP.query, format: FORMAT.rows, limit: 3, payloads: true }
    assert.deepEqual(store.ask({ op: OP.readEach, format: FORMAT.fullRows, row: three }), store.ask(withPayloads))
    assert.deepEqual(store.ask({ ...withPayloads, format: FORMAT.fullRows }), store.ask(withPayloads))
    assert.throws(() => store.lines(withPayloads), TypeError)
    assert.throws(() => store.lines({ op: OP.query, format: FORMAT.rows }), TypeError)
    assert.throws(() => store.ask({ op: OP.get, id: 'f'.repeat(32), format: FORMAT.rows }), (err) => err instanceof ThawError && err.code === -1 && err.details === null)
    store.close()
  },
  async 'what the system refuses to read is no damage'(plugin) {
    for (const code of ['EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EIO', 'ESTALE', 'ENOMEM']) {
      for (const call of ['openSync', 'readSync', 'fstatSync']) {
        const read = (err) => err instanceof ReadError && err.code === code && err.cause.code === code && err.message.includes(err.file)
        assert.throws(() => failing(call, code, () => plugin.open(b)), read, `${call} ${code}`)
        assert.throws(() => failing('readFileSync', code, () => plugin.open(b, { whole: true })), read)
        for (const list of ['readdirSync', 'lstatSync']) assert.throws(() => failing(list, code, () => plugin.open(b)), read, `${list} ${code}`)
        const store = plugin.open(b)
        assert.throws(() => failing(call, code, () => count(store), (file) => call !== 'openSync' || file.endsWith('.fbat')), read, `${call} ${code}`)
        assert.throws(() => failing(call, code, () => store.ask({ op: OP.verify }), (file) => call !== 'openSync' || file.endsWith('.fbat')), read, `${call} ${code}`)
        const events = count(store) // after the system recovers
        assert.equal(events, Number(store.ask({ op: OP.count })))
        assert.equal(JSON.parse(store.ask({ op: OP.report })).damages.length, 0, `${call} ${code}`)
        store.close()
      }
    }
  },
  async 'a directory that the system refuses'(plugin) {
    for (const code of ['EACCES', 'EIO', 'ENOTDIR', 'ENOENT', 'EMFILE']) {
      for (const call of ['readdirSync', 'lstatSync']) {
        assert.throws(() => failing(call, code, () => plugin.open(b)), (err) =>
          err instanceof ReadError && err.code === code && err.cause.code === code && err.file.startsWith(b) && err.message.includes(b), `${call} ${code}`)
      }
    }
    assert.throws(() => plugin.open(b + '/none'), (err) => err instanceof ReadError && err.code === 'ENOENT' && err.file === b + '/none')
    assert.equal(count(plugin.open(b)), count(plugin.open(b)))
  },
  async 'a short read is read on'(plugin) {
    const want = count(plugin.open(b))
    const real = fs.readSync
    fs.readSync = (fd, to, at, length, offset) => real(fd, to, at, Math.min(length, 100), offset)
    try {
      const store = plugin.open(b)
      assert.equal(count(store), want)
      store.close()
    } finally {
      fs.readSync = real
    }
  },
  async 'descriptors are bounded'() {
    const most = 3
    const plugin = await Plugin.load(wasm, { descriptors: most })
    let open = 0, peak = 0, opened = 0
    const { openSync, closeSync } = fs
    fs.openSync = (...args) => {
      const fd = openSync(...args)
      opened++
      peak = Math.max(peak, ++open)
      return fd
    }
    fs.closeSync = (fd) => {
      closeSync(fd)
      open--
    }
    try {
      const stores = [plugin.open(b), plugin.open(b)]
      const counts = stores.map(count)
      assert.equal(counts[0], counts[1])
      assert.ok(opened > 2 * most, `${opened} files were opened`)
      assert.equal(peak, most)
      stores.forEach((s) => s.close())
      assert.equal(open, 0)
    } finally {
      Object.assign(fs, { openSync, closeSync })
    }
  },
  async 'a process without descriptors'(plugin) {
    const store = plugin.open(b), other = plugin.open(b)
    const events = Number(store.ask({ op: OP.count }))
    const held = []
    const holdAll = () => {
      try {
        while (held.length < 1000) held.push(fs.openSync(wasm))
      } catch (err) {
        assert.equal(err.code, 'EMFILE')
      }
    }
    try {
      holdAll()
      if (held.length === 1000) return // the process has no limit
      assert.equal(count(store), events, 'it gives up a descriptor of its own for the next')
      store.close()
      other.close()
      holdAll()
      assert.throws(() => plugin.open(b), (err) => err.code === 'EMFILE' && !(err instanceof ThawError))
    } finally {
      held.forEach((fd) => fs.closeSync(fd))
    }
    const again = plugin.open(b)
    assert.equal(count(again), events)
    again.close()
  },
  async 'a sleep without descriptors'() {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const v = new DataView(memory.buffer)
    v.setBigUint64(64, 0x1122334455667788n, true)
    v.setUint8(72, 1)
    new Uint8Array(memory.buffer, 128, 40).fill(255)
    const { poll_oneoff: poll } = sleepless({ wasi_snapshot_preview1: { poll_oneoff: () => 33 } }, () => memory).wasi_snapshot_preview1
    assert.equal(poll(64, 128, 1, 256), 0)
    assert.equal(v.getUint32(256, true), 1)
    assert.equal(v.getBigUint64(128, true), 0x1122334455667788n)
    assert.equal(v.getUint16(136, true), 0)
    assert.equal(v.getUint8(138), 1)
    assert.equal(v.getUint8(160), 255)
  },
  async 'a file that is replaced while the store is opened'(plugin) {
    const dir = fs.mkdtempSync(a + '-')
    fs.cpSync(b, dir, { recursive: true })
    const { readdirSync } = fs
    let replaced = 0
    fs.readdirSync = (...args) => {
      if (replaced++ === 0) { // index.fbati was already listed
        fs.copyFileSync(`${dir}/index.fbati`, `${dir}/copy`)
        fs.renameSync(`${dir}/copy`, `${dir}/index.fbati`)
      }
      return readdirSync(...args)
    }
    try {
      const store = plugin.open(dir)
      assert.equal(replaced, 2)
      assert.equal(JSON.parse(store.ask({ op: OP.report })).rejected.length, 0)
      store.close()
    } finally {
      fs.readdirSync = readdirSync
      fs.rmSync(dir, { recursive: true })
    }
  },
  async 'a file that was replaced is gone'() {
    const plugin = await Plugin.load(wasm)
    const dir = fs.mkdtempSync(a + '-')
    fs.cpSync(b, dir, { recursive: true })
    const store = plugin.open(dir)
    fs.copyFileSync(`${dir}/000001.fbat`, `${dir}/copy`)
    fs.renameSync(`${dir}/copy`, `${dir}/000001.fbat`) // not read by the open
    assert.throws(() => count(store), (err) => err instanceof ThawError && err.code === -4)
    const again = plugin.open(dir)
    assert.equal(count(again), count(plugin.open(b)))
    plugin.close()
    fs.rmSync(dir, { recursive: true })
  },
}

for (const [name, [question, names]] of Object.entries(refused)) {
  cases[`question: ${name}`] = async (plugin) => {
    const store = plugin.open(a)
    const wrong = (err) => err instanceof TypeError && err.message.startsWith('thaw: ') && err.message.includes(names)
    const asks = [encode, (q) => store.ask(q), (q) => store.lines(q), (q) => store.answers(q)]
    uncalled(plugin, () => asks.forEach((ask) => assert.throws(() => ask(question), wrong)))
    store.close()
  }
}

const plugin = await Plugin.load(wasm)
for (const [name, run] of Object.entries(cases)) {
  let error = null
  try {
    await run(plugin)
  } catch (err) {
    error = String(err?.stack ?? err)
  }
  console.log(JSON.stringify({ name, error }))
}
