// Package index holds the lookups: flat tables into the records of an
// artifact, so that a query touches only the records it returns and opening
// allocates a fixed number of objects, however many events there are.
//
// Every table is a section of little-endian numbers, the same bytes in memory
// as they will be in index.thaw:
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
// The tables are never the last word: what a list leads to is compared with
// what was asked, so a wrong table can hide an event and cannot forge one.
// Building them is also the judgement of the artifact: see [Build].
package index
