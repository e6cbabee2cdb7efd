// Package segment reads and writes segments, the only files of a store that
// nothing else can replace.
//
//	part           bytes
//	magic          "FBAT"
//	header length  u32 big-endian
//	header         MessagePack map: version (1), flags (0), created_ns, segment_id
//	frames         up to the footer, or to the end of the file
//	footer         only on a sealed segment: see package sidx
//
// A frame, whose offset counts from the start of the file and whose length
// includes the 8 bytes in front:
//
//	offset  size  field
//	0       4     length of the body, u32 big-endian, at most 256 MiB
//	4       4     CRC-32 (IEEE) of the body, u32 big-endian
//	8       …     body
//
// A body is a MessagePack map, its keys in this order and in no other:
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
//
// An atomic batch is a frame of kind SYSTEM_BATCH_BEGIN whose payload_size is
// the number of events, the events, and a frame of kind SYSTEM_BATCH_COMMIT
// with the same event id. The id of a batch is its first global sequence.
//
// # What a walk does with bytes that are no frame
//
// A [Walker] never takes damage for the end. At a place where no frame is:
// when the length leads to the next frame, exactly one frame is damaged; when
// the body is whole behind a damaged length, the event is kept and the damage
// told; otherwise the bytes are searched for the next frame that is whole.
// Only when there is none are the bytes left over: the torn end of the newest
// segment, a footer, or damage, which is for the caller to say.
package segment
