// The spans that explain the bytes of a frame: { at, length, depth, name, value, fits }. Spans of
// one depth do not overlap.

// Spans finds the spans of a byte.
export class Spans {
  #levels = [] // by depth, the numbers of its spans by place

  constructor(spans) {
    this.all = spans
    spans.forEach((span, i) => (this.#levels[span.depth] ??= []).push(i))
    for (const level of this.#levels) level?.sort((x, y) => spans[x].at - spans[y].at)
  }

  // at returns the numbers of the spans around a byte, outermost first.
  at(byte) {
    const around = []
    for (const level of this.#levels) {
      if (!level) continue
      let low = 0, high = level.length - 1
      while (low < high) { // the last one that begins at or before the byte
        const middle = (low + high + 1) >> 1
        if (this.all[level[middle]].at <= byte) low = middle
        else high = middle - 1
      }
      const span = this.all[level[low]]
      if (span && span.at <= byte && byte < span.at + span.length) around.push(level[low])
    }
    return around
  }

  // innermost returns the number of the deepest span around a byte, or -1.
  innermost(byte) { return this.at(byte).at(-1) ?? -1 }

  // unfit returns the spans with a check that does not hold.
  get unfit() { return this.all.filter((span) => span.fits === false) }
}
