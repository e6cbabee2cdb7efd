// The files of what a user drops or chooses. Only a store's own folder is read; when it is
// not one, the folders one level below it are looked at.

import { plural, short } from '../ui/plain.mjs'

// isStore reports whether the names of a folder are those of a store.
export const isStore = (names) => names.some((n) => n.endsWith('.fbat') || n === 'index.fbati')

// choose returns the folder to open: { path: [] } for the folder itself, { path: ['orders'] } for
// one below; or { problem }, a text that says why there is none. A folder is { name, files:
// [names], folders: [the same] }.
export function choose({ name, files, folders }) {
  if (isStore(files)) return { path: [] }
  const found = folders.filter((f) => isStore(f.files))
  if (found.length === 1) return { path: [found[0].name] }
  const what = name ? `The folder \u201c${short(name, 60)}\u201d` : 'What you chose'
  if (found.length > 1) {
    const list = found.slice(0, 5).map((f) => `\u201c${short(f.name, 60)}\u201d`).join(', ')
    return { problem: `${what} holds ${plural(found.length, 'store')}: ${list}${found.length > 5 ? '\u2026' : ''}. Open one of them.`, found: found.map((f) => f.name) }
  }
  if (files.length === 0 && folders.length === 0) return { problem: `${what} is empty. A store has files named *.fbat.` }
  return { problem: `${what} is not a store: it has ${plural(files.length, 'file')}, none of them named *.fbat.` }
}

// NotStore is the error of what is no store. found names the stores one level below.
export class NotStore extends Error {
  constructor({ problem, found = [] }, name) {
    super(problem)
    this.name = 'NotStore'
    this.folder = name
    this.found = found
  }
}

// A tree is { name, list() }, and list returns { files: [{ name, file() }], folders: [trees] }.
// With once it cannot be listed again. fromTree returns the source of the store in it.
export async function fromTree(tree, below = null) {
  const { files, folders } = await tree.list()
  if (below === null && isStore(files.map((f) => f.name))) return source(tree, files, folders)
  const inner = await Promise.all(folders.map(async (t) => ({ tree: t, ...(await t.list()) })))
  const choice = below !== null ? { path: [below] } : choose({
    name: tree.name, files: files.map((f) => f.name),
    folders: inner.map((f) => ({ name: f.tree.name, files: f.files.map((x) => x.name) })),
  })
  if (choice.problem) throw Object.assign(new NotStore(choice, tree.name), { tree })
  const found = inner.find((f) => f.tree.name === choice.path[0])
  if (!found) throw new NotStore({ problem: `The folder \u201c${short(choice.path[0], 60)}\u201d is gone.` }, tree.name)
  return source(found.tree, found.files, found.folders)
}

async function source(tree, files, folders) {
  const now = await take(files, folders)
  const base = { kind: 'files', name: tree.name || plural(files.length, 'file') }
  if (tree.once) return { ...base, files: now }
  let first = now // what was just listed serves the first open
  return { ...base, list: async () => {
    const list = first
    first = null
    if (list) return list
    const again = await tree.list()
    return take(again.files, again.folders)
  } }
}

// rank is the order in which files are taken. A File is of the moment of its making, so those
// that say how far a store goes come before its segments.
const rank = ({ name }) => (name.endsWith('.fbat') ? 1 : name === 'visibility_ranges.fbv' ? 2 : 0)

async function take(files, folders) {
  const all = folders.map(({ name }) => ({ name, directory: true }))
  for (const turn of [0, 1, 2]) {
    all.push(...await Promise.all(files.filter((f) => rank(f) === turn).map(async (f) => {
      try {
        return await f.file()
      } catch (error) {
        if (error.name === 'NotFoundError') return null // removed meanwhile
        throw error
      }
    })))
  }
  return all.filter((f) => f !== null)
}

const fileOf = (entry) => new Promise((done, failed) => entry.file(done, failed))

// entryTree is the tree of a FileSystemDirectoryEntry, which every browser gives for a drop.
const entryTree = (entry) => ({
  name: entry.name,
  async list() {
    const files = [], folders = []
    const reader = entry.createReader()
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed)) // at most 100
      if (some.length === 0) return { files, folders }
      for (const e of some) {
        if (e.isFile) files.push({ name: e.name, file: () => fileOf(e) })
        else folders.push(entryTree(e))
      }
    }
  },
})

// handleTree is the tree of a FileSystemDirectoryHandle, from a drop or showDirectoryPicker.
export const handleTree = (handle) => ({
  name: handle.name,
  async list() {
    const files = [], folders = []
    for await (const h of handle.values()) {
      if (h.kind === 'file') files.push({ name: h.name, file: () => h.getFile() })
      else folders.push(handleTree(h))
    }
    return { files, folders }
  },
})

// fileTree is the tree of chosen files. Those of <input webkitdirectory> have paths.
export function fileTree(list) {
  const top = { name: '', files: [], folders: new Map() }
  for (const file of list) {
    const parts = (file.webkitRelativePath || file.name).split('/')
    if (parts.length > 1) top.name = parts.shift()
    if (parts.length > 2) continue
    let at = top
    if (parts.length === 2) {
      if (!top.folders.has(parts[0])) top.folders.set(parts[0], { name: parts[0], files: [], folders: new Map() })
      at = top.folders.get(parts[0])
    }
    at.files.push({ name: file.name, file: async () => file })
  }
  const tree = (t) => ({ name: t.name, once: true, list: async () => ({ files: t.files, folders: [...t.folders.values()].map(tree) }) })
  return tree(top)
}

// dropped returns the tree of a drop. It must be called in the event: afterwards its items are
// gone. Where there are handles they are used: Chromium gives entries of a page from a disk
// that cannot be read.
export function dropped(transfer) {
  const items = [...transfer.items].filter((i) => i.kind === 'file')
  const entries = items.map((i) => i.webkitGetAsEntry?.() ?? null)
  const handles = items.map((i) => i.getAsFileSystemHandle?.() ?? null)
  const files = [...transfer.files]
  return (async () => {
    const all = await Promise.all(handles.map((handle, n) => Promise.resolve(handle).catch(() => null).then((h) => itemOf(h, entries[n]))))
    const folders = all.filter((x) => x?.list)
    if (all.length === 1 && folders.length === 1) return folders[0]
    if (folders.length === 0) return fileTree(files)
    return { name: '', once: true, list: async () => ({ files: all.filter((x) => x?.file), folders }) }
  })()
}

// itemOf is a tree or a file of a tree, null for what is neither.
function itemOf(handle, entry) {
  if (handle) return handle.kind === 'directory' ? handleTree(handle) : { name: handle.name, file: () => handle.getFile() }
  if (!entry) return null
  return entry.isDirectory ? entryTree(entry) : { name: entry.name, file: () => fileOf(entry) }
}
