// Taking along: a question's answer on its way into a sink.

import { OP } from '../../../../js/question.mjs'
import { Channel } from './channel.mjs'
import { filesOf } from './pieces.mjs'

const FORMAT = { plain: 1, full: 3, rows: 0 }

const LARGE = { rows: 2048, bytes: 1 << 20 } // answers: an export need not be interrupted often

// eventsIn returns how many events a region has.
export async function eventsIn(store, region, signal) {
  const [{ events }] = await store.lines({ op: OP.marks, ...region, step: 2 ** 40 }, { signal })
  return Number(events)
}

// takeLines writes the events of a region as lines of JSON. Those that cannot be read are lines
// with the key failure. It returns { events, unread, bytes }.
export async function takeLines(store, region, { payloads, sink, signal, onProgress = () => {} }) {
  const utf8 = new TextEncoder()
  const done = { events: 0, unread: 0, bytes: 0 }
  try {
    await store.each({ op: OP.query, ...region, format: payloads ? FORMAT.full : FORMAT.plain, goOn: true, ...LARGE }, { signal }, async (part) => {
      const bytes = utf8.encode(part)
      await sink.write(bytes)
      signal?.throwIfAborted()
      done.bytes += bytes.length
      for (let at = 0; at < part.length;) {
        const end = part.indexOf('\n', at)
        done.events++
        if (part.startsWith('{"failure":', at)) done.unread++
        if (end < 0) break
        at = end + 1
      }
      onProgress({ ...done })
    })
    await sink.close()
  } catch (error) {
    await sink.abort()
    throw error
  }
  return done
}

// takeStore writes a zip with a store of the events of a region, in a folder. zip makes a stream of
// { name, input }. It returns { result, bytes, files }, result being what the extract says of itself.
export async function takeStore(store, region, { folder, zip, sink, signal, onProgress = () => {} }) {
  const channel = new Channel()
  const done = { result: null, bytes: 0, files: 0 }
  const stop = new AbortController() // when the zip cannot be written, the question ends too
  const end = () => stop.abort(signal.reason)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end)
  const asked = store.each({ op: OP.extract, ...region, format: FORMAT.rows }, { signal: stop.signal }, (part) => channel.put(part))
    .then(() => channel.close(), (error) => channel.close(error))
  try {
    const named = async function* () {
      for await (const { name, input } of filesOf(channel, (result) => { done.result = result })) {
        done.files++
        yield { name: `${folder}/${name}`, input }
      }
    }
    const reader = zip(named()).getReader()
    for (;;) {
      const { value, done: over } = await reader.read()
      if (over) break
      await sink.write(value)
      signal?.throwIfAborted()
      done.bytes += value.length
      onProgress({ ...done })
    }
    await sink.close()
    return done
  } catch (error) {
    stop.abort(error)
    channel.close(error)
    await sink.abort()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
    await asked
  }
}
