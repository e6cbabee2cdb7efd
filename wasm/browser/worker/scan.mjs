// Large reads of a file, which are those of a scan from front to end. One large read of a
// Blob is faster than many, and the next one runs while the last is used.

const PART = 2 << 20

export class Scan {
  #file
  #from = 0 // of the last range
  #begin = 0 // of all ranges in order
  #end = -1
  #parts = [] // read, or being read, in order and without gaps: {at, end, promise, result}

  constructor(file) { this.#file = file }

  // end forgets what was read.
  end() { this.#parts = [] }

  // parts returns the parts in which a range lies. One without a result has a promise.
  parts(from, to) {
    if (from < this.#from || from > this.#end) { // not in order: ranges may overlap
      this.#parts = []
      this.#begin = from
      this.#end = to
    }
    this.#from = from
    this.#end = Math.max(this.#end, to)
    this.#parts = this.#parts.filter(({ end }) => end > from)
    // The longer a scan is, the further it will go: half of what it read lies ahead.
    const ahead = Math.min(Math.floor((from - this.#begin) / 2), PART), most = Math.min(to + ahead, this.#file.size)
    for (let end = this.#parts.at(-1)?.end ?? from; end < to || end + ahead / 2 < most; end = this.#parts.at(-1).end) {
      this.#parts.push(this.#read(end, Math.min(Math.max(to, end + ahead), this.#file.size)))
    }
    return this.#parts.filter(({ at }) => at < to)
  }

  #read(at, end) {
    const part = { at, end, result: null }
    part.promise = this.#file.read([{ file: this.#file, at, end }]).then(([result]) => { part.result = result })
    return part
  }
}
