// The worker's side of client.mjs: a message in, one or more out.
//
//   { do: 'start', wasm, env, cache }                     { ready } or { dead }
//   { do: 'open', id, source, request, report }           { id, progress }*, { id, end: {store, …} }
//   { do: 'ask', id, store, request, urgent, parts }      { id, progress }*, { id, part }*, { id, end }
//   { do: 'ack', id }          a part was used
//   { do: 'cancel', id }       without an answer
//   { do: 'close', store }     without an answer; tasks of the store end
//   { do: 'memory', id }                                  { id, end: {wasm, cache} }
//   { do: 'load', id, wasm, env } and
//   { do: 'scratch', id, name, args }                     { id, end }
//
// Instead of an end there may be { id, error }. { dead } ends the worker.

import { ClosedError, ReadError, ThawError } from '../../js/errors.mjs'
import { FILE as NAMES, names, MOST as MOST_NAMES } from '../../js/kindnames.mjs'
import { STATUS } from '../../js/task.mjs'
import { run, start } from './go.mjs'
import { pack } from './protocol.mjs'
import { RANK, Scheduler } from './scheduler.mjs'
import { SOURCES } from './sources.mjs'
import { Windows } from './windows.mjs'

// LATEST are files of which the latest content is valid, so they are read at once.
const LATEST = ['synced.thaw', 'visibility_ranges.fbv']
const MOST_LATEST = 32 * 2 ** 20 // bytes; the largest of them that is valid has 30,408,768
// LONG are the operations that read a whole store: verify, timeline, extract. Numbers, since the
// worker has no other use for their names.
const LONG = [12, 20, 22]
// An index is read behind, in parts, while nobody waits: filters then find their lists at hand.
const INDEX = /(index|\d)\.thaw$/, BEHIND = 1 << 20, PAUSE = 20
const CREDIT = 4 // parts sent and not yet used
const PROGRESS = 50 // ms between two messages of progress
const utf8 = new TextEncoder(), text = new TextDecoder()

// serve answers the messages of a port: self, or a MessagePort.
export function serve(port, Go) {
  let worker = null
  port.onmessage = async ({ data }) => {
    try {
      if (data.do === 'start') {
        const instance = await start(Go, data.wasm, data.env)
        worker = new Worker(port, Go, instance, data.cache)
        port.postMessage({ ready: true })
      } else await worker[data.do](data)
    } catch (err) {
      port.postMessage('id' in data && worker?.alive ? { id: data.id, error: pack(err) } : { dead: pack(err) })
    }
  }
}

class Worker {
  #port
  #go
  #instance
  #windows
  #scheduler
  #stores = new Map()
  #cancels = new Map() // from the id of a question to the function that ends it
  #acks = new Map()
  #next = 0

  constructor(port, Go, instance, cache) {
    this.#port = port
    this.#go = Go
    this.#instance = instance
    this.#windows = new Windows(cache)
    this.#scheduler = new Scheduler(instance, this.#windows, (err) => port.postMessage({ dead: pack(err) }))
  }

  get alive() { return this.#instance.alive }

  memory({ id }) { this.#port.postMessage({ id, end: { wasm: this.#instance.size, cache: this.#windows.size } }) }

  cancel({ id }) { this.#cancels.get(id)?.() }

  ack({ id }) { this.#acks.get(id)?.() }

  async load({ id, wasm, env }) {
    await run(this.#go, wasm, env, { text: '' })
    this.#port.postMessage({ id, end: null })
  }

  async scratch({ id, name, args }) {
    if (!globalThis.thawScratch) throw new ClosedError('scratch store') // not loaded, or gone with the worker before
    this.#port.postMessage({ id, end: await globalThis.thawScratch[name](...args) })
  }

  ask({ id, store, request, urgent, parts }) {
    const of = this.#stores.get(store)
    if (!of) throw new ClosedError('store')
    const send = (message, transfer) => this.#port.postMessage({ id, ...message }, transfer)
    const over = () => {
      this.#cancels.delete(id)
      this.#acks.delete(id)
      of.jobs.delete(job)
    }
    const whole = []
    let credit = CREDIT
    const job = this.#scheduler.add(of, request, {
      part: (bytes, count, last) => {
        if (!parts) whole.push(bytes)
        else if (bytes.length > 0) {
          send({ part: bytes }, [bytes.buffer])
          job.paused = --credit <= 0 && !last
        }
      },
      progress: reporter((progress) => send({ progress })),
      end: () => {
        over()
        const end = joined(whole)
        send({ end }, [end.buffer])
      },
      fail: (err) => {
        over()
        send({ error: pack(err) })
      },
    }, urgent ? RANK.urgent : parts || LONG.includes(opOf(request)) ? RANK.long : RANK.usual)
    of.jobs.add(job)
    this.#acks.set(id, () => {
      credit++
      job.paused = false
      this.#scheduler.wake()
    })
    this.#cancels.set(id, () => {
      over()
      this.#scheduler.drop(job)
    })
  }

  // open opens a store, and answers with all that a page asks first.
  async open({ id, source, request, report }) {
    const opening = { ended: false, end: () => { opening.ended = true } }
    this.#cancels.set(id, () => opening.end())
    const store = { handle: 0, files: [], buffers: [], jobs: new Set(), closed: false, gone: false, reader: null }
    try {
      await this.#declare(store, source)
      const answer = { store: ++this.#next, files: store.files.map(({ name, size, regular }) => ({ name, size, regular })), kindNames: {}, kindNamesError: null, report: null }
      if (!opening.ended && request) {
        const progress = reporter((progress) => this.#port.postMessage({ id, progress }))
        await this.#whole(store, request, opening, progress)
        await this.#kindNames(store, answer)
        if (!opening.ended) answer.report = text.decode(await this.#whole(store, report, opening, progress))
      }
      if (opening.ended) return this.#free(store)
      this.#stores.set(answer.store, store)
      this.#port.postMessage({ id, end: { ...answer, gone: store.gone } })
      if (request) this.#readBehind(store)
    } catch (err) {
      if (!this.alive) throw err
      this.#free(store)
      this.#port.postMessage({ id, error: pack(err), gone: store.gone })
    } finally {
      this.#cancels.delete(id)
    }
  }

  async #readBehind(store) {
    for (const file of store.files) {
      if (!INDEX.test(file.name) || !file.regular || file.content || !this.#windows.behind(file)) continue
      for (let at = 0; at < file.size; at += BEHIND) {
        do await new Promise((done) => setTimeout(done, PAUSE))
        while (!this.#scheduler.quiet && !store.closed)
        if (store.closed || !await this.#windows.load(file, at, Math.min(at + BEHIND, file.size))) break
      }
      if (store.closed) return this.#windows.forget(store.files) // what came since
    }
  }

  close({ store: id }) {
    const store = this.#stores.get(id)
    if (!store) return
    this.#stores.delete(id)
    for (const job of [...store.jobs]) this.#scheduler.drop(job)
    this.#free(store)
  }

  #free(store) {
    store.closed = true
    this.#windows.forget(store.files)
    if (store.handle === 0) return
    this.#instance.call('thaw_close', store.handle)
    for (const at of store.buffers) this.#instance.call('thaw_free', at)
  }

  async #declare(store, source) {
    const files = await SOURCES[source.kind](source)
    const latest = new Map()
    for (const file of files) {
      if (file.regular && !file.content && file.size > 0 && file.size <= MOST_LATEST && LATEST.includes(file.name)) latest.set(file, await this.#content(store, file))
    }
    store.handle = check(this.#instance.call('thaw_store'))
    for (const file of files) {
      const content = latest.get(file)
      let data = 0, size = file.size
      if (content) {
        data = this.#instance.call('thaw_alloc', content.length)
        if (data !== 0) {
          this.#instance.bytes(data, content.length).set(content)
          store.buffers.push(data)
          size = content.length
        }
      }
      const name = utf8.encode(file.name)
      check(this.#instance.call('thaw_file', store.handle, this.#instance.put(name), name.length, BigInt(size), file.regular ? 0 : 1, data))
      store.files.push(file)
    }
  }

  // content returns all bytes of a file, or null if it is gone.
  async #content(store, file) {
    if (file.content) return file.content
    if (file.size === 0) return new Uint8Array()
    const [{ bytes, status, cause }] = await file.read([{ file, at: 0, end: file.size }])
    if (status === STATUS.failed) throw new ReadError(file.name, cause)
    if (bytes?.length === file.size) return bytes
    store.gone = true
    return null
  }

  // kindNames adds the names of kinds. They are only for people: a damaged file is no reason
  // not to open a store.
  async #kindNames(store, answer) {
    const file = store.files.find(({ name, regular }) => name === NAMES && regular)
    if (!file) return
    try {
      const content = await this.#content(store, { ...file, size: Math.min(file.size, MOST_NAMES + 1) })
      if (content) answer.kindNames = names(content)
    } catch (err) {
      answer.kindNamesError = err.message
    }
  }

  // whole returns the whole answer to a question of an opening.
  #whole(store, request, opening, progress) {
    return new Promise((resolve, reject) => {
      const parts = []
      const job = this.#scheduler.add(store, request, { part: (part) => parts.push(part), progress, end: () => resolve(joined(parts)), fail: reject })
      opening.end = () => {
        opening.ended = true
        this.#scheduler.drop(job)
        resolve(joined([]))
      }
    })
  }
}

// opOf returns the operation of a request.
const opOf = (request) => new DataView(request.buffer, request.byteOffset).getUint32(0, true)

// reporter returns a function for progress that sends it at intervals.
function reporter(send) {
  let last = performance.now()
  return (done, total) => {
    const now = performance.now()
    if (now - last < PROGRESS) return
    last = now
    send({ done, total })
  }
}

function joined(parts) {
  if (parts.length === 1) return parts[0]
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function check(n) {
  if (n < 0) throw new ThawError(n)
  return n
}
