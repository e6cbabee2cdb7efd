// The reasons of damages and refusals (core/damage) in words.

const WORDS = {
  unreadable: 'it could not be read', short: 'it is shorter than its format’s head', magic: 'its first bytes are not those of its format',
  version: 'its version is not known', checksum: 'the checksum does not match the bytes', not_regular: 'it is not a regular file',
  overflow: 'the lengths in its header overflow', length: 'the lengths in its header do not add up', watermark_segment_missing: 'the segment that it ends in is missing',
  watermark_past_end: 'it claims more than its segment holds', watermark_position: 'it does not end between two frames', body: 'its body has not the required form',
  strings: 'its table of names is invalid', string_count: 'its table of names has another length', entity_index: 'an entity is not in its table', scope_index: 'a scope is not in its table',
  coordinate: 'an entity or scope is no valid name', order: 'the sequences do not rise', allocator: 'the next sequence is not above all others', kind: 'a record is of a kind that no event has',
  position: 'a frame does not lie where it should', disagrees: 'a record contradicts the frame that it names', records: 'there are too many records', incomplete: 'events of the segments are missing in it',
  header: 'the segment’s header is invalid', segment_id: 'the file’s name and its header differ: it is a copy, or was renamed', frame: 'bytes in the middle are no frame',
  effort: 'too much looks like frames and is none; the rest was not read', frame_body: 'a frame’s body is no event', frame_length: 'a frame’s length is wrong', torn: 'a frame is cut short, not at the end of the store',
  batch: 'a committed batch is not whole: none of its events are visible', lost: 'events that the index lists are in no segment', shortened: 'the segment is shorter than was known to be on disk',
  segment_missing: 'the segment is missing', footer: 'the footer contradicts the frames and is not used', payload_hash: 'the payload has not the recorded digest',
  chain: 'the hash chain, the clock or the time does not continue the entity’s previous event', sequence_gap: 'sequences are skipped; a failed append can leave that',
  ranges: 'a range is empty or out of order', renumbered: 'sequences were given out a second time', lookups: 'the index does not lead to every record', stale: 'it belongs to another state of the store',
  segments: 'the segments are not those that it was built from',
}

// inWords returns a reason in words, and its own name where there are none.
export const inWords = (reason) => (Object.hasOwn(WORDS, reason) ? WORDS[reason] : String(reason).replaceAll('_', ' '))
