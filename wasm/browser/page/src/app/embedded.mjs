// What the page carries with it: the engine and the sample store, as base64 of gzip in
// elements that are not run; and scratch.js, which lies beside the page.

import { unrepeat } from './repeats.mjs'

const parsed = () => document.readyState !== 'loading' ? Promise.resolve()
  : new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }))

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

// embedded returns the bytes of the element with an id. The page runs before all of it has
// arrived.
export async function embedded(id) {
  await parsed()
  const element = document.getElementById(id)
  if (!element?.textContent) throw new Error(`The page is incomplete: it has no ${id}.`)
  return unpack(element.textContent)
}

async function unpack(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return unrepeat(new Uint8Array(await new Response(stream).arrayBuffer()))
}

// sample returns the files of the sample store: [{ name, bytes }]. A line with their names and
// sizes comes first.
export async function sample() {
  const all = await embedded('sample')
  let at = all.indexOf(10) + 1
  return JSON.parse(new TextDecoder().decode(all.subarray(0, at))).map(({ name, size }) => ({ name, bytes: all.slice(at, at += size) }))
}

let scratch = null

// scratchModule returns the module of the scratch store. It is loaded when it
// is asked for, by a script, since a page opened from a disk may not fetch a file.
export function scratchModule() {
  scratch ??= new Promise((done, failed) => {
    const script = document.createElement('script')
    script.src = 'scratch.js'
    script.onload = () => {
      const text = globalThis.thawScratchModule
      delete globalThis.thawScratchModule
      script.remove()
      if (text) done(unpack(text))
      else failed(new Error('scratch.js holds no module. It must be of the same build as the page.'))
    }
    script.onerror = () => {
      script.remove()
      scratch = null // it may be put there
      failed(new Error('scratch.js is missing. It must lie in the same folder as the page.'))
    }
    document.head.append(script)
  })
  return scratch
}
