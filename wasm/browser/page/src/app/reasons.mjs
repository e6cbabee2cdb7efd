// Reasons of damage in words, as the command thaw says them; a test holds both to each other.

export const MEANINGS = {
  unreadable: 'it could not be read',
  short: 'it is shorter than its header',
  magic: 'its first bytes are not those of the format',
  version: 'its version is unknown to thaw',
  checksum: 'the checksum does not match the bytes',
  not_regular: 'it is a directory, link or device, not a file',
  overflow: 'its lengths add up to more than a file can hold',
  length: "its lengths do not add up to the file's",
  watermark_segment_missing: 'the segment in which it ends is missing',
  watermark_past_end: 'it covers more of a segment than exists',
  watermark_position: 'it does not end between two events',
  body: 'its body does not follow the format',
  strings: 'its table of names is invalid',
  string_count: 'its number of names is wrong',
  entity_index: "a record's entity is not among the names",
  scope_index: "a record's scope is not among the names",
  coordinate: 'a record has no valid entity and scope',
  order: 'its records are not in order',
  allocator: "its next sequence is not above every record's",
  kind: 'a record has the kind of a batch marker',
  position: "a record's position cannot hold an event",
  disagrees: 'it contradicts the segment',
  incomplete: 'it leaves out events that the segments hold',
  records: 'it has more records than can be numbered',
  header: 'its header does not follow the format',
  segment_id: 'its name belongs to another segment',
  effort: 'too many bytes look like events but are not, so the rest was not read',
  frame: 'bytes in the middle are not an event',
  frame_body: 'the checksum matches but the content is not an event',
  frame_length: 'only the length of the event is wrong',
  torn: 'it is truncated before the end of the log',
  batch: 'a batch is incomplete, so none of it is shown',
  lost: 'an index lists events that no segment holds',
  shortened: 'it is shorter than it once was',
  segment_missing: 'the file does not exist',
  footer: 'the footer contradicts the segment',
  payload_hash: 'the payload does not match its hash',
  chain: "it does not continue the entity's previous event",
  sequence_gap: 'sequences are missing',
  ranges: 'a range is empty, unsorted or overlaps another',
  renumbered: 'batpak assigned sequences twice, so a range can mean two events',
  stale: 'it does not belong to the current index',
  segments: 'the segments have changed since it was written',
  lookups: 'a lookup misses an event',
}

// meaning returns what a reason means, '' for one that is not known here.
export const meaning = (reason) => (Object.hasOwn(MEANINGS, reason ?? '') ? MEANINGS[reason] : '')

// inWords returns what a reason means, and its own name where that is not known here.
export const inWords = (reason) => meaning(reason) || String(reason).replaceAll('_', ' ')
