import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from './channel.mjs'
import { filesOf, nameOf } from './pieces.mjs'
import { blobSink, fileName } from './sink.mjs'
import { takeLines, takeStore } from './work.mjs'

const utf8 = new TextEncoder()

function piece(file, text) {
  const bytes = utf8.encode(text)
  const b = new Uint8Array(8 + bytes.length)
  const v = new DataView(b.buffer)
  v.setUint32(0, b.length, true)
  v.setUint32(4, file, true)
  b.set(bytes, 8)
  return b
}

function join(...all) {
  const b = new Uint8Array(all.reduce((n, x) => n + x.length, 0))
  all.reduce((at, x) => (b.set(x, at), at + x.length), 0)
  return b
}

const RESULT = '{"events":2,"first_seq":0,"end_seq":2,"files":2,"names":true,"left_out":[],"more":0,"damages":0}\n'
const PARTS = [join(piece(1, 'one '), piece(1, 'file')), join(piece(1, '!'), piece(2, 'two')), join(piece(0xffffffff, 'names'), piece(0, RESULT))]

const text = async (input) => {
  let s = ''
  for await (const b of input) s += new TextDecoder().decode(b)
  return s
}

test('files come out of their pieces', async () => {
  const found = {}
  let result = null
  for await (const { name, input } of filesOf(PARTS, (r) => { result = r })) found[name] = await text(input)
  assert.deepEqual(found, { '000001.fbat': 'one file!', '000002.fbat': 'two', 'names.thaw': 'names' })
  assert.equal(result.events, 2)
  assert.equal(nameOf(1234567), '1234567.fbat')
})

test('an extract that is not whole is an error', async () => {
  const all = async (parts) => { for await (const { input } of filesOf(parts, () => {})) await text(input) }
  await assert.rejects(all(PARTS.slice(0, 2)), /ends early/)
  await assert.rejects(all([piece(1, 'a'), piece(2, 'b'), piece(1, 'c'), piece(0, RESULT)]), /returns/)
  await assert.rejects(all([piece(0, RESULT), piece(1, 'a')]), /after its end/)
  await assert.rejects(async () => { for await (const _ of filesOf(PARTS, () => {})); }, /not read/)
})

test('a channel hands over one after the other, and waits', async () => {
  const c = new Channel()
  let put = 0
  const work = (async () => {
    for (let i = 0; i < 3; i++) {
      await c.put(i)
      put++
    }
    c.close()
  })()
  const got = []
  for await (const item of c) {
    got.push(item)
    assert.ok(put <= got.length)
  }
  await work
  assert.deepEqual(got, [0, 1, 2])
})

test('a channel passes errors both ways', async () => {
  const c = new Channel()
  const put = c.put(1)
  c.close(new Error('gone'))
  await assert.rejects(put, /gone/)
  await assert.rejects(async () => { for await (const _ of c); }, /gone/)
  const d = new Channel()
  const first = d.put(1)
  for await (const _ of d) break
  await first
  await assert.rejects(d.put(2), /nothing more/)
})

const storeOf = (parts) => ({
  asked: null,
  async each(question, { signal }, fn) {
    this.asked = question
    for (const part of parts) {
      signal?.throwIfAborted()
      await fn(part)
    }
    signal?.throwIfAborted()
  },
})

function collect(most = Infinity) {
  const sink = { bytes: [], closed: 0, aborted: 0 }
  return Object.assign(sink, {
    write: async (b) => {
      if (sink.bytes.length + b.length > most) throw new Error('full')
      sink.bytes.push(...b)
    },
    close: async () => { sink.closed++ },
    abort: async () => { sink.aborted++ },
  })
}

// zip is a stream of names and contents, in place of a real archive.
const zip = (files) => ReadableStream.from((async function* () {
  for await (const { name, input } of files) {
    yield utf8.encode(`[${name}]`)
    yield* input
  }
})())

test('lines are written and counted', async () => {
  const store = storeOf(['{"seq":0}\n{"failure":{},"seq":1}\n', '{"seq":2,"é":1}\n'])
  const sink = collect()
  const seen = []
  const done = await takeLines(store, { prefix: 'a' }, { payloads: true, sink, onProgress: (p) => seen.push(p.events) })
  assert.deepEqual(done, { events: 3, unread: 1, bytes: sink.bytes.length })
  assert.deepEqual(seen, [2, 3])
  assert.equal(sink.closed, 1)
  assert.equal(new TextDecoder().decode(Uint8Array.from(sink.bytes)).split('\n').length, 4)
  assert.deepEqual(store.asked, { op: 2, prefix: 'a', format: 3, goOn: true, rows: 2048, bytes: 1 << 20 })
})

test('a full disk and a cancelled export leave nothing', async () => {
  for (const take of [(o) => takeLines(storeOf(['{}\n', '{}\n']), {}, o), (o) => takeStore(storeOf(PARTS), {}, { folder: 'x', zip, ...o })]) {
    const full = collect(1)
    await assert.rejects(take({ sink: full }), /full/)
    assert.equal(full.aborted, 1)
    assert.equal(full.closed, 0)
    const control = new AbortController()
    const stopped = collect()
    await assert.rejects(take({ sink: stopped, signal: control.signal, onProgress: () => control.abort(new Error('enough')) }), /enough/)
    assert.equal(stopped.aborted, 1)
    assert.equal(stopped.closed, 0)
  }
})

test('a store is a zip', async () => {
  const sink = collect()
  const { result, files, bytes } = await takeStore(storeOf(PARTS), { scope: 's' }, { folder: 'orders', zip, sink })
  assert.equal(result.files, 2)
  assert.equal(files, 3)
  assert.equal(bytes, sink.bytes.length)
  assert.equal(new TextDecoder().decode(Uint8Array.from(sink.bytes)), '[orders/000001.fbat]one file![orders/000002.fbat]two[orders/names.thaw]names')
  assert.equal(sink.closed, 1)
})

test('an extract that fails is not a zip', async () => {
  const broken = { async each(_, __, fn) {
    await fn(PARTS[0])
    throw new Error('a file could not be read')
  } }
  const sink = collect()
  await assert.rejects(takeStore(broken, {}, { folder: 'x', zip, sink }), /could not be read/)
  assert.equal(sink.closed, 0)
})

test('a Blob has a bound', async () => {
  const saved = []
  const sink = blobSink('a.ndjson', 'text/plain', { most: 10, save: (blob, name) => saved.push([blob, name]) })
  await sink.write(utf8.encode('hello '))
  await assert.rejects(sink.write(utf8.encode('world')), /cannot be downloaded/)
  const good = blobSink('b', 'text/plain', { save: (blob, name) => saved.push([blob, name]) })
  await good.write(utf8.encode('hello'))
  await good.close()
  assert.equal(saved.length, 1)
  assert.equal(await saved[0][0].text(), 'hello')
})

test('a file has a harmless name', () => {
  assert.equal(fileName('orders', '.zip'), 'orders.zip')
  assert.equal(fileName('../../etc/passwd', '.zip'), 'etc-passwd.zip')
  assert.equal(fileName('\u202e', '.zip'), 'store.zip')
  assert.equal(fileName('x'.repeat(500), '').length, 60)
})
