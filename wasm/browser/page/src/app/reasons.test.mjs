import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { MEANINGS, meaning } from './reasons.mjs'

const source = (path) => fs.readFileSync(new URL(`../../../../../${path}`, import.meta.url), 'utf8')

test('reasons mean what the command says', () => {
  const names = Object.fromEntries([...source('core/damage/reason.go').matchAll(/(\w+)\s+Reason\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [name, value]))
  const words = source('host/cmd/thaw/internal/cli/words.go')
  const said = [...words.slice(words.indexOf('var meanings'), words.indexOf('func reasonText')).matchAll(/damage\.(\w+):\s+"([^"]*)"/g)]
  assert.ok(said.length > 40)
  assert.deepEqual(MEANINGS, Object.fromEntries(said.map(([, name, text]) => [names[name], text])))
})

test('an unknown reason has no meaning', () => {
  assert.equal(meaning('constructor'), '')
  assert.equal(meaning(undefined), '')
  assert.equal(meaning('checksum'), 'the checksum does not match the bytes')
})
