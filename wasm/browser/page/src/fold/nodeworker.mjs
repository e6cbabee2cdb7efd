// Workers of Node in place of a browser's, for tests.

import { Worker } from 'node:worker_threads'

const LIKE_A_BROWSER = `
  const { parentPort } = require('node:worker_threads')
  globalThis.postMessage = (message) => parentPort.postMessage(message)
  globalThis.addEventListener = (name, f) => parentPort.on('message', (data) => f({ data }))
`.replaceAll('\n', ';')

export function nodeWorker(text, on) {
  // A thrown text ends a worker of Node without its message: throw an error.
  const worker = new Worker(`{${LIKE_A_BROWSER}}` + text.replace(/throw ('[^']*')/, 'throw new Error($1)'), { eval: true, stdout: true, stderr: true })
  worker.on('message', on.message)
  worker.on('error', (err) => {
    const line = /\[worker eval\]:(\d+)/.exec(err.stack ?? '')
    on.error(`Uncaught ${err.name}: ${err.message}`, line ? Number(line[1]) : null)
  })
  return { post: (message) => worker.postMessage(message), end: () => worker.terminate() }
}
