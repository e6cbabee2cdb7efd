// The errors of both hosts, except TypeError, which they throw for an invalid call before
// anything is asked.

// CODES has the text of each negative code, as in ../guest/ABI.md.
const CODES = {
  '-1': 'no visible event has this id', '-2': 'damaged', '-3': 'a file is damaged and nothing stands in for it',
  '-4': 'a file was replaced or removed; open the store again', '-5': 'the host could not read', '-6': 'the store failed',
  '-20': 'no such handle', '-21': 'not an address inside a buffer', '-22': 'not a request', '-23': 'the store is not open',
  '-24': "the store's files are declared already", '-25': 'not a name for a file', '-26': 'not the size of a file',
  '-27': 'a limit is exceeded', '-28': 'another task of the store waits for ranges', '-29': 'a call from inside a call',
  '-30': "the buffer is a file's", '-31': 'the store could not be opened', '-40': 'a bug in the guest', '-41': 'the store is broken',
}

// ThawError is a negative code. line is the JSON answer, or null; details is the line as
// parse reads it, or null.
export class ThawError extends Error {
  constructor(code, line = null, parse = JSON.parse) {
    const details = line ? parse(line) : null
    super(details?.error ?? `thaw: ${CODES[code] ?? 'an error'} (code ${code})`)
    this.name = 'ThawError'
    this.code = code
    this.line = line
    this.details = details
  }
}

// ReadError reports that the system failed to read a file. cause is the system's error
// and code its code, such as 'EMFILE'. It says nothing about the store.
export class ReadError extends Error {
  constructor(file, cause) {
    super(`thaw: ${file} could not be read: ${cause.message}`, { cause })
    this.name = 'ReadError'
    this.file = file
    this.code = cause.code
  }
}

// ClosedError reports the use of a closed store, iterator or plugin.
export class ClosedError extends Error {
  constructor(what) {
    super(`thaw: the ${what} is closed`)
    this.name = 'ClosedError'
    this.what = what
  }
}

// TrapError reports that the instance ended during a call. Its plugin can no longer be
// used.
export class TrapError extends Error {
  constructor(cause, how = 'trapped') {
    super(`thaw: the instance of thaw.wasm ${how}, load another: ${cause?.message ?? String(cause)}`, { cause })
    this.name = 'TrapError'
  }
}

// MemoryError reports that the instance ended because it needed more memory than
// available, at most 4 GiB.
export class MemoryError extends TrapError {
  constructor(cause) {
    super(cause, 'ran out of memory')
    this.name = 'MemoryError'
  }
}
