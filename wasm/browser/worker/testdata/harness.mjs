// What the tests of the worker share: the worker's code in this process, at the other end of a
// MessageChannel, with files as Node has them.

import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Engine } from '../client.mjs'
import { serve } from '../serve.mjs'

// ready returns what starts engines: wasm is a file, and wasmExec is wasm_exec.js.
export function ready(wasm, wasmExec) {
  createRequire(import.meta.url)(wasmExec)
  const bytes = new Uint8Array(fs.readFileSync(wasm))
  return {
    bytes,
    start: (options = {}) => Engine.start({ wasm: bytes, spawn: () => spawn(globalThis.Go), ...options }),
  }
}

// spawn returns a Worker that is none. sees is called for each message of the worker.
export function spawn(Go, sees = () => {}) {
  const { port1, port2 } = new MessageChannel()
  const post = port2.postMessage.bind(port2)
  port2.postMessage = (message, transfer) => {
    sees(message)
    post(message, transfer)
  }
  serve(port2, Go)
  return Object.assign(port1, {
    terminate() {
      port1.close()
      port2.close()
    },
  })
}

// filesOf returns the files of a directory, which are read when they are wanted.
export async function filesOf(dir) {
  const out = []
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    if (entry.isFile()) out.push(new File([await fs.openAsBlob(path.join(dir, entry.name))], entry.name))
    else out.push({ name: entry.name, directory: true })
  }
  return out
}
