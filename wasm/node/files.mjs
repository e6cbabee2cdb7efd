// The files of a store: which there are, and reading ranges of them with a bounded
// number of descriptors.

import fs from 'node:fs'
import path from 'node:path'
import { ReadError } from './errors.mjs'

// What became of a range, as a want's status says it.
export const READ = { done: 0, gone: 2, short: 3 }

// LATEST are files of which the latest content is always right, so that it is read at
// once.
export const LATEST = ['synced.thaw', 'visibility_ranges.fbv']

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants

// File is a name in a store's directory, and the file it led to when it was looked at.
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

// asked returns what fn finds out about a file or directory. What the system refuses is
// thrown as a ReadError.
function asked(file, fn) {
  try {
    return fn()
  } catch (cause) {
    if (cause.errno === undefined) throw cause // Node's own, of a path that is none
    throw new ReadError(file, cause)
  }
}

// look looks at a directory in the order that ABI.md asks for, since a writer may be at
// work. What goes away meanwhile is left out.
export function* look(dir) {
  const first = ['index.fbati', 'index.thaw', 'index.ckpt', 'synced.thaw'], last = ['visibility_ranges.fbv']
  const at = function* (names) {
    for (const name of names) {
      const file = path.join(dir, name)
      const stat = asked(file, () => fs.lstatSync(file, { throwIfNoEntry: false, bigint: true }))
      if (stat) yield new File(name, file, stat)
    }
  }
  yield* at(first)
  yield* at(asked(dir, () => fs.readdirSync(dir)).sort().filter((name) => !first.includes(name) && !last.includes(name)))
  yield* at(last)
}

// Descriptors reads files and keeps at most so many of them open. A file that is opened
// again must be the one it was: a writer replaces files by renaming others.
export class Descriptors {
  #most
  #open = new Map() // from File to descriptor, the one that was not used for longest first

  constructor(most) { this.#most = most }

  // read fills bytes from an offset on and returns what came of it. What the system
  // refuses is thrown as a ReadError.
  read(file, to, offset) {
    try {
      const fd = this.#descriptor(file)
      if (fd === null) return READ.gone
      for (let n = 0, got; n < to.length; n += got) {
        got = fs.readSync(fd, to, n, to.length - n, offset + BigInt(n))
        if (got === 0) return READ.short
      }
      return READ.done
    } catch (cause) {
      if (cause.code === 'ENOENT') return READ.gone
      this.#forget(file)
      throw new ReadError(file.file, cause)
    }
  }

  // close closes those of these files that are open.
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

  // openFile returns null when the name leads to another file now.
  #openFile(file) {
    for (;;) {
      try {
        const fd = fs.openSync(file.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        if (file.isStill(fs.fstatSync(fd, { bigint: true }))) return fd
        fs.closeSync(fd)
        return null
      } catch (err) {
        if (err.code === 'ELOOP') return null // a link took its place
        if (err.code !== 'EMFILE' && err.code !== 'ENFILE' || this.#open.size === 0) throw err
        this.#evict()
      }
    }
  }

  // evict closes the segment that was not used for longest: a writer rarely replaces
  // segments, and index files often.
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
