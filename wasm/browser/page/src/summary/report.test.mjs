import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportRows } from './report.mjs'

const sound = { opened_from: 'index', events: 5, hidden: 0, allocator: 5, segments: 1, tail_events: 1, lookups: 'built', parts: 0, rejected: [], damages: [], unfinished: [],
  gaps: [], unsealed: [], torn: null, unclosed: false, hidden_ranges: [], duplicate_ids: false, table_bytes: 300, open_ns: 1 }
const texts = (more, ...args) => Object.fromEntries(reportRows({ ...sound, ...more }, 12.4, null, ...args).map((r) => [r.key, r.text]))

test('a sound store', () => {
  assert.deepEqual(reportRows(sound, 1234.4, null).map((r) => `${r.term}: ${r.text}`),
    ['Opened from: index.fbati, in 1,234 ms', 'Next sequence: 5', 'Tail: 1 event read from segments', 'Index: built, 300 bytes of memory'])
  assert.equal(texts({ opened_from: 'segments' }).opened, 'its segments, in 12 ms')
  assert.equal(reportRows(sound, null, null)[0].text, 'index.fbati')
})

test('ends of ranges are not part of them', () => {
  assert.equal(texts({ hidden: 3, hidden_ranges: [{ start: 2, end: 5 }] }).hidden, '3 events, by cancelled fences: sequences 2 to 4')
  assert.equal(texts({ hidden_ranges: Array.from({ length: 22 }, (_, n) => ({ start: 2 * n, end: 2 * n + 1 })) }).hidden.endsWith('sequences 38 to 38 and 2 more'), true)
  const gaps = texts({ gaps: [{ file: '000002.fbat', first: 7, end: 2n ** 63n }, { file: '000004.fbat', first: 9, end: null }] })
  assert.equal(gaps['gap-0'], 'sequences 7 to 9,223,372,036,854,775,807 belong to no event (before 000002.fbat)')
  assert.equal(gaps['gap-1'], 'segment ids are missing before 000004.fbat; events from sequence 9 on may be missing')
})

test('what is not as it should be', () => {
  const t = texts({ rejected: [{ file: 'index.ckpt', reason: 'short', offset: null, detail: null }, { file: '000001.fbat', reason: 'footer', offset: 0, detail: 'x\u202ey' }],
    unfinished: [{ file: '000003.fbat', offset: 1000, items: 2 }], torn: { file: '000003.fbat', offset: 7, length: 1, event_id: 'aa', unproven: false },
    unsealed: [{ file: '000001.fbat', offset: 100, next: 40 }], unclosed: true, duplicate_ids: true, parts: 2 })
  assert.equal(t['rejected-0'], 'index.ckpt: it is shorter than its header')
  assert.equal(t['rejected-1'], 'the footer of 000001.fbat: the footer contradicts the segment at byte 0: x\\u202ey')
  assert.equal(t['unfinished-0'], '000003.fbat at byte 1,000: a batch with only 2 events written; it does not count')
  assert.equal(t.torn, '000003.fbat at byte 7: 1 byte of event aa, from an unclean stop')
  assert.equal(t['unsealed-0'], '000001.fbat ends without a footer at byte 100, before sequence 40')
  assert.equal(t.parts, '2')
  assert.equal(reportRows(sound, 1, 'bad').at(-1).text, 'names.thaw: bad')
})
