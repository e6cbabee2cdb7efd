import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LINK, WHY } from './chain.mjs'
import { after, around, before } from './load.mjs'
import { chainOf, hash, storeOf } from './testing/store.mjs'
import { blame, CONTENT, lastOf, whole } from './walk.mjs'

const counts = ({ events, fits, forks, unsure, unread, wrong }) => ({ events, fits, forks, unsure, unread, wrong })
const changed = (n, at, change) => chainOf(n).map((e, i) => (i === at ? { ...e, ...change } : e))

test('the last links, newest first', async () => {
  const store = storeOf(chainOf(10))
  const part = await lastOf(store, store.all[8], 3)
  assert.deepEqual(part.links.map((l) => [l.row.seq, l.link]), [[8, LINK.fits], [7, LINK.fits], [6, LINK.fits]])
  assert.equal(part.whole, false)
  const all = await lastOf(store, store.all[2], 3)
  assert.deepEqual(all.links.map((l) => l.link), [LINK.fits, LINK.fits, LINK.begins])
  assert.equal(all.whole, true)
})

test('a whole chain that fits, over several pages', async () => {
  const store = storeOf(chainOf(1200))
  const progress = []
  const result = await whole(store, store.all[1100], { onProgress: (done, total) => progress.push([done, total]) })
  assert.deepEqual(counts(result), { events: 1101, fits: 1101, forks: 0, unsure: 0, unread: 0, wrong: 0 })
  assert.deepEqual(progress.at(-1), [1101, 1200])
  assert.ok(progress.length > 3)
  assert.equal((await whole(store, store.all[0], { upTo: false })).events, 1200)
})

test('broken links say which side does not fit', async () => {
  const store = storeOf(changed(6, 3, { prev: hash(99) }))
  const result = await whole(store, store.all[5])
  assert.deepEqual(counts(result), { events: 6, fits: 5, forks: 0, unsure: 0, unread: 0, wrong: 1 })
  const [link] = result.kept
  assert.deepEqual([link.row.seq, link.link, link.why, link.from.seq], [3, LINK.broken, WHY.prevHash, 2])
  assert.match(await blame(store, link), /^The side of #3 does not fit/)
  // The event before it has another hash than its payload.
  const other = storeOf(changed(6, 3, { prev: hash(99) }).map((e, i) => (i === 2 ? { ...e, damage: 'payload_hash' } : e)))
  const judged = (await lastOf(other, other.all[5], 10)).links.find((l) => l.link === LINK.broken)
  assert.match(await blame(other, judged), /^The side of #2 does not fit/)
  const unreadable = storeOf(changed(6, 3, { prev: hash(99) }).map((e, i) => (i === 2 ? { ...e, damage: 'checksum' } : e)))
  assert.match(await blame(unreadable, (await lastOf(unreadable, unreadable.all[3], 10)).links[0]), /cannot be told: #2 cannot be read/)
})

test('what is wrong with an event itself', async () => {
  for (const [change, content] of [
    [{ damage: 'payload_hash' }, CONTENT.digest], [{ contentHash: hash(77) }, CONTENT.contentHash], [{ payloadSize: 9 }, CONTENT.payloadSize],
  ]) {
    const store = storeOf(changed(6, 3, change))
    const result = await whole(store, store.all[5])
    assert.deepEqual(counts(result), { events: 6, fits: 5, forks: 0, unsure: 0, unread: 0, wrong: 1 }, content)
    assert.deepEqual(result.kept.map((k) => [k.row.seq, k.content]), [[3, content]])
  }
})

test('an event that cannot be read does not end the check', async () => {
  const store = storeOf(chainOf(1000).map((e, i) => (i % 100 === 7 ? { ...e, damage: 'checksum' } : e)))
  const result = await whole(store, store.all[999])
  assert.deepEqual(counts(result), { events: 1000, fits: 990, forks: 0, unsure: 0, unread: 10, wrong: 0 })
  assert.equal(result.kept.length, 10)
  // The event after a lost one is not judged by it, as thaw verify does not.
  const lost = storeOf(changed(6, 4, { prev: hash(99) }).map((e, i) => (i === 3 ? { ...e, damage: 'checksum' } : e)))
  assert.deepEqual(counts(await whole(lost, lost.all[5])), { events: 6, fits: 4, forks: 0, unsure: 1, unread: 1, wrong: 0 })
})

test('losses and hidden events between', async () => {
  const gone = storeOf(chainOf(6).filter((_, i) => i !== 3).map((e, i) => ({ ...e, offset: i < 3 ? 100 * i : 100 * (i + 1) })), {
    damages: [{ file: '000001.fbat', offset: 300, reason: 'checksum' }],
  })
  assert.deepEqual(counts(await whole(gone, gone.all[4])), { events: 5, fits: 4, forks: 0, unsure: 1, unread: 0, wrong: 0 })
  gone.report.damages[0].reason = 'frame_length' // which loses nothing
  assert.equal((await whole(gone, gone.all[4])).wrong, 1)
  const hidden = storeOf(chainOf(6).map((e, i) => ({ ...e, seq: i })).filter((_, i) => i !== 3), { hidden_ranges: [{ start: 3, end: 4 }] })
  const links = (await lastOf(hidden, hidden.all[4], 9)).links.map((l) => l.link)
  hidden.report.hidden_ranges = [{ start: 0, end: 3 }, { start: 5, end: 9 }] // before and behind
  assert.equal((await lastOf(hidden, hidden.all[4], 9)).links[1].link, LINK.broken)
  assert.deepEqual(links, [LINK.fits, LINK.hidden, LINK.fits, LINK.fits, LINK.begins])
})

test('most of many breaks are counted, not kept', async () => {
  const store = storeOf(chainOf(600).map((e) => ({ ...e, prev: hash(5000), clock: 5 * e.clock + 3 })))
  const result = await whole(store, store.all[599])
  assert.equal(result.wrong, 600)
  assert.equal(result.kept.length, 200)
  assert.equal(result.omitted, 400)
})

test('a check can be cancelled', async () => {
  const store = storeOf(chainOf(2000)), control = new AbortController()
  const done = whole(store, store.all[1999], { signal: control.signal, onProgress: () => control.abort(new Error('enough')) })
  await assert.rejects(done, /enough/)
})

test('neighbours', async () => {
  const store = storeOf([{ entity: 'a' }, { entity: 'b' }, { entity: 'a' }].map((e, i) => ({ ...chainOf(3)[i], ...e })))
  const seqs = (n) => Object.values(n).map((row) => row?.seq)
  assert.deepEqual(seqs(await around(store, store.all[0])), [undefined, 2, undefined, 1])
  assert.deepEqual(seqs(await around(store, store.all[2])), [0, undefined, 1, undefined])
  assert.equal(await before(store, store.all[0], {}), undefined)
  assert.equal((await after(store, store.all[1], {})).seq, 2)
})

test('events left out of an extract are no break', async () => {
  const header = Uint8Array.from('FBAT\0\0\0\x40\x84\xa7version\x01\xa5flags\xcd\x45\x58\xaacreated_ns\x01\xaasegment_id\x01', (c) => c.charCodeAt(0))
  const few = chainOf(9).filter((_, i) => i % 3 === 2)
  for (const [file, unsure] of [
    [{ name: '000001.fbat', bytes: header }, 3], [new File([header], '000001.fbat'), 3], [{ name: '000001.fbat', bytes: header.with(19, 0) }, 0], [{ name: '000002.fbat', bytes: header }, 0],
  ]) {
    const store = storeOf(few)
    store.source = { files: [file] }
    assert.deepEqual(counts(await whole(store, store.all[2])), { events: 3, fits: 0, forks: 0, unsure, unread: 0, wrong: 3 - unsure })
  }
})
