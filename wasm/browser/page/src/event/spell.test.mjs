import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { check, childrenOf, headAt, heads, skip } from './msgpack.mjs'
import { lines, raw, spell } from './spell.mjs'
import { fromHex } from './hex.mjs'
import { pack } from './testing/pack.mjs'

const vectors = fs.readFileSync(new URL('../../../../../core/payload/testdata/vectors.tsv', import.meta.url), 'utf8')

test('payloads are spelled as thaw prints them, and refused where it refuses them', () => {
  let sound = 0, refused = 0
  for (const line of vectors.trimEnd().split('\n')) {
    const tab = line.indexOf('\t')
    const hex = line.slice(0, tab), want = line.slice(tab + 1), b = fromHex(hex), err = check(b)
    if (want.startsWith('!')) {
      assert.equal(err?.offset, Number(want.slice(1)), hex)
      refused++
      continue
    }
    assert.equal(err, null, hex)
    assert.equal(spell(b), want, hex)
    assert.equal(skip(b, 0), b.length, hex)
    sound++
  }
  assert.ok(sound > 1000 && refused > 100, `${sound} sound, ${refused} refused`)
})

test('lines are the same JSON, indented', () => {
  const b = pack({ a: [1, { b: 'x\ny' }, []], c: {}, d: new Map([[1, 'one'], [2, [true]]]) })
  assert.deepEqual([...lines(b)], [
    '{', '  "a": [', '    1,', '    {', '      "b": "x\\ny"', '    },', '    []', '  ],', '  "c": {},',
    '  "d": {"$map":[', '    [1, "one"],', '    [2, [', '      true', '    ]]', '  ]}', '}',
  ])
  const value = JSON.stringify(JSON.parse([...lines(b)].join('')))
  assert.equal(value, JSON.stringify(JSON.parse(spell(b))))
})

test('bytes that are no payload keep their bytes', () => assert.equal(raw(Uint8Array.of(0xc1, 0xff)), '{"$raw":"wf8="}'))

test('64 levels are read, 65 are not', () => {
  assert.equal(check(Uint8Array.from([...Array(64).fill(0x91), 0xc0])), null)
  assert.equal(check(Uint8Array.from([...Array(65).fill(0x91), 0xc0])).offset, 64)
})

test('100,000 elements and 1 MB of text take little time', () => {
  const many = pack(Array.from({ length: 100_000 }, (_, i) => ({ n: i })))
  const long = pack({ text: 'é'.repeat(500_000) })
  const begun = performance.now()
  assert.equal(check(many), null)
  assert.equal(childrenOf(many, 0).length, 100_001)
  let values = 0
  for (const _ of heads(many)) values++
  assert.equal(values, 300_001)
  assert.equal(spell(long).length, '{"text":""}'.length + 500_000)
  assert.ok(performance.now() - begun < 2000)
})

test('heads have what follows', () => {
  const b = pack(['abc', 300])
  assert.deepEqual([...heads(b)].length, 3)
  assert.equal(headAt(b, 1).next, 5)
})
