// Package index holds the lookups: flat tables into the records of an
// artifact, so that a query touches only the records it returns and opening
// allocates a fixed number of objects, however many events there are.
//
// Every table is a section of little-endian numbers, the same bytes in memory as
// in index.thaw, the file of the lookups of index.fbati, and read by the same code:
//
//	section       elements
//	names         per string: start u32, length u32, in the artifact's string table
//	name order    u32 string numbers, sorted by the strings' bytes
//	name slots    u32 string numbers by hash, 0 is free: open addressing; no
//	              elements where the names crowd
//	entity ends   u32 per string: where its list ends in entity list
//	entity list   u32 record numbers, per entity in rising order
//	scope ends    u32 per string: where its list ends in scope list
//	scope list    u32 record numbers, per scope in rising order
//	kinds         per kind present: kind u32, end u32 of its list in kind list
//	kind list     u32 record numbers, per kind in rising order
//	id slots      u32 record numbers + 1 by hash, 0 is free: open addressing
//	id order      u32 record numbers sorted by (event id, number), only where
//	              the ids crowd in the slots
//	correlations  u32 record numbers sorted by (correlation id, number), only
//	              of events whose correlation is not their own id
//	causations    u32 record numbers sorted by (causation id, number), only of
//	              events that have one
//	segments      per segment: id u64, length u64, first record u32, records u32
//
// Records are numbered by their place in the artifact, which is the order of
// sequences. The list of string i begins where that of string i-1 ends.
//
// A file of lookups can be deleted at any time. All integers are little-endian, a
// page is 4096 bytes:
//
//	offset  size  field
//	0       6     magic "THAWIX"
//	6       2     version, 1
//	8       4     CRC-32C of the page from offset 12 to its end
//	12      4     flags: 1 sequences have no gaps, 2 event ids are unique,
//	              4 every entity's list is in order of clocks, 2^31 contained
//	16      8     length of the file
//	24      56    the artifact's header, as in package artifact
//	80      8     the artifact's length
//	88      8     sequence of the first record, 0 without one
//	96      8     sequence of the last record
//	104     8     seed of the hash of names
//	112     8     seed of the hash of event ids
//	120     8     digest of the ids of the segments covered: see [SegmentIDs]
//	128     16    where the part in front ends: segment id and offset, 0 for
//	              index.fbati
//	144     224   for each of the 14 sections: offset and length, 8 bytes each
//	368     656   zeros
//	1024    3072  checksums of the highest level, 4 bytes each, then zeros
//	4096    …     the artifact itself, when contained
//	…       …     the sections, each from a multiple of 8 on; zeros to a page's end
//	…       …     levels of checksums, the lowest first, each zeros to a page's end
//
// The lowest level has the CRC-32C of each page of the artifact, unless that is
// contained, and behind them of each page of this file from 4096 up to the levels;
// each further level those of the pages of the one below, until 768 are left for
// the header. So every byte is covered, a page is found rotten when it is read, and
// an open reads one page. Where everything stands follows from the numbers of
// records and names; a header that says otherwise is refused, and so is one with
// flags that have no meaning, or other bytes where zeros should be. The header
// binds the file to one artifact, whose checksum is in the copy.
//
// A part file, see [PartName], contains its artifact and goes on behind index.fbati
// or another part file, so that what is appended can be indexed without writing all
// that was there before.
//
// The tables are never the last word: what a list leads to is compared with
// what was asked, so a wrong table can hide an event and cannot forge one.
// Building them is also the judgement of the artifact: see [Build].
package index
