// From whom is called with parts to who asks for them, one part at a time.

export class Channel {
  #waiting = [] // of {item, taken}
  #wake = null
  #over = null // { error }

  // put hands over an item, and returns when it was taken.
  put(item) {
    if (this.#over) return Promise.reject(this.#over.error ?? new Error('the channel is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      this.#wake?.()
    })
  }

  // close ends the channel after what was put, with an error at once.
  close(error = null) {
    if (this.#over) return
    this.#over = { error }
    if (error) for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#wake?.()
  }

  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        const next = this.#waiting.shift()
        if (next) {
          next.resolve()
          yield next.item
          continue
        }
        if (this.#over) {
          if (this.#over.error) throw this.#over.error
          return
        }
        await new Promise((resolve) => { this.#wake = resolve })
        this.#wake = null
      }
    } finally {
      this.close(new Error('nothing more is taken')) // who asks has ended early
    }
  }
}
