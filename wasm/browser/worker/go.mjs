// Starts a module of Go for browsers with the class Go of wasm_exec.js.

import { Instance } from '../../js/instance.mjs'

const MOST = 4096 // characters kept of what a runtime writes
const latin1 = new TextDecoder('latin1')

// inflate returns the bytes of a module that may be compressed with gzip.
async function inflate(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(plain).arrayBuffer())
}

// run starts a module and returns its exports. The runtime's last words are part of the
// error with which it ends: written to an object, {text}. change may change the imports.
export async function run(Go, bytes, env, said, change = () => {}) {
  const go = new Go()
  let line = ''
  go.env = env
  go.exit = (code) => { throw new Error(`the Go runtime ended with code ${code}: ${said.text.split('\n', 1)[0]}`) }
  go.importObject.gojs['runtime.wasmWrite'] = (sp) => {
    const at = Number(go.mem.getBigInt64((sp >>>= 0) + 16, true))
    const text = latin1.decode(new Uint8Array(go.mem.buffer, at, go.mem.getInt32(sp + 24, true)))
    said.text += text.slice(0, MOST - said.text.length)
    const lines = (line + text).split('\n') // the runtime writes word by word
    line = lines.pop()
    if (lines.length > 0) console.error(lines.join('\n'))
  }
  change(go.importObject.gojs)
  const { instance } = await WebAssembly.instantiate(await inflate(bytes), go.importObject)
  go.run(instance).catch(() => {}) // it never ends; its end is an error of the call that ended it
  return instance.exports
}

// start starts the engine.
export async function start(Go, bytes, env) {
  const said = { text: '' }
  const exports = await run(Go, bytes, env, said, (imports) => {
    // Without syscall/js the runtime must not be resumed when a time is over. It sleeps only
    // in the background, and looks at its clock at the next call.
    imports['runtime.scheduleTimeoutEvent'] = () => {}
    imports['runtime.clearTimeoutEvent'] = () => {}
  })
  return new Instance(exports, exports.mem, () => /out of memory|cannot allocate memory/.test(said.text))
}
