// A real worker for tests: a thread of Node that looks like a browser's worker.

import { createRequire } from 'node:module'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { serve } from '../serve.mjs'

// thread starts one.
export function thread(wasmExec) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { wasmExec } })
  const like = {
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => worker.terminate(),
  }
  worker.on('message', (data) => like.onmessage({ data }))
  worker.on('error', (error) => like.onerror({ error, message: error.message }))
  return like
}

if (!isMainThread && workerData?.wasmExec) {
  createRequire(import.meta.url)(workerData.wasmExec)
  const port = { postMessage: (message, transfer) => parentPort.postMessage(message, transfer) }
  serve(port, globalThis.Go)
  globalThis.thawScratch = {
    crash() {
      setTimeout(() => { throw new Error('as a test wants it') })
      return new Promise(() => {})
    },
  }
  parentPort.on('message', (data) => port.onmessage({ data }))
}
