// Package artifact reads and writes index.fbati, the cold-start artifact: an
// index image of fixed-width records, which can be deleted at any time.
//
// Header, all integers little-endian:
//
//	offset  size  field
//	0       6     magic "FBATIX"
//	6       2     version, 1
//	8       4     CRC-32 (IEEE) of every byte from offset 12 to the end
//	12      8     watermark segment id
//	20      8     watermark offset
//	28      8     allocator: the next sequence
//	36      4     string count, the leading empty string included
//	40      8     record count
//	48      8     string table length in bytes
//	56      …     string table: see package strtab
//	…       162n  records, ascending by global sequence, up to the end
//
// Record:
//
//	offset  size  field
//	0       16    event id
//	16      4     entity, number in the string table
//	20      4     scope, number in the string table
//	24      2     kind
//	26      8     wall_ms
//	34      4     clock
//	38      32    prev_hash
//	70      32    event_hash
//	102     8     segment id
//	110     8     frame offset
//	118     4     frame length
//	122     8     global sequence
//	130     16    correlation id
//	146     16    causation id, 0 is none
//
// A reader refuses every other version: the segments hold everything. Without
// the file, a reader builds the same bytes in memory from the segments: see
// [Draft].
package artifact
