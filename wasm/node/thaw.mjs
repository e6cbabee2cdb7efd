// A loader of thaw.wasm for Node, in plain JavaScript. It follows ../guest/ABI.md and
// nothing else, and is an example of the ABI for other languages.
//
//   const plugin = await Plugin.load('thaw.wasm')
//   const store = plugin.open('orders')
//   for (const line of store.lines({ op: OP.query, entity: 'order:42', payloads: true })) console.log(line)
//   store.close()
//
// An invalid call throws a TypeError and asks nothing. A failed read throws a ReadError
// with its cause, a refused file or question a ThawError. close may be called again; any
// other call on a closed object throws a ClosedError.

import fs from 'node:fs'
import { WASI } from 'node:wasi'
import { ClosedError, MemoryError, ReadError, ThawError, TrapError } from './errors.mjs'
import { Descriptors, LATEST, look, READ } from './files.mjs'
import { checkKeys, DIRECTION, encode, FLAG, FORMAT, inText, OP } from './question.mjs'
import { Stderr } from './stderr.mjs'

export { ClosedError, DIRECTION, encode, FLAG, FORMAT, MemoryError, OP, ReadError, ThawError, TrapError }

const VERSION = 2
const DONE = 0, ROWS = 1, WANTS = 2
const WANT_SIZE = 24
const MOST_DESCRIPTORS = 32 // of all stores of a plugin, unless load sets another bound
const OPEN_TRIES = 5 // of an open while a writer replaces files
const MOST_WHOLE = 2 ** 31 - 1 // bytes of a buffer
const utf8 = new TextEncoder(), text = new TextDecoder()

const anything = (_, v) => v

export class Plugin {
  #x
  #stores = new Set()
  #closed = false
  #trap = null
  #stderr // of the instance, null if not captured
  #buffer = 0
  #size = 0

  // load compiles a file and starts one instance. Its stores together keep at most
  // options.descriptors descriptors open.
  static async load(file, options = {}) {
    const { descriptors } = checkKeys('the options of load', options, { descriptors: anything })
    const wasi = new WASI({ version: 'preview1' })
    const module = await WebAssembly.compile(fs.readFileSync(file))
    const stderr = new Stderr(wasi.getImportObject())
    const instance = await WebAssembly.instantiate(module, stderr.imports)
    stderr.memory = instance.exports.memory
    wasi.initialize(instance)
    return new Plugin(instance.exports, descriptors, stderr)
  }

  constructor(exports, descriptors = MOST_DESCRIPTORS, stderr = null) {
    if (!Number.isSafeInteger(descriptors) || descriptors < 1) throw new TypeError('thaw: descriptors: wanted a whole number from 1')
    this.#x = exports
    this.#stderr = stderr
    this.descriptors = new Descriptors(descriptors)
    const version = this.call('thaw_abi_version')
    if (version !== VERSION) throw new Error(`thaw.wasm speaks version ${version} of the ABI, not ${VERSION}`)
    this.out = this.call('thaw_out') >>> 0
  }

  get alive() { return !this.#closed && this.#trap === null }

  // call calls an export. After a trap the state of the instance is undefined.
  call(name, ...args) {
    if (this.#closed) throw new ClosedError('plugin')
    if (this.#trap) throw this.#trapped()
    try {
      return this.#x[name](...args)
    } catch (err) {
      this.#trap = err ?? new Error('unknown')
      throw this.#trapped()
    }
  }

  #trapped() {
    return this.#stderr?.outOfMemory ? new MemoryError(this.#trap) : new TrapError(this.#trap)
  }

  // bytes and view return views of the instance's memory. Any call may invalidate them.
  bytes(at, n) { return new Uint8Array(this.#x.memory.buffer, at >>> 0, n >>> 0) }
  view(at, n) { return new DataView(this.#x.memory.buffer, at >>> 0, n >>> 0) }

  // put copies b to a buffer of the instance and returns the address.
  put(b) {
    if (b.length > this.#size) {
      if (this.#buffer) this.call('thaw_free', this.#buffer)
      this.#buffer = this.#size = 0
      const size = Math.max(b.length, 1024)
      this.#buffer = this.call('thaw_alloc', size)
      if (this.#buffer === 0) throw new Error('thaw: no memory')
      this.#size = size
    }
    this.bytes(this.#buffer, b.length).set(b)
    return this.#buffer
  }

  // open opens the store in a directory. With whole, it passes whole files to the
  // instance; without, the instance asks for the ranges it needs.
  open(dir, options = {}) {
    const { flags = 0, seed = Math.floor(Math.random() * 2 ** 48), whole = false } =
      checkKeys('the options of open', options, { flags: anything, seed: anything, whole: anything })
    const question = { op: OP.open, flags, from: seed }
    encode(question) // throws before a file is touched
    for (let tries = 1; ; tries++) {
      const store = new Store(this, dir, whole)
      try {
        store.ask(question)
        if (!store.gone || tries === OPEN_TRIES) return store
      } catch (err) {
        if (!store.gone || tries === OPEN_TRIES) {
          store.close()
          throw err
        }
      }
      store.close() // a file was replaced before it was read: start again
    }
  }

  // close closes every store. The instance's memory is freed with the last reference
  // to the plugin.
  close() {
    for (const store of this.#stores) store.close()
    this.#closed = true
  }

  adopt(store) { this.#stores.add(store) }
  disown(store) { this.#stores.delete(store) }
}

export class Store {
  #handle
  #buffers = []
  #closed = false

  constructor(plugin, dir, whole = false) {
    if (typeof dir !== 'string') throw new TypeError('thaw: a directory is a string')
    if (typeof whole !== 'boolean') throw new TypeError('thaw: whole: wanted true or false')
    this.plugin = plugin
    this.files = []
    this.gone = false // whether a file was replaced or removed before it was read
    this.#handle = check(plugin.call('thaw_store'))
    plugin.adopt(this)
    try {
      for (const file of look(dir)) this.#declare(file, whole || LATEST.includes(file.name))
    } catch (err) {
      this.close()
      throw err
    }
  }

  #declare(file, whole) {
    let size = file.size, data = 0
    if (whole && file.regular && size > 0 && size <= MOST_WHOLE) {
      let content
      try {
        content = fs.readFileSync(file.file)
      } catch (cause) {
        if (cause.code === 'ENOENT') return // removed meanwhile; look omits these too
        throw new ReadError(file.file, cause)
      }
      data = this.plugin.call('thaw_alloc', content.length) // 0: read it by windows
      if (data !== 0) {
        this.#buffers.push(data)
        this.plugin.bytes(data, content.length).set(content)
        size = BigInt(content.length)
      }
    }
    const name = utf8.encode(file.name)
    const at = this.plugin.put(name)
    check(this.plugin.call('thaw_file', this.#handle, at, name.length, size, file.regular ? 0 : 1, data))
    this.files.push(file)
  }

  #mustBeOpen() {
    if (this.#closed) throw new ClosedError('store')
  }

  // answers asks a question and yields each part of the answer: text, or bytes in
  // formats of rows.
  answers(question) {
    this.#mustBeOpen()
    return this.#run(encode(question), inText(question))
  }

  *#run(request, asText) {
    const { plugin } = this
    const part = (ptr, length) => plugin.bytes(ptr, length).slice()
    let task = 0
    try {
      this.#mustBeOpen()
      let state = plugin.call('thaw_start', this.#handle, plugin.put(request), request.length)
      for (;;) {
        const out = plugin.view(plugin.out, 16)
        task = out.getUint32(0, true)
        const ptr = out.getUint32(4, true), length = out.getUint32(8, true), count = out.getUint32(12, true)
        if (state === WANTS) this.#supply(ptr, count)
        else if (state === ROWS || state === DONE) {
          yield asText ? text.decode(part(ptr, length)) : part(ptr, length)
          this.#mustBeOpen() // close ended the task
        } else if (state < 0) throw new ThawError(state, asText && length > 0 ? text.decode(part(ptr, length)) : null)
        if (state === DONE) return
        state = plugin.call('thaw_step', task)
      }
    } finally {
      if (task !== 0 && !this.#closed && plugin.alive) plugin.call('thaw_drop', task) // the iteration ended early
    }
  }

  // supply reads the wanted ranges into the instance's memory. A ReadError ends the
  // question, whose answer would be incomplete.
  #supply(ptr, count) {
    const wants = this.plugin.view(ptr, count * WANT_SIZE)
    for (let w = 0; w < count * WANT_SIZE; w += WANT_SIZE) {
      const file = this.files[wants.getUint32(w, true)]
      const to = this.plugin.bytes(wants.getUint32(w + 20, true), wants.getUint32(w + 16, true))
      const status = this.plugin.descriptors.read(file, to, wants.getBigUint64(w + 8, true))
      this.gone ||= status === READ.gone
      wants.setUint32(w + 4, status, true)
    }
  }

  // ask returns the whole answer: text, or bytes in formats of rows.
  ask(question) {
    const parts = [...this.answers(question)]
    return inText(question) ? parts.join('') : Buffer.concat(parts)
  }

  // lines yields one line of JSON at a time, without its newline.
  lines(question) {
    const answers = this.answers(question)
    if (!inText(question)) throw new TypeError('thaw: lines: rows are not lines')
    return (function* () {
      for (const part of answers) yield* part.split('\n').slice(0, -1)
    })()
  }

  close() {
    if (this.#closed) return
    this.#closed = true
    this.plugin.disown(this)
    this.plugin.descriptors.close(this.files)
    if (!this.plugin.alive) return
    this.plugin.call('thaw_close', this.#handle)
    for (const at of this.#buffers) this.plugin.call('thaw_free', at)
  }
}

function check(n) {
  if (n < 0) throw new ThawError(n)
  return n
}
