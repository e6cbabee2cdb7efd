// What runs in the worker beside the user's reducer. The page sends the text of this function to the
// worker: it must use nothing from outside itself.
//
// scope is the worker's global object. Before harness returns, everything is removed from it that is not part of
// the language; what harness itself needs it keeps in variables. The user's code comes after that.
//
// The reducer runs over all events once, as they come. A snapshot of the state is kept every few
// steps; any other state is computed again from the snapshot before it.

export function harness(scope) {
  const { postMessage } = scope
  const listen = scope.addEventListener
  const clone = scope.structuredClone
  const now = Date.now
  const MOST_SNAPSHOTS = 256
  const MOST_WEIGHT = 3_000_000 // values in all snapshots together
  const MOST_SHOWN = 20_000 // values of one state that the page gets
  const MOST_KEYS = 1_000 // of one object or array of it
  const MOST_CHANGES = 200
  const MOST_TEXT = 20_000
  const DEPTH = 100

  let reducer
  let names = {} // of kinds
  let unread = 0 // events that could not be read
  let lines = [] // the events as text
  let state, ran = 0 // the state after so many events
  let failure = null
  let snapshots = new Map(), every = 16, weight = 0
  let spoke = 0

  // Bound, and by names that the code cannot reach: what it may put in place of call and apply gets
  // nothing into its hands.
  const post = postMessage.bind(scope)
  const { apply: applied, construct } = Reflect

  listen.call(scope, 'message', ({ data }) => {
    try {
      answer(data)
    } catch (err) {
      post({ is: 'error', number: data.number, text: textOf(err) })
    }
  })
  strip()

  // begin is given the user's code as a function, so that it runs after strip.
  let begun = false
  return (code) => {
    if (begun) return
    begun = true
    try {
      reducer = code()
      if (typeof reducer !== 'function') throw new TypeError('the code is not a function: write (state, event) => …')
      post({ is: 'ready' })
    } catch (err) {
      post({ is: 'refused', text: textOf(err), stack: stackOf(err) })
    }
  }

  // strip leaves only what belongs to the language. A list of what may stay cannot forget something
  // that a browser adds.
  function strip() {
    const stays = new Set(('Object Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date RegExp ' +
      'Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math Intl Promise ' +
      'ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array ' +
      'Uint8ClampedArray BigUint64Array BigInt64Array BigInt Map Set WeakMap WeakSet Proxy Reflect Iterator Function ' +
      'decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN').split(' '))
    const left = []
    for (let o = scope; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) {
      for (const key of Reflect.ownKeys(o)) {
        if (o === scope && stays.has(key)) continue
        if (Reflect.deleteProperty(o, key) || Reflect.defineProperty(o, key, { value: undefined })) continue
        const { value } = Reflect.getOwnPropertyDescriptor(o, key)
        if (typeof value !== 'number') left.push(String(key)) // a constant is harmless
      }
    }
    if (left.length > 0) throw new Error(`cannot be taken away from the code: ${left.join(', ')}`)

    // Code from text, and what differs from run to run.
    const refuse = (what) => function () { throw new TypeError(`a reducer has no ${what}`) }
    const makers = [function () {}, function* () {}, async function () {}, async function* () {}]
    for (const f of makers) {
      const none = refuse('code from text')
      const { prototype } = Object.getPrototypeOf(f).constructor
      Object.defineProperty(none, 'prototype', { value: prototype })
      Object.defineProperty(prototype, 'constructor', { value: none })
    }
    scope.Function = Function.prototype.constructor
    Math.random = refuse('random numbers: its states must be the same each time')
    const clock = refuse('clock: its states must be the same each time')
    const RealDate = Date
    RealDate.now = clock
    scope.Date = new Proxy(RealDate, {
      apply: clock,
      construct: (target, args) => (args.length > 0 ? construct(target, args) : clock()),
    })
    Object.defineProperty(RealDate.prototype, 'constructor', { value: scope.Date })
    // Without a date these two take the time it is.
    const { prototype } = Intl.DateTimeFormat, { formatToParts } = prototype
    const { get } = Object.getOwnPropertyDescriptor(prototype, 'format')
    prototype.formatToParts = function (date) { return date === undefined ? clock() : applied(formatToParts, this, [date]) }
    Object.defineProperty(prototype, 'format', { get() {
      const format = applied(get, this, [])
      return (date) => (date === undefined ? clock() : format(date))
    } })
  }

  function answer(data) {
    switch (data.do) {
      case 'start':
        names = data.names
        state = JSON.parse(data.initial)
        keep(0, state)
        return post({ is: 'done', number: data.number })
      case 'events': {
        const more = data.lines.split('\n')
        if (more.at(-1) === '') more.pop()
        for (const line of more) lines.push(line)
        run()
        return post({ is: 'done', number: data.number, ran, events: lines.length, unread, failure })
      }
      case 'ping':
        return post({ is: 'done', number: data.number, ping: true })
      case 'state':
        return post({ is: 'done', number: data.number, ...show(Math.min(data.step, ran)) })
    }
  }

  // run goes on until the last event or the first failure.
  function run() {
    while (ran < lines.length && !failure) {
      alive(ran)
      try {
        state = apply(state, ran, () => unread++)
        ran++
        if (ran % every === 0) keep(ran, state)
      } catch (err) {
        failure = { step: ran + 1, text: textOf(err), stack: stackOf(err) }
        state = undefined // may be half changed
      }
    }
  }

  // alive tells the page now and then where the reducer is, so that it can say where it hangs.
  function alive(step) {
    const ms = now()
    if (ms - spoke < 50) return
    spoke = ms
    post({ is: 'at', step: step + 1 })
  }

  function apply(before, i, unreadable = () => {}) {
    const event = JSON.parse(lines[i])
    if (event.failure) { // it could not be read
      unreadable()
      return before
    }
    event.kind_name = names[Number(event.kind)] ?? event.kind
    freeze(event)
    const after = reducer(before, event)
    if (after === undefined) return before // it changed the state in place
    if (after !== null && typeof after === 'object' && typeof after.then === 'function') throw new TypeError('the reducer returned a promise: it must return the state')
    return after
  }

  function freeze(value) {
    if (value === null || typeof value !== 'object') return
    for (const key of Object.keys(value)) freeze(value[key])
    Object.freeze(value)
  }

  // keep keeps a snapshot. Beyond the bounds, every second one is dropped.
  function keep(step, value) {
    const w = weigh(value, 0)
    snapshots.set(step, { value: clone(value), w })
    weight += w
    while (snapshots.size > 2 && (snapshots.size > MOST_SNAPSHOTS || weight > MOST_WEIGHT)) {
      every *= 2
      for (const [at, s] of snapshots) {
        if (at % every === 0) continue
        snapshots.delete(at)
        weight -= s.w
      }
    }
  }

  // weigh counts the values of a state, and refuses what a snapshot cannot hold.
  function weigh(value, depth) {
    if (typeof value === 'function') throw new TypeError('the state holds a function')
    if (typeof value === 'symbol') throw new TypeError('the state holds a symbol')
    if (value === null || typeof value !== 'object') return 1
    if (depth > 1000) throw new RangeError('the state is more than 1,000 levels deep, or holds itself')
    let n = 1
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) n += weigh(value[i], depth + 1)
    } else if (value instanceof Map) {
      for (const [k, v] of value) n += weigh(k, depth + 1) + weigh(v, depth + 1)
    } else if (value instanceof Set) {
      for (const v of value) n += weigh(v, depth + 1)
    } else if (plainObject(value)) {
      for (const key of Object.keys(value)) n += weigh(value[key], depth + 1)
    } else if (!(value instanceof RegExp || value instanceof Date || ArrayBuffer.isView(value))) {
      throw new TypeError('the state holds an object of a class: use plain objects, arrays, Map, Set and Date')
    }
    return n
  }

  function plainObject(value) {
    const p = Object.getPrototypeOf(value)
    return p === Object.prototype || p === null
  }

  // at returns the state after a step, as a copy that may be changed.
  function at(step) {
    let from = step - (step % every)
    while (!snapshots.has(from)) from -= every
    let value = clone(snapshots.get(from).value)
    for (let i = from; i < step; i++) {
      alive(i)
      value = apply(value, i)
    }
    return value
  }

  function show(step) {
    const budget = { left: MOST_SHOWN }
    if (step === 0) return { step, state: plain(at(0), budget, 0), line: null, changes: [], more: 0 }
    let before = at(step - 1)
    weigh(before, 0)
    before = clone(before)
    let after = apply(clone(before), step - 1)
    weigh(after, 0)
    after = clone(after)
    const changes = { list: [], more: 0 }
    compare(before, after, [], changes)
    return { step, state: plain(after, budget, 0), line: lines[step - 1], changes: changes.list, more: changes.more, every }
  }

  // compare lists the paths at which two states differ.
  function compare(a, b, path, out) {
    if (Object.is(a, b)) return
    const objects = a !== null && b !== null && typeof a === 'object' && typeof b === 'object'
    if (objects && path.length < DEPTH) {
      if (Array.isArray(a) && Array.isArray(b)) {
        for (let i = 0; i < Math.max(a.length, b.length); i++) pair(i in a, a[i], i in b, b[i], [...path, i], out)
        return
      }
      if (a instanceof Map && b instanceof Map) {
        for (const k of new Set([...a.keys(), ...b.keys()])) pair(a.has(k), a.get(k), b.has(k), b.get(k), [...path, nameOf(k)], out)
        return
      }
      if (a instanceof Set && b instanceof Set) {
        for (const v of new Set([...a, ...b])) pair(a.has(v), v, b.has(v), v, [...path, nameOf(v)], out)
        return
      }
      if (a instanceof Date && b instanceof Date && a.getTime() === b.getTime()) return
      if (plainObject(a) && plainObject(b)) {
        for (const k of new Set([...Object.keys(a), ...Object.keys(b)])) pair(Object.hasOwn(a, k), a[k], Object.hasOwn(b, k), b[k], [...path, k], out)
        return
      }
    }
    change(true, a, true, b, path, out)
  }

  function pair(hasA, a, hasB, b, path, out) {
    if (hasA && hasB) compare(a, b, path, out)
    else change(hasA, a, hasB, b, path, out)
  }

  function change(hasA, a, hasB, b, path, out) {
    if (out.list.length >= MOST_CHANGES) {
      out.more++
      return
    }
    const c = { path }
    if (hasA) c.before = plain(a, { left: 50 }, 0)
    if (hasB) c.after = plain(b, { left: 50 }, 0)
    out.list.push(c)
  }

  function nameOf(key) {
    if (key === null || typeof key !== 'object') return String(key)
    const text = JSON.stringify(key) ?? 'object'
    return text.length > 100 ? text.slice(0, 99) + '…' : text
  }

  // plain returns a value as objects, arrays, strings, numbers, BigInts, booleans and null.
  // What is beyond the budget is counted.
  function plain(value, budget, depth) {
    budget.left--
    if (value === undefined) return '‹undefined›'
    if (typeof value === 'string' && value.length > MOST_TEXT) return value.slice(0, MOST_TEXT) + `… (${value.length} characters)`
    if (value === null || typeof value !== 'object') return value
    if (value instanceof Date) return `‹Date› ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`
    if (value instanceof RegExp) return String(value)
    if (depth > DEPTH) return '…'
    const list = Array.isArray(value) || value instanceof Set || ArrayBuffer.isView(value)
    const all = value instanceof DataView ? Array.from(new Uint8Array(value.buffer)) : list ? Array.from(value)
      : value instanceof Map ? Array.from(value, ([k, v]) => [nameOf(k), v])
      : Object.keys(value).map((k) => [k, value[k]])
    const out = list ? [] : Object.create(null)
    const most = Math.min(all.length, MOST_KEYS, Math.max(0, budget.left))
    for (let i = 0; i < most; i++) {
      if (list) out.push(plain(all[i], budget, depth + 1))
      else out[all[i][0]] = plain(all[i][1], budget, depth + 1)
    }
    if (most < all.length) {
      const rest = `${all.length - most} more`
      if (list) out.push('… ' + rest)
      else out['…'] = rest
    }
    return value instanceof Map ? { '‹Map›': out } : value instanceof Set ? { '‹Set›': out } : out
  }

  // The code can throw anything.
  function textOf(err) {
    try {
      const text = err instanceof Error ? `${err.name}: ${err.message}` : 'thrown: ' + String(err)
      return text.slice(0, 2000)
    } catch {
      return 'thrown: something without a text'
    }
  }

  function stackOf(err) {
    try {
      return String(err.stack).slice(0, 4000)
    } catch {
      return ''
    }
  }
}
