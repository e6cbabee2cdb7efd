// What an instance writes to standard error: its runtime does so before it ends.

const STDERR = 2
const MOST = 4096 // bytes that are kept
const text = new TextDecoder('latin1')

// Said keeps the first bytes of it. They go to standard error as well.
export class Said {
  memory = null // the instance's, once there is one
  #said = ''

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

  // outOfMemory reports whether the runtime gave up for want of memory.
  get outOfMemory() { return this.#said.includes('out of memory') }

  #keep(pieces, count) {
    const view = new DataView(this.memory.buffer)
    for (let at = pieces >>> 0; count > 0; count--, at += 8) {
      const length = Math.min(view.getUint32(at + 4, true), MOST - this.#said.length)
      this.#said += text.decode(new Uint8Array(this.memory.buffer, view.getUint32(at, true), length))
    }
  }
}
