// The first thing one sees: where a store comes from.

import { html, useEffect, useRef, useState, useValue } from '../ui/html.mjs'
import { useAnswer } from '../ui/ask.mjs'
import { Icon } from '../ui/icons.mjs'
import { short } from '../ui/plain.mjs'
import { Failure } from '../app/failure.mjs'
import { sample } from '../app/embedded.mjs'
import { go, noFilters } from '../app/route.mjs'
import { open, opening, ready, refused, start, store } from '../app/session.mjs'
import { Damages } from '../summary/damages.mjs'
import { dropped, fileTree, fromTree, handleTree, NotStore } from './gather.mjs'

// openTree opens the store in a tree, or says why there is none.
export async function openTree(tree, below) {
  try {
    tree = await tree
    await openSource(await fromTree(tree, below))
  } catch (error) {
    if (error?.name === 'AbortError') return // the user closed the dialog
    refused.value = { name: error.folder ?? tree?.name ?? '', error }
  }
}

// openSource opens another store, at its summary. Where none was open the address stands: it may
// be a link to a view of this store.
export async function openSource(source) {
  if (store.peek()) go({ ...noFilters, view: 'summary', event: undefined, correlation: undefined, list: undefined, begins: undefined })
  await open(source)
}

export async function openSample() {
  try {
    await openSource({ kind: 'memory', name: 'sample', files: await sample() })
  } catch (error) {
    refused.value = { name: 'sample', error }
  }
}

// takeDrops opens a folder dropped anywhere on the page. over is told whether one hovers.
export function takeDrops(over) {
  const files = (event) => event.dataTransfer?.types.includes('Files')
  let depth = 0
  const on = (name, f) => addEventListener(name, (event) => {
    if (!files(event)) return
    event.preventDefault()
    f(event)
  })
  on('dragenter', () => over(++depth > 0))
  on('dragleave', () => over(--depth > 0))
  on('dragover', (event) => {
    event.dataTransfer.dropEffect = 'copy'
  })
  on('drop', (event) => {
    depth = 0
    over(false)
    openTree(dropped(event.dataTransfer))
  })
}

function Engine() {
  const { state, ms, error } = useValue(ready)
  if (state === 'failed') return html`<${Failure} error=${error} text="The engine could not be started in this browser." />`
  return html`<p class="engine soft small" data-test="engine" data-state=${state}>${
    state === 'ready' ? html`<${Icon} name="check" /> Engine ready in ${Math.round(ms)} ms` : html`<span class="spinner" aria-hidden="true"></span> Preparing the engine…`
  }</p>`
}

// Refused says why what was dropped or chosen could not be opened.
export function Refused() {
  const why = useValue(refused)
  if (!why) return null
  if (!(why.error instanceof NotStore)) {
    return html`<${Failure} error=${why.error} text=${`${why.name ? `\u201c${short(why.name, 80)}\u201d` : 'The store'} could not be opened.`} hint=${why.error.code === -2 ? 'Verify lists everything that is damaged.' : undefined} />
      ${why.source && why.error.code !== undefined ? html`<${Unopened} key=${why} source=${why.source} />` : null}`
  }
  return html`<div class="failure" role="alert" data-test="failure">
    <${Icon} name="warn" />
    <div>
      <p data-test="failure-text">${why.error.message}</p>
      ${why.error.tree && why.error.found.length > 0 ? html`<p class="row wrap-row">${why.error.found.slice(0, 12).map((name) => html`
        <button type="button" key=${name} onClick=${() => openTree(why.error.tree, name)}>Open <bdi>${short(name, 40)}</bdi></button>`)}</p>` : null}
    </div>
  </div>`
}

// Unopened verifies a store that cannot be opened, to see what is damaged.
function Unopened({ source }) {
  const { value, error } = useAnswer(async (signal) => (await start()).open(source, { verifyOnly: true, signal }), [source])
  useEffect(() => () => value?.close(), [value])
  if (error) return html`<${Failure} error=${error} text="It cannot be verified either." />`
  return value ? html`<${Damages} store=${value} readable=${false} />` : null
}

// OpenScreen asks for a store. linked is the view that the address is a link to, if it is to one.
export function OpenScreen({ linked }) {
  const folder = useRef(), files = useRef()
  const [busy, setBusy] = useState(false)
  const now = useValue(opening)
  const chosen = (event) => {
    const list = [...event.currentTarget.files]
    event.currentTarget.value = '' // the same folder may be chosen again
    if (list.length > 0) openTree(fileTree(list))
  }
  const chooseFolder = async () => {
    if (!globalThis.showDirectoryPicker) return folder.current.click()
    let handle
    try {
      handle = await showDirectoryPicker({ id: 'thaw-store', mode: 'read' })
    } catch (error) {
      if (error.name !== 'AbortError') folder.current.click() // not allowed here, in a frame for example
      return
    }
    openTree(handleTree(handle))
  }
  const fromSample = async () => {
    setBusy(true)
    await openSample()
    setBusy(false)
  }
  if (now) return html`<section class="open opening" aria-busy="true"><p class="large"><span class="spinner" aria-hidden="true"></span> Opening <bdi class="strong">${short(now.name, 80)}</bdi>…</p></section>`
  return html`<section class="open" data-test="open">
    <div class="open-head">
      <h1>Look into an event store</h1>
      <p class="lead">Events and their causes, by entity, by kind and over time, from the store’s own files. Everything happens in this page: <em>nothing is uploaded.</em></p>
    </div>
    ${linked ? html`<p class="linked" data-test="linked">This address is a link to <strong>${linked}</strong> of a store. Open that store to see it.</p>` : null}
    <${Refused} />
    <div class="drop">
      <${Icon} name="folder" />
      <p class="strong">Drop a store’s folder here</p>
      <p class="soft small">The folder with the <code>*.fbat</code> files, of thaw or batpak 0.4</p>
      <div class="row center wrap-row">
        <button type="button" class="primary" data-test="choose-folder" onClick=${chooseFolder}>Choose a folder</button>
        <button type="button" data-test="choose-files" onClick=${() => files.current.click()}>Choose files</button>
      </div>
      <input ref=${folder} type="file" webkitdirectory multiple hidden aria-label="A store’s folder" data-test="input-folder" onChange=${chosen} />
      <input ref=${files} type="file" multiple hidden aria-label="A store’s files" data-test="input-files" onChange=${chosen} />
    </div>
    <div class="ways">
      <button type="button" class="way" data-test="open-sample" disabled=${busy} onClick=${fromSample}>
        <span class="strong">Open the sample</span>
        <span class="soft small">A small shop: orders, payments, causes and effects, and one damaged place</span>
      </button>
      <button type="button" class="way" data-test="open-scratch" onClick=${() => go({ view: 'scratch' })}>
        <span class="strong">Start a scratch store</span>
        <span class="soft small">Append events in memory, see them at once, take them along</span>
      </button>
    </div>
    <${Engine} />
  </section>`
}

