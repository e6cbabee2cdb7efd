// A fold in a worker of its own, as the page sees it.

import { harness } from './harness.mjs'
import { check, compiled, lineIn, lineOf, refusal, source } from './source.mjs'

// FoldError is an error of the user's code.
export class FoldError extends Error {
  constructor(text, { line = null, step = null } = {}) {
    super(text)
    this.name = 'FoldError'
    this.line = line
    this.step = step
  }
}

export const PATIENCE = { start: 15_000, step: 4_000 } // ms without a sign of life

// browserWorker starts a worker from a source. { post, end } are its calls; it reports to on.message(data) and
// on.error(message, line).
export function browserWorker(text, on) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.onmessage = ({ data }) => on.message(data)
  worker.onmessageerror = () => on.error('a message of the worker cannot be read', null)
  worker.onerror = (e) => {
    e.preventDefault()
    on.error(e.message ?? 'the worker could not be started', e.lineno || null)
  }
  return {
    post: (message) => worker.postMessage(message),
    end: () => {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}

// compile rejects if the code has a syntax error.
function compile(code, start, patience) {
  const refused = refusal(code)
  if (refused) return Promise.reject(new FoldError(refused.text, refused))
  const text = check(code)
  return new Promise((resolve, reject) => {
    let worker = null, timer = null
    const over = (settle, value) => {
      clearTimeout(timer)
      worker?.end()
      settle(value)
    }
    timer = setTimeout(() => over(reject, new FoldError('the browser did not compile the code in time')), patience.start)
    worker = start(text, {
      message: () => {},
      error: (message, line) => {
        if (compiled(message)) over(resolve)
        else over(reject, new FoldError(message.replace(/^Uncaught /, ''), { line: lineIn(text, code, line) }))
      },
    })
  })
}

export class Fold {
  #code
  #text
  #worker = null
  #waiting = new Map() // number → { resolve, reject }
  #number = 0
  #timer = null
  #patience
  #ended = null // the error after which nothing can be asked
  #step = 0 // the last one that the worker was seen at
  ran = 0
  events = 0
  unread = 0 // events that could not be read, and changed nothing
  failure = null // { step, text, line }, the reducer's first error
  onSilence = null // is told the error when the worker was ended because it gave no sign of life

  // start compiles and starts a reducer. initial is the first state as JSON.
  // names are those of kinds, by number: an event's kind_name.
  static async start(code, initial, { worker = browserWorker, patience = PATIENCE, names = {} } = {}) {
    let json
    try {
      json = JSON.stringify(JSON.parse(initial))
    } catch (err) {
      throw new FoldError(`the initial state is not JSON: ${err.message}`)
    }
    await compile(code, worker, patience)
    const fold = new Fold(code, patience)
    await fold.#begin(worker)
    await fold.#ask({ do: 'start', initial: json, names })
    return fold
  }

  constructor(code, patience) {
    this.#code = code
    this.#patience = patience
    this.#text = source(harness, code)
  }

  #begin(start) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve, reject })
      this.#watch(this.#patience.start)
      this.#worker = start(this.#text, {
        message: (data) => this.#heard(data),
        error: (message, line) => {
          const at = line === null ? null : lineIn(this.#text, this.#code, line)
          this.#end(new FoldError(message.replace(/^Uncaught /, ''), { line: at }))
        },
      })
    })
  }

  #heard(data) {
    switch (data?.is) {
      case 'at':
        this.#step = data.step
        break
      case 'ready':
        this.#settle(0, null)
        break
      case 'refused':
        this.#end(new FoldError(data.text, { line: lineOf(this.#text, this.#code, String(data.stack)) }))
        return
      case 'done':
        this.#settle(data.number, data)
        // The code may have left something that runs on, which the next answer tells.
        if (!data.ping) this.#ask({ do: 'ping' }).catch(() => {})
        break
      case 'error':
        this.#waiting.get(data.number)?.reject(new FoldError(String(data.text)))
        this.#waiting.delete(data.number)
        break
    }
    this.#watch(this.#patience.step)
  }

  #settle(number, data) {
    this.#waiting.get(number)?.resolve(data)
    this.#waiting.delete(number)
  }

  // watch ends the worker that gives no sign of life while it has something to do.
  #watch(ms) {
    clearTimeout(this.#timer)
    if (this.#waiting.size === 0 || this.#ended) return
    this.#timer = setTimeout(() => {
      const where = this.#step > 0 ? ` at step ${this.#step} or soon after it` : ''
      this.#end(new FoldError(`the code was ended: it ran for ${ms / 1000} seconds without an end${where}`, { step: this.#step || null }))
      this.onSilence?.(this.#ended)
    }, ms)
  }

  #end(err) {
    clearTimeout(this.#timer)
    this.#ended ??= err
    this.#worker?.end()
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }

  #ask(message) {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const number = ++this.#number
      this.#waiting.set(number, { resolve, reject })
      this.#worker.post({ ...message, number })
      this.#watch(this.#patience.step)
    })
  }

  get ended() { return this.#ended }

  // feed runs the reducer over more events, JSON lines each with its end, and returns when that is done.
  async feed(lines) {
    if (lines === '') return
    const { ran, events, unread, failure } = await this.#ask({ do: 'events', lines })
    this.ran = ran
    this.events = events
    this.unread = unread
    if (failure) this.failure = { step: failure.step, text: failure.text, line: lineOf(this.#text, this.#code, String(failure.stack)) }
  }

  // at returns what is to be shown of a step, from 0 for the initial state to ran:
  // { step, state, line, changes: [{ path, before, after }], more }.
  at(step) { return this.#ask({ do: 'state', step }) }

  stop() { this.#end(new FoldError('the fold was stopped')) }
}
