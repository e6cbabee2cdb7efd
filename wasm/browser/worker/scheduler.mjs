// Runs the tasks of many questions in turns, step by step: those of the lowest rank first, and
// of equals the one that waited longest. While a task of a store waits for ranges, the others
// of this store wait too, as ../../guest/ABI.md asks.

import { steps } from '../../js/task.mjs'

const TURN = 8 // ms of steps before messages are looked at
// RANK orders questions: what is looked at, before what is short, before what reads a whole
// store and would keep the others waiting.
export const RANK = { urgent: 0, usual: 1, long: 2 }
const STARTED = 256 // tasks at most: the guest has 1024

const now = () => performance.now()

// turn lets messages in.
const turn = typeof setImmediate === 'function'
  ? () => new Promise((resolve) => setImmediate(resolve))
  : () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })

export class Scheduler {
  #instance
  #windows
  #onDeath
  #jobs = [] // the next to step first
  #running = false

  constructor(instance, windows, onDeath) {
    this.#instance = instance
    this.#windows = windows
    this.#onDeath = onDeath
  }

  // add runs a question of a store, {handle, files, closed, gone, reader}. on has the
  // functions part(bytes, count), progress(done, total), end() and fail(err). It returns the
  // job; while job.paused it rests.
  add(store, request, on, rank = RANK.usual) {
    const job = { store, on, rank, paused: false, reading: false, started: false, steps: steps(this.#instance, store, request) }
    this.#jobs.push(job)
    this.wake()
    return job
  }

  // drop ends a job early, without a word to it.
  drop(job) {
    if (!this.#remove(job)) return
    this.#guard(job, () => job.steps.return())
    this.wake()
  }

  // quiet reports whether nobody waits for what is short.
  get quiet() { return this.#jobs.every((job) => job.rank === RANK.long) }

  // wake runs the jobs that can run.
  wake() {
    if (this.#running) return
    this.#running = true
    queueMicrotask(() => this.#run())
  }

  async #run() {
    let until = now() + TURN
    for (let job; (job = this.#next());) {
      this.#step(job)
      if (now() >= until) {
        await turn()
        until = now() + TURN
      }
    }
    this.#running = false
  }

  #next() {
    const started = this.#jobs.reduce((n, job) => n + job.started, 0)
    const ready = (job) => !job.paused && !job.reading && (!job.store.reader || job.store.reader === job) && (job.started || started < STARTED)
    return this.#jobs.filter(ready).reduce((best, job) => (best && best.rank <= job.rank ? best : job), undefined)
  }

  #remove(job) {
    const at = this.#jobs.indexOf(job)
    if (at < 0) return false
    this.#jobs.splice(at, 1)
    if (job.store.reader === job) job.store.reader = null
    return true
  }

  // guard runs a part of a job, and ends the job with what it throws.
  #guard(job, fn) {
    try {
      return fn()
    } catch (err) {
      this.#remove(job)
      if (this.#instance.alive) {
        try {
          job.steps.return()
        } catch (err) {
          this.#die(err)
        }
        job.on.fail(err)
      } else this.#die(err)
      return { over: true }
    }
  }

  // die ends every job: the instance has ended.
  #die(err) {
    this.#jobs = []
    this.#onDeath(err)
  }

  #step(job) {
    const { store, on } = job
    job.started = true
    if (store.reader === job) store.reader = null
    this.#jobs.push(...this.#jobs.splice(this.#jobs.indexOf(job), 1)) // behind the others
    const { over, done, value } = this.#guard(job, () => job.steps.next())
    if (over) return
    if (done) {
      this.#remove(job)
      on.end()
    } else if (value.wants) this.#supply(job, value.wants)
    else if (value.part) {
      on.part(value.part, value.count, value.last)
      if (value.last) {
        this.#remove(job)
        this.#guard(job, () => job.steps.next())
        on.end()
      }
    } else on.progress(value.done, value.total)
  }

  #supply(job, wants) {
    const { store } = job
    store.reader = job
    const onGone = () => { store.gone = true }
    const { over, value } = this.#guard(job, () => ({ value: this.#windows.supply(store.files, wants, onGone) }))
    if (over || value === null) return
    job.reading = true
    value.catch((err) => () => { throw err }).then((fill) => {
      if (store.reader !== job) return // dropped: its memory is no longer the task's
      job.reading = false
      this.#guard(job, fill)
      this.wake()
    })
  }
}
