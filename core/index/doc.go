// Package index builds, saves and reads an index over the records of an artifact.
// With it a query touches only the records that it returns, and opening
// allocates a fixed number of objects for any number of events.
//
// An index consists of sections of little-endian numbers. They are the same bytes
// in memory and in index.thaw, the index file of index.fbati, and the same code
// reads both:
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
// An index file can be deleted at any time. All integers are little-endian, and a
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
//	128     16    end of the part before this one: segment id and offset, 0 for
//	              index.fbati
//	144     224   for each of the 14 sections: offset and length, 8 bytes each
//	368     656   zeros
//	1024    3072  checksums of the highest level, 4 bytes each, then zeros
//	4096    …     the artifact itself, when contained
//	…       …     the sections, each from a multiple of 8 on; zeros to a page's end
//	…       …     levels of checksums, the lowest first, each zeros to a page's end
//
// The lowest level has the CRC-32C of each page of the artifact, unless that is
// contained, then of each page of this file from 4096 up to the levels. Each
// further level has those of the pages of the level below, until 768 are left for
// the header. So every byte is covered, a corrupt page is detected when it is
// read, and an open reads one page. All offsets follow from the numbers of
// records and names. A reader refuses a header with other offsets, with unknown
// flags, or with reserved bytes that are not zero. The copy of the artifact's
// header, which has the artifact's checksum, binds the file to one artifact.
//
// A part file, see [PartName], contains its artifact and follows index.fbati or
// another part file, so that new events can be indexed without writing the older
// ones again.
//
// Readers compare every record that an index leads to with the question, so a
// wrong index can hide an event but cannot forge one. Building an index also
// validates the artifact: see [Build].
package index
