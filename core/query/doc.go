// Package query answers questions about one [Part] of a store: a run of index
// records with the index over them. It knows neither the store nor its files.
//
// The way of a query: [Cursor.Query] makes a plan of the region (plan.go), which
// chooses posting lists and makes sets of them (set.go, union.go). A search walks the
// sets side by side and skips what is hidden (search.go). What it finds is read in
// batches (batches.go), and a batch's names are looked up together (names.go).
//
// Whatever an index says, each record that is returned is compared with the
// question: a wrong posting list can hide an event and cannot forge one.
//
// # Errors
//
// Reading a page of an index that is damaged is an error of package index, damage or
// source that names the file. What a cursor has yielded before is right, and a call
// with the same page goes on after it, so the caller can repair the part and ask again.
package query
