// The standard error of an instance, to which its runtime writes before it exits.

const STDERR = 2
const MOST = 4096 // kept bytes
const text = new TextDecoder('latin1')

// Stderr keeps the first bytes written. They go to standard error as well.
export class Stderr {
  memory = null // the instance's, set after instantiation
  #start = ''

  constructor(wasi) {
    const { fd_write: write, ...others } = wasi.wasi_snapshot_preview1
    this.imports = {
      wasi_snapshot_preview1: {
        ...others,
        fd_write: (fd, pieces, count, written) => {
          if (fd === STDERR && this.memory) this.#keep(pieces, count)
          return write(fd, pieces, count, written)
        },
      },
    }
  }

  // outOfMemory reports whether the runtime ended for lack of memory.
  get outOfMemory() { return /out of memory|cannot allocate memory/.test(this.#start) }

  #keep(pieces, count) {
    const view = new DataView(this.memory.buffer)
    for (let at = pieces >>> 0; count > 0; count--, at += 8) {
      const length = Math.min(view.getUint32(at + 4, true), MOST - this.#start.length)
      this.#start += text.decode(new Uint8Array(this.memory.buffer, view.getUint32(at, true), length))
    }
  }
}
