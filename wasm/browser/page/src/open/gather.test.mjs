import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose, dropped, fileTree, fromTree, handleTree } from './gather.mjs'

const folder = (name, files, folders = []) => ({ name, files, folders })

test('the folder itself, or the one store below it', () => {
  assert.deepEqual(choose(folder('a', ['000001.fbat', 'index.fbati'])), { path: [] })
  assert.deepEqual(choose(folder('a', ['index.fbati'])), { path: [] })
  assert.deepEqual(choose(folder('a', ['readme'], [folder('x', ['y']), folder('orders', ['000001.fbat'])])), { path: ['orders'] })
})

test('what is no store says so', () => {
  for (const [f, want] of [
    [folder('a', []), 'The folder “a” is empty. A store has files named *.fbat.'],
    [folder('\u202e<b>', ['x', 'y']), 'The folder “\\u202e<b>” is not a store: it has 2 files, none of them named *.fbat.'],
    [folder('', ['x']), 'What you chose is not a store: it has 1 file, none of them named *.fbat.'],
    [folder('a', [], [folder('x', ['1.fbat']), folder('y', ['1.fbat'])]), 'The folder “a” holds 2 stores: “x”, “y”. Open one of them.'],
  ]) assert.equal(choose(f).problem, want)
})

const file = (path) => ({ name: path.split('/').at(-1), webkitRelativePath: path })

test('chosen files, with and without a folder', async () => {
  const one = await fromTree(fileTree([file('shop/000001.fbat'), file('shop/index.fbati'), file('shop/sub/deep/x.fbat')]))
  assert.deepEqual([one.kind, one.name, one.files.map((f) => f.name)], ['files', 'shop', ['index.fbati', '000001.fbat']])
  const below = await fromTree(fileTree([file('all/readme'), file('all/shop/000001.fbat')]))
  assert.deepEqual([below.name, below.files.map((f) => f.name)], ['shop', ['000001.fbat']])
  const loose = await fromTree(fileTree([{ name: '000001.fbat' }, { name: '000002.fbat' }]))
  assert.deepEqual([loose.name, loose.files.length], ['2 files', 2])
  await assert.rejects(fromTree(fileTree([file('a/x/1.fbat'), file('a/y/1.fbat')])), (e) => e.name === 'NotStore' && e.found.join() === 'x,y' && e.tree !== undefined)
})

// handles is a FileSystemDirectoryHandle of names; a name with / at the end is a folder.
const handle = (name, children) => ({
  name, kind: 'directory',
  async *values() {
    for (const [n, c] of Object.entries(children())) yield typeof c === 'function' ? handle(n, c) : { name: n, kind: 'file', getFile: async () => { if (c === 'gone') throw Object.assign(new Error(), { name: 'NotFoundError' }); return { name: n, of: c } } }
  },
})

test('a folder is listed again for each refresh, its newest files in the order that a reader needs', async () => {
  let n = 0
  const source = await fromTree(handleTree(handle('shop', () => { n++; return { '000002.fbat': n, 'visibility_ranges.fbv': n, 'index.fbati': n, '000001.fbat': 'gone', keys: () => ({}) } })))
  assert.deepEqual(await source.list(), [{ name: 'keys', directory: true }, { name: 'index.fbati', of: 1 }, { name: '000002.fbat', of: 1 }, { name: 'visibility_ranges.fbv', of: 1 }])
  assert.equal((await source.list())[1].of, 2)
})

test('a chosen store below', async () => {
  const tree = handleTree(handle('all', () => ({ x: () => ({ '1.fbat': 1 }), y: () => ({ '1.fbat': 2 }) })))
  assert.equal((await fromTree(tree, 'y')).name, 'y')
  await assert.rejects(fromTree(tree, 'z'), /is gone/)
})

const entry = (name, children) => ({
  name, isDirectory: true, isFile: false,
  createReader() {
    const parts = [children.slice(0, 2), children.slice(2), []] // as browsers do, some at a time
    return { readEntries: (done) => done(parts.shift().map((n) => (Array.isArray(n) ? entry(...n) : { name: n, isFile: true, file: (ok) => ok({ name: n }) }))) }
  },
})

test('a drop is read by handles, and by entries where there are none', async () => {
  const names = async (items, files = []) => (await fromTree(await dropped({ items, files }))).name
  const both = { kind: 'file', webkitGetAsEntry: () => entry('wrong', ['1.fbat']), getAsFileSystemHandle: async () => handle('right', () => ({ '1.fbat': 1 })) }
  assert.equal(await names([{ kind: 'string' }, both]), 'right')
  assert.equal(await names([{ kind: 'file', webkitGetAsEntry: () => entry('shop', ['a', 'b', '1.fbat']) }]), 'shop')
  assert.equal(await names([{ ...both, getAsFileSystemHandle: async () => { throw new Error('no') } }]), 'wrong')
  assert.equal(await names([{ kind: 'file', webkitGetAsEntry: () => ({ isFile: true, name: '1.fbat' }) }], [{ name: '1.fbat' }]), '1 file')
  await assert.rejects(names([both, { ...both, getAsFileSystemHandle: async () => handle('other', () => ({ '1.fbat': 1 })) }]), /holds 2 stores/)
  await assert.rejects(names([]), /is empty/)
})
