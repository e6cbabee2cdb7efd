// A store in memory with the client's interface, for tests: queries of one entity by sequence.

import { OP } from '../../../../../js/question.mjs'

export const hash = (n) => n.toString(16).padStart(64, '0')

const bytesOf = (hex) => Uint8Array.from(hex.replaceAll('-', '').match(/../g).map((d) => parseInt(d, 16)))

// rowOf encodes a row as ABI.md lays it out, with its payload if full.
function rowOf(e, full) {
  const utf8 = new TextEncoder(), entity = utf8.encode(e.entity), scope = utf8.encode(e.scope)
  const payload = full ? e.payload : new Uint8Array()
  const end = 168 + entity.length + scope.length, length = end + (full ? 52 + payload.length : 0)
  const b = new Uint8Array(length), v = new DataView(b.buffer)
  v.setUint32(0, length, true)
  v.setUint16(4, full ? 1 : 0, true)
  v.setUint16(6, e.kind, true)
  v.setBigUint64(8, BigInt(e.seq), true)
  v.setBigUint64(16, BigInt(e.wallMs), true)
  v.setBigUint64(24, BigInt(e.segment), true)
  v.setBigUint64(32, BigInt(e.offset), true)
  v.setUint32(40, e.length, true)
  v.setUint32(44, e.clock, true)
  v.setUint32(48, entity.length, true)
  v.setUint32(52, scope.length, true)
  b.set(bytesOf(e.id), 56)
  b.set(bytesOf(e.prev), 104)
  b.set(bytesOf(e.hash), 136)
  b.set(entity, 168)
  b.set(scope, 168 + entity.length)
  if (full) {
    v.setUint32(end + 8, payload.length, true)
    v.setUint32(end + 12, e.payloadSize ?? payload.length, true)
    b.set(bytesOf(e.contentHash ?? e.hash), end + 20)
    b.set(payload, end + 52)
  }
  return b
}

// storeOf returns a store of events { entity, clock, prev, hash, ... }, numbered in order. The
// event's damage, if it has one, is the reason why its frame cannot be read.
export function storeOf(events, report = {}) {
  const all = events.map((e, i) => ({
    seq: i, kind: 0x1001, wallMs: 1000 + i, entity: 'e', scope: 's', id: hash(i + 1).slice(32), correlation: '', causation: '',
    segment: 1, offset: 100 * i, length: 100, payload: Uint8Array.of(i & 0x7f), ...e,
  }))
  const asked = []
  const damaged = (e) => Object.assign(new Error(`thaw: ${e.damage}`), { code: -2, details: { damage: { reason: e.damage } } })
  const select = (q) => {
    asked.push(q)
    if (q.op !== OP.query) throw new Error(`a test does not answer ${q.op}`)
    let found = all.filter((e) => (!q.entity || e.entity === q.entity) && BigInt(e.seq) >= BigInt(q.from ?? 0) && (!q.to || BigInt(e.seq) < BigInt(q.to)))
    if (q.reverse) found = found.reverse()
    return found.slice(0, Number(q.limit ?? found.length))
  }
  return {
    asked, all, report: { damages: [], hidden_ranges: [], ...report },
    async rows(q) {
      const found = select(q), bad = q.payloads && found.find((e) => e.damage)
      if (bad) throw damaged(bad)
      return found.map((e) => ({ contentHash: e.hash, payloadSize: e.payload.length, ...e }))
    },
    async lines(q) { return q.op === OP.count ? [all.filter((e) => e.entity === q.entity).length] : [] },
    async each(q, { signal } = {}, fn) {
      for (const e of select(q)) {
        signal?.throwIfAborted()
        if (q.payloads && e.damage) throw damaged(e)
        await fn(rowOf(e, q.payloads))
      }
    },
  }
}

// chainOf returns n events of an entity that fit.
export const chainOf = (n) => Array.from({ length: n }, (_, i) => ({ clock: i, prev: hash(i), hash: hash(i + 1) }))
