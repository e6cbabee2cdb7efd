// The questions that the hosts in JavaScript refuse, for their tests.

import { OP } from '../js/question.mjs'

const ID = '0102030405060708090a0b0c0d0e0f10'

// refused lists invalid questions, each with a part of the TypeError's message.
export const refused = {
  'no question': [undefined, 'op'], 'null': [null, 'op'], 'a text': ['order:42', 'op'], 'no operation': [{ entity: 'e' }, 'op'],
  'an operation that is none': [{ op: 99 }, 'op'], 'the name of an operation': [{ op: 'query' }, 'op'],
  'a misspelt key': [{ op: OP.query, entty: 'e' }, '"entty"'], 'a key in capitals': [{ op: OP.query, Entity: 'e' }, '"Entity"'],
  'a key of every object': [{ op: OP.query, constructor: 'e' }, '"constructor"'],
  'a mark of this table': [{ op: OP.get, 'id!': ID }, '"id!"'],
  'a key of another operation': [{ op: OP.query, id: ID }, '"id"'], 'a limit of a count': [{ op: OP.count, limit: 1 }, '"limit"'],
  'an entity of a get': [{ op: OP.get, id: ID, entity: 'e' }, '"entity"'], 'flags of a query': [{ op: OP.query, flags: 0x200 }, '"flags"'],
  'an inherited key': [Object.create({ op: OP.query, entty: 'e' }), '"entty"'],
  'an undefined entity': [{ op: OP.query, entity: undefined }, 'entity'], 'a null entity': [{ op: OP.query, entity: null }, 'entity'],
  'an empty entity': [{ op: OP.query, entity: '' }, 'entity'], 'an empty prefix': [{ op: OP.count, prefix: '' }, 'prefix'],
  'an empty scope': [{ op: OP.query, scope: '' }, 'scope'], 'a number for an entity': [{ op: OP.query, entity: 42 }, 'entity'],
  'a list for an entity': [{ op: OP.query, entity: ['e'] }, 'entity'], 'half a character': [{ op: OP.stream, entity: 'e\ud800' }, 'entity'],
  'an empty entity of a stream': [{ op: OP.stream, entity: '' }, 'entity'], 'an empty entity of a state': [{ op: OP.state, entity: '' }, 'entity'],
  'a name that no entity has': [{ op: OP.stream, entity: 'e'.repeat(1025) }, 'entity'], 'more bytes than a name has': [{ op: OP.state, entity: 'é'.repeat(513) }, 'entity'],
  'the id of zeros': [{ op: OP.get, id: '0'.repeat(32) }, 'id'], 'kinds that end before they begin': [{ op: OP.query, kinds: [2, 1] }, 'kinds'],
  'no entity of a stream': [{ op: OP.stream }, 'entity'], 'no entity of a state': [{ op: OP.state }, 'entity'],
  'no id': [{ op: OP.get }, 'id'], 'an undefined id': [{ op: OP.get, id: undefined }, 'id'], 'an empty id': [{ op: OP.get, id: '' }, 'id'],
  'a short id': [{ op: OP.effects, id: ID.slice(1) }, 'id'], 'a long id': [{ op: OP.effects, id: ID + '0' }, 'id'],
  'an id with other letters': [{ op: OP.get, id: 'zz' + ID.slice(2) }, 'id'], 'an id with a sign': [{ op: OP.get, id: '+1' + ID.slice(2) }, 'id'],
  'an id with a blank': [{ op: OP.get, id: ' ' + ID.slice(1) }, 'id'], 'an id with a newline': [{ op: OP.get, id: ID + '\n' }, 'id'],
  'a number for an id': [{ op: OP.get, id: 12345678901234567890123456789012 }, 'id'], 'a BigInt for an id': [{ op: OP.get, id: 1n }, 'id'],
  'bytes for an id': [{ op: OP.get, id: new Uint8Array(16) }, 'id'], 'an id with wrong dashes': [{ op: OP.get, id: ID.slice(0, 31) + '-' }, 'id'],
  'a limit below 0': [{ op: OP.query, limit: -1 }, 'limit'], 'a broken limit': [{ op: OP.query, limit: 1.5 }, 'limit'],
  'a text for a limit': [{ op: OP.query, limit: '10' }, 'limit'], 'no number': [{ op: OP.query, limit: NaN }, 'limit'],
  'a rounded number': [{ op: OP.query, from: 2 ** 60 }, 'from'], 'a number above 2^64': [{ op: OP.query, from: 1n << 64n }, 'from'],
  'too many rows': [{ op: OP.query, rows: 2 ** 32 }, 'rows'], 'true for bytes': [{ op: OP.query, bytes: true }, 'bytes'],
  'a format that is none': [{ op: OP.query, format: 9 }, 'format'], 'an undefined format': [{ op: OP.query, format: undefined }, 'format'],
  'one kind alone': [{ op: OP.query, kinds: 0x1000 }, 'kinds'], 'half a pair': [{ op: OP.query, kinds: [1] }, 'kinds'],
  'a pair of nothing': [{ op: OP.query, kinds: [, 5] }, 'kinds'], 'a kind above 2^16': [{ op: OP.query, kinds: [0, 65536] }, 'kinds'],
  'a clock above 2^32': [{ op: OP.query, clocks: [0, 2 ** 32] }, 'clocks'], 'texts for clocks': [{ op: OP.query, clocks: ['0', '1'] }, 'clocks'],
  'a text for a row': [{ op: OP.read, row: 'row' }, 'row'], 'a number for payloads': [{ op: OP.query, payloads: 1 }, 'payloads'],
  'payloads of a count': [{ op: OP.count, payloads: true }, 'payloads'],
  'one kind for a list': [{ op: OP.query, anyOf: 5 }, 'anyOf'], 'kinds twice': [{ op: OP.query, anyOf: [5], kinds: [5, 5] }, 'anyOf'],
  'a list with a kind above 2^16': [{ op: OP.count, anyOf: [1, 65536] }, 'anyOf'], 'a date that is none': [{ op: OP.query, since: new Date('x') }, 'since'],
  'a date as text': [{ op: OP.query, until: '2026-05-01' }, 'until'], 'ms that are not whole': [{ op: OP.query, since: 0.5 }, 'since'],
  'a kind above 2^16 as text': [{ op: OP.query, anyOf: ['0x10000'] }, 'anyOf'], 'a decimal kind as text': [{ op: OP.query, anyOf: ['4096'] }, 'anyOf'],
  'the name of a kind': [{ op: OP.query, kinds: ['DATA', 'DATA'] }, 'kinds'],
  'a time above 2^63': [{ op: OP.query, until: 1n << 63n }, 'until'], 'a number for reverse': [{ op: OP.query, reverse: 1 }, 'reverse'],
  'a limit of kinds': [{ op: OP.kinds, limit: 1 }, 'limit'], 'an entity of a list': [{ op: OP.entities, entity: 'e' }, 'entity'],
  'no id of a graph': [{ op: OP.graph }, 'id'], 'a direction that is none': [{ op: OP.graph, id: ID, direction: 3 }, 'direction'],
}
