// An instance of the guest: its memory, its calls, and its end. It follows
// ../guest/ABI.md, for thaw.wasm and for the browser's engine.wasm.

import { ClosedError, MemoryError, TrapError } from './errors.mjs'

const VERSION = 2

export class Instance {
  #x
  #memory
  #closed = false
  #trap = null
  #outOfMemory
  #buffer = 0
  #size = 0

  // exports are the instance's exports and memory its memory. outOfMemory reports whether
  // the runtime ended for lack of memory.
  constructor(exports, memory, outOfMemory = () => false) {
    this.#x = exports
    this.#memory = memory
    this.#outOfMemory = outOfMemory
    const version = this.call('thaw_abi_version')
    if (version !== VERSION) throw new Error(`thaw.wasm speaks version ${version} of the ABI, not ${VERSION}`)
    this.out = this.call('thaw_out') >>> 0
  }

  get alive() { return !this.#closed && this.#trap === null }

  // size is the size of the instance's memory in bytes, which never shrinks.
  get size() { return this.#memory.buffer.byteLength }

  close() { this.#closed = true }

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
    return this.#outOfMemory() ? new MemoryError(this.#trap) : new TrapError(this.#trap)
  }

  // bytes and view return views of the instance's memory. Any call may invalidate them.
  bytes(at, n) { return new Uint8Array(this.#memory.buffer, at >>> 0, n >>> 0) }
  view(at, n) { return new DataView(this.#memory.buffer, at >>> 0, n >>> 0) }

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
}
