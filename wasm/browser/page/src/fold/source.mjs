// The sources of the two workers that a reducer needs, and where its lines are in them.
//
// The content security policy allows no code from text, but workers from Blobs: so the user's code is part
// of a worker's source. It must not end the brackets around it: what came after them could be
// hoisted and run before the worker is stripped. Therefore it is compiled twice, once in square brackets in
// a worker that throws before it could run, and then in round ones. Code that ends one kind of
// bracket is a syntax error in the other.

// tidy returns the code without what an expression may not end with.
export const tidy = (code) => code.replace(/[\s;]+$/u, '')

// refusal returns why code is not compiled at all, null if it may be. A dynamic import is
// syntax, which nothing can take away. As a property it is harmless.
export function refusal(code) {
  if (tidy(code).trim() === '') return { text: 'there is no code', line: 1 }
  for (const m of code.matchAll(/(?<![\w$])import(?![\w$])/gu)) {
    const before = code.slice(0, m.index)
    if (before.endsWith('.') && !before.endsWith('..')) continue
    return { text: 'the word import is not allowed, in texts and comments neither', line: before.split('\n').length }
  }
  return null
}

const THROWN = 'thaw: compiled'
const CHECK = [`'use strict';throw '${THROWN}';()=>[\n`, '\n]']

// check is the source of the worker that only compiles.
export const check = (code) => CHECK[0] + tidy(code) + CHECK[1]

// compiled reports whether the message of a worker's error says that its code is compiled.
export const compiled = (message) => message.includes(THROWN)

// source is the source of the worker that runs the reducer. this is the global object: a name of it
// could be declared by the code.
export const source = (harness, code) => `'use strict';const begin=(${harness})(this);begin(()=>(\n${tidy(code)}\n))`

// lineIn returns the line of the user's code for a line of a worker's source, null for another.
export function lineIn(worker, code, line) {
  const first = worker.slice(0, worker.lastIndexOf(tidy(code))).split('\n').length
  const n = line - first + 1
  const lines = tidy(code).split('\n').length
  if (!(n >= 1)) return null
  return Math.min(n, lines) // the end of the code is missed behind it
}

// lineOf returns the line of the user's code in which an error with a stack was thrown, null
// if it was thrown elsewhere.
export function lineOf(worker, code, stack) {
  const first = worker.slice(0, worker.lastIndexOf(tidy(code))).split('\n').length
  const lines = tidy(code).split('\n').length
  for (const m of stack.matchAll(/:(\d+):\d+\)?$/gmu)) {
    const n = Number(m[1]) - first + 1
    if (n >= 1 && n <= lines) return n
  }
  return null
}
