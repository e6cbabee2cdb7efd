// Errors on their way from the worker to the page: structured clones lose their classes.

import { ClosedError, MemoryError, ReadError, ThawError, TrapError } from '../../js/errors.mjs'
import { parse } from '../../js/json.mjs'

// pack returns an error as an object that can be posted.
export function pack(err) {
  if (!(err instanceof Error) && typeof err?.message !== 'string') return { name: 'Error', message: String(err) }
  const { name, message, line, file, what } = err
  // A DOMException's code is a number of no use; its name says what happened.
  const code = typeof DOMException === 'function' && err instanceof DOMException ? name : err.code
  return { name, message, code, line, file, what, cause: err.cause === undefined ? undefined : pack(err.cause) }
}

// unpack is the inverse of pack.
export function unpack(p) {
  const cause = p.cause === undefined ? undefined : unpack(p.cause)
  switch (p.name) {
    case 'ThawError': return new ThawError(p.code, p.line, parse)
    case 'ReadError': return new ReadError(p.file, cause)
    case 'MemoryError': return new MemoryError(cause)
    case 'TrapError': return new TrapError(cause)
    case 'ClosedError': return new ClosedError(p.what)
    case 'TypeError': return new TypeError(p.message)
  }
  const err = new Error(p.message, cause && { cause })
  err.name = p.name
  if (p.code !== undefined) err.code = p.code
  return err
}
