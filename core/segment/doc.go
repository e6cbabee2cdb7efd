// Package segment reads and writes segments, the only files of a store that
// cannot be rebuilt from others.
//
//	part           bytes
//	magic          "FBAT"
//	header length  u32 big-endian
//	header         MessagePack map: version (1), flags (0, FlagExtract or FlagCompacted),
//	               created_ns, segment_id
//	frames         up to the footer, or to the end of the file
//	footer         only on a sealed segment: see package sidx
//
// A frame is a head of 8 bytes and a body. Its offset counts from the start of
// the file, and its length includes the head:
//
//	offset  size  field
//	0       4     length of the body, u32 big-endian, at most 256 MiB
//	4       4     CRC-32 (IEEE) of the body, u32 big-endian
//	8       …     body
//
// A body is a MessagePack map with exactly these keys in this order, of which only
// meta may be missing:
//
//	event:
//	  header:
//	    event_id, correlation_id   bin of 16 bytes, big-endian
//	    causation_id               bin of 16 bytes, or nil
//	    timestamp_us               int
//	    position                   wall_ms, counter, depth, lane, sequence (the clock)
//	    payload_size               uint
//	    event_kind                 uint
//	    flags                      uint
//	    content_hash               array of 32 uints
//	  payload                      array of uints, one per byte
//	  hash_chain                   prev_hash, event_hash: arrays of 32 uints; or nil
//	entity, scope                  str
//	meta                           1 to 32 pairs of str, sorted by key without repeats:
//	                               keys of 1 to 128 bytes, values of 0 to 4096, UTF-8
//
// So a body with metadata begins with 84, one without with 83, and is otherwise the
// same. batpak 0.4.0 does not know meta and passes over it; see core/RATIONALE.md.
// The event hash covers the payload alone.
//
// An atomic batch is a frame of kind SYSTEM_BATCH_BEGIN whose payload_size is
// the number of events, the events, and a frame of kind SYSTEM_BATCH_COMMIT
// with the same event id. The id of a batch is its first global sequence.
//
// # Redacted frames
//
// A redacted frame is that of an event whose payload was removed. It differs from the frame
// that it replaces only in this:
//
//	field         was                              is
//	payload_size  the payload's size               1
//	event_kind    the kind                         the same, or 0x0FFE for a tombstone
//	flags         any                              the same, and 0x80
//	payload       array of its bytes               nil, the byte c0: 91 cc c0
//	meta          pairs, or missing                missing: the body begins with 83
//	length, crc   of the body                      of the new body
//
// content_hash and event_hash stay those of the removed payload, so an entity's chain of
// hashes stays as it was. A frame is redacted if its flags have 0x80 and its payload is nil, or
// empty; nothing can be compared with its event_hash, and readers show no payload. Without 0x80
// such a payload whose hash differs from event_hash is damage (payload_hash), as is any other
// payload with the wrong hash, with 0x80 or without. No append sets 0x80. batpak 0.4.0 ignores
// the bit and reads an event with null as payload. An empty payload it could not decode, so it
// could not fold the entity's events any more.
//
// # Bytes that are not a frame
//
// A [Walker] does not stop at damage. Where it finds no frame:
//
//   - when the length leads to the next frame, exactly one frame is damaged;
//   - when the body after a damaged length is whole, the walk returns the event
//     together with the damage;
//   - otherwise the walk searches for the next whole frame.
//
// Only when there is none does the walk end. The caller decides whether the
// remaining bytes are the torn end of the newest segment, a footer, or damage.
package segment
