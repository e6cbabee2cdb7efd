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
import { ClosedError, MemoryError, ReadError, ThawError, TrapError } from '../js/errors.mjs'
import { Instance } from '../js/instance.mjs'
import { checkKeys, DIRECTION, encode, FLAG, FORMAT, inText, OP } from '../js/question.mjs'
import { STATUS, steps } from '../js/task.mjs'
import { Descriptors, LATEST, look } from './files.mjs'
import { sleepless } from './sleep.mjs'
import { Stderr } from './stderr.mjs'

export { ClosedError, DIRECTION, encode, FLAG, FORMAT, MemoryError, OP, ReadError, ThawError, TrapError }

const MOST_DESCRIPTORS = 32 // of all stores of a plugin, unless load sets another bound
const OPEN_TRIES = 5 // of an open while a writer replaces files
const MOST_WHOLE = 2 ** 31 - 1 // bytes of a buffer
const utf8 = new TextEncoder(), text = new TextDecoder()

const anything = (_, v) => v

export class Plugin extends Instance {
  #stores = new Set()

  // load compiles a file and starts one instance. Its stores together keep at most
  // options.descriptors descriptors open.
  static async load(file, options = {}) {
    const { descriptors } = checkKeys('the options of load', options, { descriptors: anything })
    const wasi = new WASI({ version: 'preview1' })
    const module = await WebAssembly.compile(fs.readFileSync(file))
    const stderr = new Stderr(wasi.getImportObject())
    const instance = await WebAssembly.instantiate(module, sleepless(stderr.imports, () => stderr.memory))
    stderr.memory = instance.exports.memory
    wasi.initialize(instance)
    return new Plugin(instance.exports, descriptors, stderr)
  }

  // stderr is that of the instance, null if not captured.
  constructor(exports, descriptors = MOST_DESCRIPTORS, stderr = null) {
    if (!Number.isSafeInteger(descriptors) || descriptors < 1) throw new TypeError('thaw: descriptors: wanted a whole number from 1')
    super(exports, exports.memory, () => stderr?.outOfMemory ?? false)
    this.descriptors = new Descriptors(descriptors)
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
    super.close()
  }

  adopt(store) { this.#stores.add(store) }
  disown(store) { this.#stores.delete(store) }
}

export class Store {
  #buffers = []

  constructor(plugin, dir, whole = false) {
    if (typeof dir !== 'string') throw new TypeError('thaw: a directory is a string')
    if (typeof whole !== 'boolean') throw new TypeError('thaw: whole: wanted true or false')
    this.plugin = plugin
    this.files = []
    this.gone = false // whether a file was replaced or removed before it was read
    this.closed = false
    this.handle = check(plugin.call('thaw_store'))
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
    check(this.plugin.call('thaw_file', this.handle, at, name.length, size, file.regular ? 0 : 1, data))
    this.files.push(file)
  }

  #mustBeOpen() {
    if (this.closed) throw new ClosedError('store')
  }

  // answers asks a question and yields each part of the answer: text, or bytes in
  // formats of rows.
  answers(question) {
    this.#mustBeOpen()
    return this.#run(encode(question), inText(question))
  }

  *#run(request, asText) {
    this.#mustBeOpen()
    for (const step of steps(this.plugin, this, request, asText)) {
      if (step.wants) this.#supply(step.wants)
      else if (step.part) {
        yield asText ? text.decode(step.part) : step.part
        this.#mustBeOpen() // close ended the task
      }
    }
  }

  // supply reads the wanted ranges into the instance's memory. A ReadError ends the
  // question, whose answer would be incomplete.
  #supply(wants) {
    for (const want of wants) {
      const status = this.plugin.descriptors.read(this.files[want.file], want.bytes, want.offset)
      this.gone ||= status === STATUS.gone
      want.status = status
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
    if (this.closed) return
    this.closed = true
    this.plugin.disown(this)
    this.plugin.descriptors.close(this.files)
    if (!this.plugin.alive) return
    this.plugin.call('thaw_close', this.handle)
    for (const at of this.#buffers) this.plugin.call('thaw_free', at)
  }
}

function check(n) {
  if (n < 0) throw new ThawError(n)
  return n
}
