// Has Node read the file THAW_SCRIPT_IS in place of THAW_SCRIPT, for a mutant of .ci/mutants.

import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) register(import.meta.url) // Node runs load in another thread

const of = pathToFileURL(process.env.THAW_SCRIPT).href

export async function load(url, context, next) {
  if (url !== of) return next(url, context)
  return { format: 'module', source: await readFile(process.env.THAW_SCRIPT_IS), shortCircuit: true }
}
