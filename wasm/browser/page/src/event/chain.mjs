// The hash chain of an entity: each event has the hash of its payload and that of the entity's
// previous event. The rule is that of package core/verify, chain.go, so that the page and
// `thaw verify` say the same; a test holds both to the same vectors.

const ZERO = '0'.repeat(64)

// WHY has the reasons of a link that does not fit, in the words of thaw verify.
export const WHY = {
  first: "the entity's first event has a clock or a previous hash",
  clock: "the clock is not the one after the entity's last event",
  prevHash: "prev_hash is not the hash of the entity's last event",
  continues: 'the event continues no event of its entity',
  wall: "the wall clock is before that of the entity's last event",
}

// LINK says how an event stands to the one before it.
export const LINK = {
  begins: 'begins', // the first of its entity
  fits: 'fits',
  again: 'again', // the chain begins again
  fork: 'fork', // it continues an event before the last one
  left: 'left', // events between were left out of an extract
  lost: 'lost', // events between were lost, so nothing can be said
  hidden: 'hidden', // hidden events lie between, which it may continue
  unknown: 'unknown', // the event before it was not looked at
  broken: 'broken',
}

const continues = (head, event) => head !== null && event.prev === head.hash && event.clock === head.clock + 1

const begins = (event) => event.clock === 0 && event.prev === ZERO

// Chain judges the events of one entity in order of sequence. An event is { seq, prev, hash, clock,
// wallMs } with hashes in hexadecimal.
export class Chain {
  #last = null
  #visible = null // the last event before hidden ones, if the last one is hidden
  #forked = null // the last event before the chain last began again
  #most = 0
  #whole

  // whole is false if the events begin in the middle: then the first is not judged, and what does not fit its
  // predecessor may be a fork of an earlier event.
  constructor(whole = true) { this.#whole = whole }

  // simple reports whether an event continues another or begins a chain, so that nothing about
  // what lies around it has to be known.
  simple(event) { return [this.#last, this.#visible, this.#forked].some((head) => continues(head, event)) || begins(event) }

  // add judges the next event: { link, why, from }, where from is the event that it continues, or
  // should, and null for none. around says what else is known: lost, that the log lost something
  // since the last event; hiddenBetween, that hidden events lie there; hidden, that the event
  // itself is; suspect, that it contradicts itself; extract, that its segment holds selected events only.
  add(event, { lost = false, extract = false, hiddenBetween = false, hidden = false, suspect = false } = {}) {
    const last = this.#last
    let link = LINK.fits, why = null, from = last
    if (last === null) {
      link = begins(event) ? LINK.begins : !this.#whole ? LINK.unknown : lost ? LINK.lost : extract ? LINK.left : LINK.broken
      if (link === LINK.broken) why = WHY.first
    } else if (continues(last, event)) {
      // fits
    } else if (continues(this.#visible, event)) {
      from = this.#visible
    } else if (continues(this.#forked, event)) {
      from = this.#forked
      link = LINK.fork
    } else if (begins(event)) {
      // After a cancelled fence, after a loss or after an event that is wrong itself this is expected.
      link = last.hidden || hiddenBetween || lost || last.suspect ? LINK.again : LINK.fork
      this.#forked = last
      from = null
    } else if (event.prev === last.hash && event.clock === this.#most + 1) {
      link = LINK.fork // thaw continues a forked chain with a clock above all earlier ones
    } else if (lost) {
      link = LINK.lost
    } else if (extract) {
      // Between two clocks that are not neighbours, events were left out. Otherwise what it continues was.
      link = event.clock <= last.clock + 1 ? LINK.fork : LINK.left
      if (link === LINK.fork) from = null
    } else if (last.suspect && (event.prev === last.hash || event.clock === last.clock + 1)) {
      // The blame is with the last event.
    } else if (hiddenBetween) {
      link = LINK.hidden
    } else {
      link = LINK.broken
      why = event.prev === last.hash ? WHY.clock : event.clock === last.clock + 1 ? WHY.prevHash : WHY.continues
    }
    if (why === null && from !== null && event.wallMs < from.wallMs && !from.suspect) {
      link = LINK.broken
      why = WHY.wall
    }
    const now = { ...event, hidden, suspect: suspect || why !== null }
    if (hidden && last !== null && !last.hidden) this.#visible = last
    this.#last = now
    if (event.clock > this.#most) this.#most = event.clock
    return { link, why, from }
  }
}

// sides says which side of a broken link does not fit, from what the two frames say: before and
// event are { readable, fits } or null if not looked at, where fits says that the hash of the payload is
// the event hash. The result is 'before', 'event', 'both' or '' if it cannot be told.
export function sides(why, before, event) {
  if (why === WHY.first || before === null) return 'event'
  if (why === WHY.clock || why === WHY.wall) return event?.fits === false ? 'both' : ''
  if (before.fits === false) return event?.fits === false ? 'both' : 'before'
  return before.fits === true ? 'event' : ''
}
