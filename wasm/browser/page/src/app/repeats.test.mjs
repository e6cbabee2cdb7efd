import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unrepeat } from './repeats.mjs'

test('references are the bytes that they name', () => {
  for (const [packed, want] of [
    [[0], []],
    [[3, 3, 1, 2, 3], [1, 2, 3]],
    [[5, 3, 1, 2, 3, 2, 3], [1, 2, 3, 1, 2]],
    [[7, 1, 7, 5, 1, 1, 8], [7, 7, 7, 7, 7, 7, 8]],
    [[4, 0, 0, 0, 4, 9, 8, 7, 6], [9, 8, 7, 6]],
    [[0xad, 0x02, 1, 9, 0xac, 0x02, 1], Array(301).fill(9)],
  ]) assert.deepEqual([...unrepeat(Uint8Array.from(packed))], want)
})
