import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charOf, dump, fromHex } from './hex.mjs'
import { Spans } from './spans.mjs'

test('bytes as text', () => {
  assert.deepEqual(fromHex('00ff7f'), Uint8Array.of(0, 255, 127))
  assert.equal([0x1f, 0x20, 0x7e, 0x7f, 0xff].map(charOf).join(''), '· ~··')
  assert.equal(dump(Uint8Array.from({ length: 17 }, (_, i) => 0x5a + i)), [
    '000000  5a 5b 5c 5d 5e 5f 60 61 62 63 64 65 66 67 68 69  Z[\\]^_`abcdefghi',
    `000010  6a${' '.repeat(45)}  j`,
  ].join('\n'))
  assert.match(dump(new Uint8Array(40), 32), /… 8 more bytes$/)
})

test('the spans of a byte, outermost first', () => {
  const spans = new Spans([
    { at: 0, length: 4, depth: 0, name: 'length' },
    { at: 4, length: 4, depth: 0, name: 'checksum', fits: false },
    { at: 8, length: 10, depth: 0, name: 'body' },
    { at: 9, length: 4, depth: 1, name: 'key' },
    { at: 13, length: 5, depth: 1, name: 'value' },
    { at: 14, length: 1, depth: 2, name: 'inner' },
  ])
  const names = (byte) => spans.at(byte).map((i) => spans.all[i].name)
  assert.deepEqual(names(0), ['length'])
  assert.deepEqual(names(7), ['checksum'])
  assert.deepEqual(names(8), ['body'])
  assert.deepEqual(names(12), ['body', 'key'])
  assert.deepEqual(names(14), ['body', 'value', 'inner'])
  assert.deepEqual(names(17), ['body', 'value'])
  assert.deepEqual(names(18), [])
  assert.equal(spans.innermost(18), -1)
  assert.deepEqual(spans.unfit.map((s) => s.name), ['checksum'])
})
