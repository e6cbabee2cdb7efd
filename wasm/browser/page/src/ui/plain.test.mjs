import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, cut, hex, pieces, plural, short, shortId, size, span, visible, when, whenMicros } from './plain.mjs'

test('what cannot be seen is spelt', () => {
  for (const [text, want] of [
    ['order:1 é 漢字', 'order:1 é 漢字'], ['a\tb\nc\r\0', 'a\\tb\\nc\\r\\0'], ['\u202eabc\u2066', '\\u202eabc\\u2066'],
    ['a\u200bb\u200d\ufeff\u00ad', 'a\\u200bb\\u200d\\ufeff\\u00ad'], ['\ud800x\udc00', '\\ud800x\\udc00'], ['\u{1f600}', '\u{1f600}'],
    ['a\u00a0b\u2003\u3000', 'a\\u00a0b\\u2003\\u3000'], ['\u2028\u2029\u007f\u0085', '\\u2028\\u2029\\u007f\\u0085'], ['\u{e0041}\ue000\uffff', '\\u{e0041}\\ue000\\uffff'],
    ['\u3164\u115f', '\\u3164\\u115f'], ['\ufff9\u0600', '\\ufff9\\u0600'], ['<b>&amp;</b>', '<b>&amp;</b>'],
  ]) assert.equal(visible(text), want)
})

test('an escape can be told from a name that spells one', () => {
  assert.deepEqual(pieces('a\u202e\u202db\\u202e'), [['a', false], ['\\u202e\\u202d', true], ['b\\u202e', false]])
  assert.deepEqual(pieces(''), [])
  assert.equal(pieces('x\0').map(([t]) => t).join(''), visible('x\0'))
})

test('long texts are cut, and no pair of surrogates is', () => {
  assert.equal(cut('ab\u{1f600}', 3), 'ab')
  assert.equal(cut('ab\u{1f600}', 4), 'ab\u{1f600}')
  assert.equal(short('x'.repeat(2 ** 20), 3), 'xxx… (1,048,576 characters)')
  assert.equal(short('a\u202e', 10), 'a\\u202e')
  assert.equal(short(null), 'null')
})

test('numbers and times', () => {
  assert.equal(count(1234567), '1,234,567')
  assert.equal(count(2n ** 64n - 1n), '18,446,744,073,709,551,615')
  assert.equal(count(null), '?')
  assert.deepEqual([plural(1, 'event'), plural(0, 'event'), plural(2n, 'entity', 'entities')], ['1 event', '0 events', '2 entities'])
  assert.equal(when(0), '1970-01-01 00:00:00.000')
  assert.equal(when(1700000000123n), '2023-11-14 22:13:20.123')
  assert.equal(when(2n ** 63n), '9223372036854775808 ms')
  assert.equal(whenMicros(-1n), '1969-12-31 23:59:59.999999')
  assert.equal(whenMicros(1700000000123456n), '2023-11-14 22:13:20.123456')
  assert.deepEqual([span(0), span(1), span(90061001), span(3600000), span(0.5)], ['0 ms', '1 ms', '1 d 1 h', '1 h', '0.50 ms'])
  assert.deepEqual([size(1), size(999), size(1500), size(82068084), size(5e12)], ['1 byte', '999 bytes', '1.5 kB', '82 MB', '5000 GB'])
  assert.deepEqual([hex(0x0ffe), shortId('019cad9d-2404-7000-8000-000000000003'), shortId('')], ['0x0FFE', '…00000003', ''])
})
