import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computed, effect, signal } from './signal.mjs'

test('an effect runs when what it read changes, and not otherwise', () => {
  const a = signal(1), b = signal(10), seen = []
  const stop = effect(() => seen.push(a.value > 1 ? b.value : 0))
  b.value = 11 // not read yet
  a.value = 2
  b.value = 12
  b.value = 12
  a.value = 0
  b.value = 13 // not read any more
  stop()
  a.value = 5
  assert.deepEqual(seen, [0, 11, 12, 0])
  assert.equal(a.peek(), 5)
})

test('an effect that is stopped while it is told does not run', () => {
  const a = signal(0), seen = []
  let stop = () => {}
  const first = effect(() => { if (a.value > 0) stop() })
  stop = effect(() => seen.push(a.value))
  a.value = 1
  first()
  assert.deepEqual(seen, [0])
})

test('peek reads without being told', () => {
  const a = signal(0)
  let runs = 0
  effect(() => { a.peek(); runs++ })
  a.value = 1
  assert.equal(runs, 1)
})

test('a computed value follows', () => {
  const a = signal(2)
  const double = computed(() => a.value * 2)
  assert.equal(double.value, 4)
  a.value = 5
  assert.equal(double.value, 10)
})

test('a failing effect does not catch what others read', () => {
  const a = signal(0)
  assert.throws(() => effect(() => { throw new Error('no') }))
  let runs = 0
  effect(() => runs++)
  void a.value
  a.value = 1
  assert.equal(runs, 1)
})
