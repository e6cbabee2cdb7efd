// The engine as a page uses it: stores are opened and asked in one dedicated worker, and the
// page never waits.
//
//   const engine = await Engine.start({ wasm, workerSource, onDeath: (err) => … })
//   const store = await engine.open({ kind: 'files', name: 'orders', files })
//   for (const row of await store.rows({ op: OP.query, prefix: 'order:', limit: 50 })) …
//   store.close()
//
// Promises are rejected with the errors of ../../js/errors.mjs: a TypeError for an invalid
// question, a ThawError for what the store answers, a ReadError for what the system could not
// read, a TrapError or MemoryError when the worker ended, a ClosedError for what is closed,
// and with the reason of an AbortSignal.

import { ClosedError, MemoryError, ReadError, ThawError, TrapError } from '../../js/errors.mjs'
import { lines, parse } from '../../js/json.mjs'
import { checkKeys, DIRECTION, encode, FLAG, FORMAT, inText, OP } from '../../js/question.mjs'
import { files, links, numbers, rows, summaries } from '../../js/rows.mjs'
import { unpack } from './protocol.mjs'

export { ClosedError, DIRECTION, FLAG, FORMAT, MemoryError, OP, ReadError, ThawError, TrapError }

const OPEN_TRIES = 5 // of an open while a writer replaces files
const CACHE = 96 << 20 // bytes of windows
// MiB of cache in the engine, which takes some 2.5 times as much memory.
const GUEST_CACHE = 32
const ENV = { GOGC: '50' }
const text = new TextDecoder()

const anything = (_, v) => v
const must = (ok, wanted) => (key, v) => {
  if (!ok(v)) throw new TypeError(`thaw: ${key}: wanted ${wanted}`)
  return v
}
const func = must((v) => typeof v === 'function', 'a function')
const string = must((v) => typeof v === 'string', 'a string')
const bytes = must((v) => v instanceof Uint8Array, 'a Uint8Array')
const size = must((v) => Number.isSafeInteger(v) && v >= 0, 'a whole number')

const START = { 'wasm!': bytes, workerSource: string, spawn: func, onDeath: func, cache: size, guestCache: size, env: anything }
// Options that a caller passes on may be undefined.
const perhaps = (check) => (key, v) => (v === undefined ? v : check(key, v))
const bool = perhaps(must((v) => typeof v === 'boolean', 'true or false'))
const REFRESH = { signal: perhaps(must((v) => v instanceof AbortSignal, 'an AbortSignal')), onProgress: perhaps(func) }
const ASK = { ...REFRESH, urgent: bool }
const OPEN = { ...REFRESH, flags: anything, seed: anything, verifyOnly: bool }
const SOURCES = {
  files: { 'kind!': string, name: string, files: anything, list: func },
  http: { 'kind!': string, name: string, 'base!': string },
  memory: { 'kind!': string, name: string, 'files!': anything },
  scratch: { 'kind!': string, name: string },
}

// decoders of rows, for operations whose answers are not rows of events.
const DECODE = {
  [OP.entities]: summaries, [OP.scopes]: summaries, [OP.kinds]: summaries, [OP.graph]: links, [OP.extract]: files,
  [OP.count]: numbers, [OP.marks]: numbers,
}
const NO_ROWS = [OP.open, OP.report, OP.verify, OP.timeline, OP.frame, OP.state, OP.position]

export class Engine {
  #options
  #connection = null // a promise; null without a worker
  #closed = false

  // start starts the worker. wasm is engine.wasm, as it is or compressed with gzip;
  // workerSource is the worker's script. spawn stands in for workerSource: it returns a Worker.
  // onDeath is called when the worker ended by itself; the next open starts another.
  // cache is a bound in bytes for what is kept of files, guestCache one in MiB for the engine.
  static async start(options) {
    const engine = new Engine(checkKeys('the options of start', options, START))
    await engine.connect()
    return engine
  }

  constructor(options) {
    if (!options.spawn && options.workerSource === undefined) throw new TypeError('thaw: the options of start: the key workerSource is missing')
    this.#options = { spawn: () => fromSource(options.workerSource), onDeath: () => {}, cache: CACHE, guestCache: GUEST_CACHE, env: ENV, ...options }
  }

  // connect returns the connection to a living worker, of which there is one.
  connect() {
    if (this.#closed) return Promise.reject(new ClosedError('engine'))
    if (!this.#connection) {
      const { wasm, env, cache, spawn, onDeath } = this.#options
      const connection = new Connection(spawn(), (err) => {
        if (this.#connection === mine) this.#connection = null
        if (connection.started) onDeath(err)
      })
      const mine = this.#connection = connection.start({ wasm, env, cache }).then(() => connection)
    }
    return this.#connection
  }

  // open opens a store. source.kind is files, http, memory or scratch:
  //   { kind: 'files', files: [File] } or { kind: 'files', list: async () => [File] }, which is
  //   asked again for each refresh; a directory in it is { name, directory: true }
  //   { kind: 'http', base: 'store/' }
  //   { kind: 'memory', files: [{ name, bytes }] }
  //   { kind: 'scratch' }
  // With verifyOnly the store answers nothing but OP.verify, and is not opened: for one that
  // cannot be.
  async open(source, options = {}) {
    const checked = checkKeys('the options of open', options, OPEN)
    if (!Object.hasOwn(SOURCES, source?.kind)) throw new TypeError(`thaw: a source: unknown kind ${JSON.stringify(source?.kind)}`)
    checkKeys('a source', source, SOURCES[source.kind])
    if (source.kind === 'files' && !source.files === !source.list) throw new TypeError('thaw: a source: wanted one of the keys files and list')
    const { flags = 0, seed = Math.floor(Math.random() * 2 ** 48) } = checked
    const request = encode({ op: OP.open, flags, from: seed, limit: this.#options.guestCache })
    const store = new Store(this, source, checked.verifyOnly ? null : request)
    await store.refresh({ signal: checked.signal, onProgress: checked.onProgress })
    return store
  }

  // memory returns the bytes that the worker takes: of the engine, and of kept parts of files.
  async memory() {
    const connection = await this.connect()
    return connection.call({ do: 'memory' }).promise
  }

  // loadScratch starts another module of Go in the worker, which sets thawScratch, an object
  // of functions; scratch calls one of these.
  async loadScratch(wasm) {
    const connection = await this.connect()
    await connection.call({ do: 'load', wasm: bytes('wasm', wasm), env: {} }).promise
  }

  async scratch(name, ...args) {
    const connection = await this.connect()
    return connection.call({ do: 'scratch', name, args }).promise
  }

  // close ends the worker. What is asked is rejected with a ClosedError.
  close() {
    this.#closed = true
    this.#connection?.then((connection) => connection.end(new ClosedError('engine')), () => {})
    this.#connection = null
  }
}

// fromSource starts a worker whose script is a text.
function fromSource(source) {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  try {
    return new Worker(url)
  } finally {
    URL.revokeObjectURL(url)
  }
}

// Connection is a worker and the calls that it has not answered.
class Connection {
  #worker
  #onDeath
  #calls = new Map()
  #next = 0
  #ready
  ended = null // the error with which the worker ended
  started = false

  constructor(worker, onDeath) {
    this.#worker = worker
    this.#onDeath = onDeath
    worker.onmessage = ({ data }) => this.#take(data)
    worker.onerror = (event) => {
      event.preventDefault?.()
      this.die(new TrapError(event.error ?? new Error(event.message ?? 'the worker could not be started')))
    }
    // A worker has no onmessageerror in Chromium.
    worker.addEventListener?.('messageerror', () => this.die(new TrapError(new Error('a message could not be read'))))
  }

  start(message) {
    return new Promise((resolve, reject) => {
      this.#ready = { resolve, reject }
      this.#worker.postMessage({ do: 'start', ...message })
    })
  }

  // die ends the worker, which failed.
  die(err) {
    if (this.ended) return
    this.end(err)
    this.#onDeath(err)
  }

  end(err) {
    if (this.ended) return
    this.ended = err
    this.#worker.terminate()
    for (const call of [...this.#calls.values()]) call.reject(err)
    this.#ready.reject(err)
  }

  post(message) {
    if (!this.ended) this.#worker.postMessage(message)
  }

  // call sends a message and returns a call {id, promise, cancel(err), cancelled}. on may have
  // signal, onPart and onProgress.
  call(message, on = {}) {
    const { signal } = on
    const call = { id: ++this.#next, on, cancelled: false }
    call.promise = new Promise((resolve, reject) => {
      const settle = (fn) => (value) => {
        if (!this.#calls.delete(call.id)) return
        signal?.removeEventListener('abort', abort)
        fn(value)
      }
      call.resolve = settle(resolve)
      call.reject = settle(reject)
    })
    call.cancel = (err) => {
      if (!this.#calls.has(call.id)) return
      call.cancelled = true
      this.post({ do: 'cancel', id: call.id })
      call.reject(err)
    }
    const abort = () => call.cancel(signal.reason)
    this.#calls.set(call.id, call)
    if (this.ended) call.reject(this.ended)
    else if (signal?.aborted) call.reject(signal.reason)
    else {
      signal?.addEventListener('abort', abort)
      try {
        this.#worker.postMessage({ ...message, id: call.id })
      } catch (err) {
        call.reject(err) // it cannot be cloned
      }
    }
    return call
  }

  #take(data) {
    if (data.ready) {
      this.started = true
      this.#ready.resolve()
    } else if (data.dead) this.die(unpack(data.dead))
    const call = this.#calls.get(data.id)
    if (!call) return
    if (data.progress) call.on.onProgress?.(data.progress)
    else if (data.part) call.on.onPart(data.part)
    else if (data.error) call.reject(Object.assign(unpack(data.error), data.gone && { gone: true }))
    else call.resolve(data.end)
  }
}

// Store is an opened store. It shows what was in it at the last refresh.
export class Store {
  #engine
  #request
  #connection = null
  #handle = 0
  #calls = new Set() // that close ends
  #closed = false

  constructor(engine, source, request) {
    this.#engine = engine
    this.source = source
    this.#request = request // null to verify only
    this.report = null // the object of OP.report
    this.files = [] // of {name, size, regular}
    this.kindNames = {} // from kind to name
    this.kindNamesError = null // why there are none, a text
  }

  // refresh opens the store again, with what is there now. If that fails, the store stays as
  // it was. What was asked before is answered before the old state goes.
  async refresh(options = {}) {
    const { signal, onProgress } = checkKeys('the options of refresh', options, REFRESH)
    this.#mustBeOpen()
    const report = encode({ op: OP.report })
    const again = this.source.kind !== 'memory' && !this.source.files // nothing else could be listed
    for (let tries = 1; ; tries++) {
      const last = !again || tries === OPEN_TRIES
      const connection = await this.#engine.connect()
      signal?.throwIfAborted()
      const source = await posted(this.source)
      let opened
      try {
        opened = await connection.call({ do: 'open', source, request: this.#request, report }, { signal, onProgress }).promise
      } catch (err) {
        if (err.gone && !last) continue // a file was replaced before it was read
        throw err
      }
      if (opened.gone && !last || this.#closed) {
        connection.post({ do: 'close', store: opened.store })
        this.#mustBeOpen()
        continue
      }
      this.#adopt(connection, opened)
      return
    }
  }

  #adopt(connection, opened) {
    this.#release()
    this.#connection = connection
    this.#handle = opened.store
    this.#calls = new Set()
    this.files = opened.files
    this.report = opened.report === null ? null : parse(opened.report)
    this.kindNames = opened.kindNames
    this.kindNamesError = opened.kindNamesError
  }

  // release closes the worker's store once the calls on it are over.
  #release() {
    const connection = this.#connection, store = this.#handle
    if (!connection) return
    Promise.allSettled([...this.#calls].map(({ promise }) => promise)).then(() => connection.post({ do: 'close', store }))
  }

  // rows returns the rows of an answer as objects: events, summaries of names or kinds,
  // events with distances, or numbers, by the operation. Options are signal, onProgress,
  // which gets {done, total}, and urgent: before other questions.
  async rows(question, options) {
    if (NO_ROWS.includes(question?.op)) throw new TypeError('thaw: rows: the answer has no rows')
    const asked = { format: FORMAT.rows, ...question }
    if (![FORMAT.rows, FORMAT.fullRows].includes(asked.format)) throw new TypeError('thaw: format: wanted one of rows, or none')
    return (DECODE[asked.op] ?? rows)(await this.#ask(asked, options))
  }

  // lines returns the lines of an answer as objects. Integers above 2^53 are BigInts.
  async lines(question, options) { return lines(await this.text(question, options)) }

  // text returns an answer in text.
  async text(question, options) {
    if (question && !inText(question)) throw new TypeError('thaw: lines and text: rows are bytes')
    return text.decode(await this.#ask(question, options))
  }

  // bytes returns an answer in any format.
  async bytes(question, options) { return this.#ask(question, options) }

  // each calls fn with one part of an answer after the other, texts or bytes by its format,
  // and waits for what fn returns. Parts have whole lines or rows.
  async each(question, options, fn) {
    func('each', fn)
    const decode = question && inText(question) ? (b) => text.decode(b) : (b) => b
    let used = Promise.resolve()
    const call = this.#call(question, options, {
      onPart: (part) => {
        used = used.then(async () => {
          if (call.cancelled) return
          await fn(decode(part))
          call.connection.post({ do: 'ack', id: call.id })
        })
        used.catch((err) => call.cancel(err))
      },
    })
    try {
      await call.promise
    } catch (err) {
      if (!call.cancelled) await used // the parts before the error
      throw err
    }
    await used
  }

  async #ask(question, options) { return this.#call(question, options, null).promise }

  #call(question, options = {}, parts) {
    const { signal, onProgress, urgent = false } = checkKeys('the options of a question', options, ASK)
    const request = encode(question)
    if (question.op === OP.open) throw new TypeError('thaw: a question: a store is open already')
    this.#mustBeOpen()
    const connection = this.#connection
    const call = connection.call({ do: 'ask', store: this.#handle, request, urgent, parts: parts !== null }, { signal, onProgress, ...parts })
    const calls = this.#calls
    calls.add(call)
    const over = () => calls.delete(call)
    call.promise.then(over, over)
    return Object.assign(call, { connection })
  }

  #mustBeOpen() {
    if (this.#closed) throw new ClosedError('store')
  }

  // close ends what is asked with a ClosedError. It may be called again.
  close() {
    if (this.#closed) return
    this.#closed = true
    for (const call of [...this.#calls]) call.cancel(new ClosedError('store'))
    this.#release()
  }
}

// posted returns a source as the worker gets it.
async function posted(source) {
  switch (source.kind) {
    case 'files': return { kind: 'files', files: topLevel(source.list ? await source.list() : source.files) }
    case 'http': return { kind: 'http', base: new URL(source.base, globalThis.document?.baseURI ?? globalThis.location?.href).href }
    case 'memory': return { kind: 'memory', files: source.files.map(({ name, bytes }) => ({ name, bytes })) }
    default: return { kind: source.kind }
  }
}

// topLevel returns the files of a directory, {name, file}, from what a page gets: a File of
// <input webkitdirectory> has a path, and those below directories of the store stand only for
// their directory. A store's name twice is an error.
export function topLevel(list) {
  const out = new Map(), directories = new Set()
  for (const file of list) {
    const [first, below] = (file.webkitRelativePath || '').split('/').slice(1)
    if (file.directory || below !== undefined) directories.add(file.directory ? file.name : first)
    else if (out.has(file.name)) throw new TypeError(`thaw: two files are named ${JSON.stringify(file.name)}: choose those of one directory`)
    else out.set(file.name, { name: file.name, file })
  }
  for (const name of directories) if (!out.has(name)) out.set(name, { name, file: null })
  return [...out.values()]
}

// directoryFiles lists a FileSystemDirectoryEntry, which a page gets for a dropped directory,
// for {kind: 'files', list: () => directoryFiles(entry)}. A File is of the moment of its
// making, so the files that say how far a store goes come first.
export async function directoryFiles(entry) {
  const reader = entry.createReader(), entries = []
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    entries.push(...some)
  }
  const rank = ({ name }) => (name.endsWith('.fbat') ? 1 : name === 'visibility_ranges.fbv' ? 2 : 0)
  const out = []
  for (const e of entries.sort((a, b) => rank(a) - rank(b))) {
    if (!e.isFile) out.push({ name: e.name, directory: true })
    else {
      const file = await new Promise((resolve, reject) => e.file(resolve, reject)).catch((err) => {
        if (err.name === 'NotFoundError') return null // removed meanwhile
        throw new ReadError(e.name, err)
      })
      if (file) out.push(file)
    }
  }
  return out
}
