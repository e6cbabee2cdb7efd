// Package query answers queries over one [Part] of a store: a run of index records
// with the index over them. It knows neither the store nor its files.
//
// [Cursor.Query] makes a plan of the region, which chooses posting lists (plan.go) and
// makes sets of them (set.go, union.go). A search intersects the sets and skips hidden
// records (search.go). The records it finds are read in batches (query.go), and the
// names of a batch are looked up together (names.go). A [Cursor] and its buffers go from
// one query to the next (cursor.go).
//
// A pass ([Cursor.Moments], [Cursor.Mark]) goes over all events of a region without decoding them:
// it counts them over time, or finds every n-th (pass.go, marks.go, timeline.go).
//
// Each record is compared with the query before it is returned, so a wrong posting list
// can hide an event but not forge one.
//
// # Errors
//
// Reading a damaged page of an index returns an error of package index, damage or source
// that names the file. The events yielded before it are right, and a call with the same
// page resumes after them, so the caller can repair the part and ask again.
package query
