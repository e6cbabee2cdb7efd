// A loader of thaw.wasm for Node, in plain JavaScript, by what ../guest/ABI.md says
// and nothing else. Other languages can read it as an example of the ABI.
//
//   const plugin = await Plugin.load('thaw.wasm')
//   const store = plugin.open('orders')
//   for (const line of store.lines({ op: OP.query, entity: 'order:42' })) console.log(line)
//   store.close()

import fs from 'node:fs'
import path from 'node:path'
import { WASI } from 'node:wasi'

export const OP = {
  open: 1, query: 2, count: 3, stream: 4, ancestors: 5, effects: 6, correlated: 7,
  state: 8, get: 9, read: 10, report: 11, verify: 12,
}
export const FORMAT = { rows: 0, plain: 1, payloads: 2, full: 3, fullRows: 4 }
export const FLAG = { kinds: 1, clocks: 2, strict: 0x100, showHidden: 0x200, checkFrames: 0x400, checkIndex: 0x800 }

const VERSION = 1
const DONE = 0, ROWS = 1, WANTS = 2
const WANT_SIZE = 24, REQUEST_SIZE = 80
const utf8 = new TextEncoder(), text = new TextDecoder()

// ThawError is an answer below 0. details is the object that came with it, or null.
export class ThawError extends Error {
  constructor(code, line) {
    const details = line ? JSON.parse(line) : null
    super(details ? details.error : `thaw: code ${code}`)
    this.code = code
    this.line = line
    this.details = details
  }
}

export class Plugin {
  // load compiles the file at a path and starts one instance.
  static async load(file) {
    const wasi = new WASI({ version: 'preview1' })
    const module = await WebAssembly.compile(fs.readFileSync(file))
    const instance = await WebAssembly.instantiate(module, wasi.getImportObject())
    wasi.initialize(instance)
    return new Plugin(instance.exports)
  }

  constructor(exports) {
    this.x = exports
    const version = exports.thaw_abi_version()
    if (version !== VERSION) throw new Error(`thaw.wasm speaks version ${version} of the ABI, not ${VERSION}`)
    this.out = exports.thaw_out() >>> 0
    this.buffer = 0
    this.size = 0
  }

  // bytes and view are the instance's memory as it is now. Any call can move it.
  bytes(at, n) { return new Uint8Array(this.x.memory.buffer, at >>> 0, n >>> 0) }
  view(at, n) { return new DataView(this.x.memory.buffer, at >>> 0, n >>> 0) }

  // put copies bytes to a buffer of the instance and returns its address.
  put(b) {
    if (b.length > this.size) {
      if (this.buffer) this.x.thaw_free(this.buffer)
      this.size = Math.max(b.length, 1024)
      this.buffer = this.x.thaw_alloc(this.size)
      if (this.buffer === 0) throw new Error('thaw: no memory')
    }
    this.bytes(this.buffer, b.length).set(b)
    return this.buffer
  }

  // open opens the store in a directory. With whole, files are handed over; without,
  // the instance asks for the ranges it needs.
  open(dir, { flags = 0, seed = Math.floor(Math.random() * 2 ** 48), whole = false } = {}) {
    const store = new Store(this, dir, whole)
    try {
      store.ask({ op: OP.open, flags, from: seed })
    } catch (err) {
      store.close()
      throw err
    }
    return store
  }
}

export class Store {
  constructor(plugin, dir, whole = false) {
    this.plugin = plugin
    this.files = []
    this.buffers = []
    this.handle = check(plugin.x.thaw_store())
    try {
      for (const { name, file, stat } of look(dir)) this.declare(utf8.encode(name), file, stat, whole || LATEST.includes(name))
    } catch (err) {
      this.close()
      throw err
    }
  }

  declare(name, file, stat, whole) {
    let size = stat.size, data = 0
    if (whole && stat.isFile() && size > 0) {
      const content = fs.readFileSync(file)
      data = this.plugin.x.thaw_alloc(content.length) // 0: it is read by windows, then
      if (data !== 0) {
        this.buffers.push(data)
        this.plugin.bytes(data, content.length).set(content)
        size = content.length
      }
    }
    const at = this.plugin.put(name)
    check(this.plugin.x.thaw_file(this.handle, at, name.length, BigInt(size), stat.isFile() ? 0 : 1, data))
    this.files.push({ file, fd: -1 })
  }

  // answers asks a question and yields each part of the answer as text.
  *answers(question) {
    const { x } = this.plugin
    const request = encode(question)
    const at = this.plugin.put(request)
    let state = x.thaw_start(this.handle, at, request.length)
    let task = 0
    try {
      for (;;) {
        const out = this.plugin.view(this.plugin.out, 16)
        task = out.getUint32(0, true)
        const ptr = out.getUint32(4, true), length = out.getUint32(8, true), count = out.getUint32(12, true)
        if (state === WANTS) this.supply(ptr, count)
        else if (state === ROWS || state === DONE) yield text.decode(this.plugin.bytes(ptr, length).slice())
        else if (state < 0) throw new ThawError(state, text.decode(this.plugin.bytes(ptr, length).slice()))
        if (state === DONE) return
        state = x.thaw_step(task)
      }
    } finally {
      if (task !== 0) x.thaw_drop(task) // whoever iterates had enough
    }
  }

  // supply reads the ranges that the instance wants to where it wants them.
  supply(ptr, count) {
    const wants = this.plugin.view(ptr, count * WANT_SIZE)
    for (let w = 0; w < count * WANT_SIZE; w += WANT_SIZE) {
      const f = this.files[wants.getUint32(w, true)]
      const offset = wants.getBigUint64(w + 8, true), length = wants.getUint32(w + 16, true)
      let status = 1
      try {
        if (f.fd < 0) f.fd = fs.openSync(f.file)
        const to = this.plugin.bytes(wants.getUint32(w + 20, true), length)
        status = fs.readSync(f.fd, to, 0, length, offset) === length ? 0 : 3
      } catch (err) {
        if (err.code === 'ENOENT') status = 2
      }
      wants.setUint32(w + 4, status, true)
    }
  }

  // ask returns the whole answer.
  ask(question) {
    let all = ''
    for (const part of this.answers(question)) all += part
    return all
  }

  // lines yields one line of JSON at a time, without its newline.
  *lines(question) {
    for (const part of this.answers(question)) {
      yield* part.split('\n').slice(0, -1)
    }
  }

  close() {
    const { x } = this.plugin
    x.thaw_close(this.handle)
    for (const at of this.buffers) x.thaw_free(at)
    for (const f of this.files) if (f.fd >= 0) fs.closeSync(f.fd)
  }
}

// Files of which the latest content is always right, so that it is read at once.
const LATEST = ['synced.thaw', 'visibility_ranges.fbv']

// look looks at a directory in the order that ABI.md asks for, since a writer may be at
// work. What goes away meanwhile is left out.
function* look(dir) {
  const first = ['index.fbati', 'index.thaw', 'index.ckpt', 'synced.thaw'], last = ['visibility_ranges.fbv']
  const at = function* (names) {
    for (const name of names) {
      const file = path.join(dir, name)
      const stat = fs.lstatSync(file, { throwIfNoEntry: false })
      if (stat) yield { name, file, stat }
    }
  }
  yield* at(first)
  yield* at(fs.readdirSync(dir).sort().filter((name) => !first.includes(name) && !last.includes(name)))
  yield* at(last)
}

function check(n) {
  if (n < 0) throw new ThawError(n)
  return n
}

// encode lays a question out as ABI.md says. An id is 32 hexadecimal digits; kinds and
// clocks are pairs [first, last].
export function encode(q) {
  const entity = utf8.encode(q.entity ?? ''), prefix = utf8.encode(q.prefix ?? ''), scope = utf8.encode(q.scope ?? '')
  const b = new Uint8Array(REQUEST_SIZE + entity.length + prefix.length + scope.length)
  const v = new DataView(b.buffer)
  v.setUint32(0, q.op, true)
  v.setUint32(4, q.format ?? FORMAT.plain, true)
  v.setUint32(8, (q.flags ?? 0) | (q.kinds ? FLAG.kinds : 0) | (q.clocks ? FLAG.clocks : 0), true)
  v.setUint32(12, q.rows ?? 0, true)
  v.setUint32(16, q.bytes ?? 0, true)
  v.setUint16(20, q.kinds?.[0] ?? 0, true)
  v.setUint16(22, q.kinds?.[1] ?? 0, true)
  v.setUint32(24, q.clocks?.[0] ?? 0, true)
  v.setUint32(28, q.clocks?.[1] ?? 0, true)
  v.setUint32(32, entity.length, true)
  v.setUint32(36, prefix.length, true)
  v.setUint32(40, scope.length, true)
  v.setBigUint64(48, BigInt(q.from ?? 0), true)
  v.setBigUint64(56, BigInt(q.limit ?? 0), true)
  for (let i = 0; i < 16 && q.id; i++) b[64 + i] = parseInt(q.id.slice(2 * i, 2 * i + 2), 16)
  b.set(entity, REQUEST_SIZE)
  b.set(prefix, REQUEST_SIZE + entity.length)
  b.set(scope, REQUEST_SIZE + entity.length + prefix.length)
  return b
}
