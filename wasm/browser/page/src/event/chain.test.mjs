import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { Chain, LINK, sides, WHY } from './chain.mjs'

const core = (name) => fs.readFileSync(new URL(`../../../../../core/verify/${name}`, import.meta.url), 'utf8')
const hash = (n) => n.toString(16).padStart(64, '0')

test('chains are judged as thaw verify judges them', () => {
  const vectors = JSON.parse(core('testdata/chains.json')), seen = new Set()
  vectors.forEach(({ steps }, i) => {
    const chain = new Chain()
    steps.forEach((s, j) => {
      const { link, why } = chain.add({ clock: s.clock, prev: hash(s.prev), hash: hash(s.hash), wallMs: s.wall }, s)
      assert.equal(why, s.why ? s.why.replace(/^verify: /, '') : null, `chain ${i}, event ${j}`)
      // A fork whose wall clock is wrong is broken first.
      assert.equal(link === LINK.fork, Boolean(s.fork) && !s.why, `chain ${i}, event ${j}`)
      seen.add(link)
    })
  })
  assert.deepEqual([...seen].sort(), ['again', 'begins', 'broken', 'fits', 'fork', 'left', 'lost'])
})

test('the words are those of thaw verify', () => {
  for (const why of Object.values(WHY)) assert.ok(core('chain.go').includes(`"verify: ${why}"`), why)
})

const at = (clock, prev, n, wallMs = 5) => ({ clock, prev: hash(prev), hash: hash(n), wallMs })

test('a chain that begins in the middle does not judge its first event', () => {
  const chain = new Chain(false)
  assert.equal(chain.add(at(7, 3, 4)).link, LINK.unknown)
  assert.equal(chain.add(at(8, 4, 5)).link, LINK.fits)
  assert.deepEqual(chain.add(at(9, 6, 7)), { link: LINK.broken, why: WHY.prevHash, from: { ...at(8, 4, 5), hidden: false, suspect: false } })
})

test('hidden events between are no break', () => {
  const chain = new Chain()
  chain.add(at(0, 0, 1))
  assert.equal(chain.add(at(2, 9, 3), { hiddenBetween: true }).link, LINK.hidden)
  assert.equal(chain.add(at(0, 0, 4), { hiddenBetween: true }).link, LINK.again)
  assert.equal(chain.add(at(0, 0, 4)).link, LINK.fork)
})

test('which side of a broken link does not fit', () => {
  assert.equal(sides(WHY.prevHash, { fits: true }, { fits: true }), 'event')
  assert.equal(sides(WHY.prevHash, { fits: false }, { fits: true }), 'before')
  assert.equal(sides(WHY.continues, { fits: false }, { fits: false }), 'both')
  assert.equal(sides(WHY.prevHash, { fits: null }, { fits: true }), '')
  assert.equal(sides(WHY.first, null, { fits: true }), 'event')
  assert.equal(sides(WHY.clock, { fits: true }, { fits: true }), '')
})
