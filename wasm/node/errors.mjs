// The errors that thaw.mjs throws besides TypeError, which is for a call that makes no
// sense: nothing was asked then.

// CODES says what a code below 0 means, as ../guest/ABI.md has it.
const CODES = {
  '-1': 'no visible event has this id', '-2': 'damaged', '-3': 'a file is damaged and nothing stands in for it',
  '-4': 'a file was replaced or removed; open the store again', '-5': 'the host could not read', '-6': 'the store failed',
  '-20': 'no such handle', '-21': 'not an address inside a buffer', '-22': 'not a request', '-23': 'the store is not open',
  '-24': "the store's files are declared already", '-25': 'not a name for a file', '-26': 'not the size of a file',
  '-27': 'a limit is exceeded', '-28': 'another task of the store waits for ranges', '-29': 'a call from inside a call',
  '-30': "the buffer is a file's", '-31': 'the store could not be opened', '-40': 'a bug in the guest', '-41': 'the store is broken',
}

// ThawError is an answer below 0. line is the JSON that came with it, or null, and
// details what that says, or null.
export class ThawError extends Error {
  constructor(code, line = null) {
    const details = line ? JSON.parse(line) : null
    super(details?.error ?? `thaw: ${CODES[code] ?? 'an error'} (code ${code})`)
    this.name = 'ThawError'
    this.code = code
    this.line = line
    this.details = details
  }
}

// ReadError is a file that the system did not let us read. Its cause is the system's
// error, its code that error's, such as 'EMFILE'. It says nothing about the store.
export class ReadError extends Error {
  constructor(file, cause) {
    super(`thaw: ${file} could not be read: ${cause.message}`, { cause })
    this.name = 'ReadError'
    this.file = file
    this.code = cause.code
  }
}

// ClosedError is any use of what was closed: a store, its iterators, a plugin.
export class ClosedError extends Error {
  constructor(what) {
    super(`thaw: the ${what} is closed`)
    this.name = 'ClosedError'
  }
}

// TrapError is an instance that ended in the middle of a call. Its plugin is of no more
// use.
export class TrapError extends Error {
  constructor(cause, how = 'trapped') {
    super(`thaw: the instance of thaw.wasm ${how}, load another: ${cause?.message ?? String(cause)}`, { cause })
    this.name = 'TrapError'
  }
}

// MemoryError is an instance that ended because it needed more memory than it could get:
// at most 4 GiB.
export class MemoryError extends TrapError {
  constructor(cause) {
    super(cause, 'ran out of memory')
    this.name = 'MemoryError'
  }
}
