// The files of a store: listing them, and reading ranges with a bounded number of
// descriptors.

import fs from 'node:fs'
import path from 'node:path'
import { ReadError } from '../js/errors.mjs'
import { STATUS } from '../js/task.mjs'

// LATEST lists files whose latest content is always valid, so they are read at once.
export const LATEST = ['synced.thaw', 'visibility_ranges.fbv']

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants

// File is a name in a store's directory, and the file it named when listed.
export class File {
  constructor(name, file, stat) {
    this.name = name
    this.file = file
    this.size = stat.size
    this.regular = stat.isFile()
    this.dev = stat.dev
    this.ino = stat.ino
    this.segment = name.endsWith('.fbat')
  }

  isStill(stat) { return stat.isFile() && stat.dev === this.dev && stat.ino === this.ino }
}

// describe returns the result of fn for a file or directory. It throws the system's
// errors as ReadErrors.
function describe(file, fn) {
  try {
    return fn()
  } catch (cause) {
    if (cause.errno === undefined) throw cause // Node's own, for an invalid path
    throw new ReadError(file, cause)
  }
}

// look lists a directory in the order that ABI.md requires, since a writer may be
// active. It omits files removed meanwhile.
export function* look(dir) {
  const first = ['store.thaw', 'index.fbati', 'index.thaw', 'index.ckpt', 'synced.thaw'], last = ['visibility_ranges.fbv']
  const at = function* (names) {
    for (const name of names) {
      const file = path.join(dir, name)
      const stat = describe(file, () => fs.lstatSync(file, { throwIfNoEntry: false, bigint: true }))
      if (stat) yield new File(name, file, stat)
    }
  }
  yield* at(first)
  yield* at(describe(dir, () => fs.readdirSync(dir)).sort().filter((name) => !first.includes(name) && !last.includes(name)))
  yield* at(last)
}

// Descriptors reads files and keeps a bounded number of them open. A file that it opens
// again must be the same one: a writer replaces files by renaming others.
export class Descriptors {
  #most
  #open = new Map() // from File to descriptor, least recently used first

  constructor(most) { this.#most = most }

  // read fills to from an offset and returns the status of the want. It throws the
  // system's errors as ReadErrors.
  read(file, to, offset) {
    try {
      const fd = this.#descriptor(file)
      if (fd === null) return STATUS.gone
      for (let n = 0, got; n < to.length; n += got) {
        got = fs.readSync(fd, to, n, to.length - n, offset + BigInt(n))
        if (got === 0) return STATUS.short
      }
      return STATUS.done
    } catch (cause) {
      if (cause.code === 'ENOENT') return STATUS.gone
      this.#forget(file)
      throw new ReadError(file.file, cause)
    }
  }

  // close closes the open ones among files.
  close(files) { for (const file of files) this.#forget(file) }

  #descriptor(file) {
    let fd = this.#open.get(file)
    if (fd === undefined) {
      while (this.#open.size >= this.#most) this.#evict()
      fd = this.#openFile(file)
      if (fd === null) return null
    }
    this.#open.delete(file)
    this.#open.set(file, fd)
    return fd
  }

  // openFile returns null if the name now means another file.
  #openFile(file) {
    for (;;) {
      try {
        const fd = fs.openSync(file.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        if (file.isStill(fs.fstatSync(fd, { bigint: true }))) return fd
        fs.closeSync(fd)
        return null
      } catch (err) {
        if (err.code === 'ELOOP') return null // replaced by a link
        if (err.code !== 'EMFILE' && err.code !== 'ENFILE' || this.#open.size === 0) throw err
        this.#evict()
      }
    }
  }

  // evict closes the least recently used segment: a writer rarely replaces segments, but
  // often replaces index files.
  #evict() {
    let oldest
    for (const file of this.#open.keys()) {
      oldest ??= file
      if (file.segment) {
        oldest = file
        break
      }
    }
    this.#forget(oldest)
  }

  #forget(file) {
    const fd = this.#open.get(file)
    if (fd === undefined) return
    this.#open.delete(file)
    fs.closeSync(fd)
  }
}
