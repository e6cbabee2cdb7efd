// The loop over the states of a task. Only its driver differs between hosts: Node reads the
// wanted ranges at once, a browser's worker waits for them and runs other tasks meanwhile.

import { ThawError } from './errors.mjs'

const DONE = 0, ROWS = 1, WANTS = 2, AGAIN = 3
const WANT = { size: 24, file: 0, status: 4, offset: 8, length: 16, address: 20 }

// STATUS has what a host answers to a want.
export const STATUS = { done: 0, failed: 1, gone: 2, short: 3 }

// steps asks a question of a store, {handle, closed}, and yields what its driver has to do:
//
//   { part, count, last }   bytes of the answer, a copy, with so many rows; last with the last
//   { wants }         ranges to fill, or to refuse, before the next step: a list of Want
//   { done, total }   nothing: the question takes long. 0, 0 if unknown
//
// After wants a driver may step tasks of other stores before this one. It ends a task
// early with return(). With line, an error has the guest's line.
export function* steps(instance, store, request, line = true) {
  let task = 0
  try {
    let state = instance.call('thaw_start', store.handle, instance.put(request), request.length)
    for (;;) {
      const out = instance.view(instance.out, 16)
      task = out.getUint32(0, true)
      const at = out.getUint32(4, true), length = out.getUint32(8, true), count = out.getUint32(12, true)
      if (state === WANTS) yield { wants: wantsAt(instance, at, count) }
      else if (state === AGAIN) yield progress(instance.view(at, length))
      else if (state === ROWS || state === DONE) yield { part: instance.bytes(at, length).slice(), count, last: state === DONE }
      else if (state < 0) throw new ThawError(state, line && length > 0 ? decoder.decode(instance.bytes(at, length)) : null)
      if (state === DONE) return
      state = instance.call('thaw_step', task)
    }
  } finally {
    if (task !== 0 && !store.closed && instance.alive) instance.call('thaw_drop', task) // the iteration ended early
  }
}

const decoder = new TextDecoder()

const progress = (v) => (v.byteLength < 16 ? { done: 0, total: 0 } : { done: Number(v.getBigUint64(0, true)), total: Number(v.getBigUint64(8, true)) })

function wantsAt(instance, at, count) {
  const v = instance.view(at, count * WANT.size)
  const wants = new Array(count)
  for (let i = 0, w = 0; i < count; i++, w += WANT.size) {
    wants[i] = new Want(instance, at + w, v.getUint32(w + WANT.file, true), v.getBigUint64(w + WANT.offset, true),
      v.getUint32(w + WANT.length, true), v.getUint32(w + WANT.address, true))
  }
  return wants
}

// Want is a range of a file. Its bytes and status lie in the instance's memory until its task
// is stepped or dropped.
class Want {
  #instance
  #at
  #address

  constructor(instance, at, file, offset, length, address) {
    this.#instance = instance
    this.#at = at
    this.#address = address
    this.file = file // its number
    this.offset = offset // a BigInt
    this.length = length
  }

  // bytes is a new view of where the range belongs.
  get bytes() { return this.#instance.bytes(this.#address, this.length) }

  set status(status) { this.#instance.view(this.#at, WANT.size).setUint32(WANT.status, status, true) }
}
