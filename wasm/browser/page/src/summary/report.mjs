// How a store was opened, and what was not as it should be: rows in the words of thaw stat.

import { inWords } from '../app/reasons.mjs'
import { count, plural, short, size } from '../ui/plain.mjs'

const FROM = { index: 'index.fbati', checkpoint: 'index.ckpt', segments: 'its segments' }

// reportRows returns the rows of a report of the engine: { key, term, text, warns }. ms is how long
// opening took, namesError what is wrong with the names of kinds, or null.
export function reportRows(r, ms, namesError) {
  const rows = []
  const add = (key, term, text, warns = false) => rows.push({ key, term, text, warns })
  const each = (key, term, items, text) => items.forEach((item, n) => add(`${key}-${n}`, n === 0 ? term : '', text(item), true))
  const at = ({ file, offset }) => `${short(file)} at byte ${count(offset)}`

  add('opened', 'Opened from', `${FROM[r.opened_from] ?? short(r.opened_from)}${ms === null ? '' : `, in ${count(Math.round(ms))} ms`}`)
  if (r.hidden > 0 || r.hidden_ranges.length > 0) {
    add('hidden', 'Hidden', `${plural(r.hidden, 'event')}, by cancelled fences: ${r.hidden_ranges.slice(0, 20).map((h) => sequences(h.start, h.end)).join(', ')}${r.hidden_ranges.length > 20 ? ` and ${count(r.hidden_ranges.length - 20)} more` : ''}`)
  }
  add('next', 'Next sequence', count(r.allocator))
  add('tail', 'Tail', `${plural(r.tail_events, 'event')} read from segments`)
  add('index', 'Index', `${short(r.lookups)}, ${size(r.table_bytes)} of memory`)
  if (r.parts > 0) add('parts', 'Part files', count(r.parts))
  each('rejected', 'Refused', r.rejected, (f) => `${f.file.endsWith('.fbat') ? 'the footer of ' : ''}${short(f.file)}: ${short(inWords(f.reason))}${f.offset >= 0 && f.offset !== null ? ` at byte ${count(f.offset)}` : ''}${f.detail ? `: ${short(f.detail, 400)}` : ''}`)
  each('unfinished', 'Unfinished', r.unfinished, (u) => `${at(u)}: a batch with only ${plural(u.items, 'event')} written; it does not count`)
  if (r.torn) add('torn', 'Torn', `${at(r.torn)}: ${plural(r.torn.length, 'byte')}${r.torn.event_id ? ` of event ${r.torn.event_id}` : ''}, from an unclean stop`, true)
  each('gap', 'Gaps', r.gaps, (g) => (g.end === null ? `segment ids are missing before ${short(g.file)}; events from sequence ${count(g.first)} on may be missing`
    : `${sequences(g.first, g.end)} belong to no event (before ${short(g.file)})`))
  each('unsealed', 'Unsealed', r.unsealed, (u) => `${short(u.file)} ends without a footer at byte ${count(u.offset)}, before sequence ${count(u.next)}`)
  if (r.duplicate_ids) add('duplicates', 'Duplicate ids', 'an event id occurs twice; a lookup by id finds the first', true)
  if (r.unclosed) add('unclosed', 'Not closed', 'the store was not closed properly, unless a writer has it open now')
  if (namesError) add('names', 'Refused', `names.thaw: ${short(namesError, 300)}`, true)
  return rows
}

const sequences = (first, end) => `sequences ${count(first)} to ${count(BigInt(end) - 1n)}`
