// Package directory defines what a store's directory holds: the files and what each name
// means, how to list the directory so that it does not look damaged while a writer works,
// and what synced.thaw promises.
//
// It reads through [Files], which a host implements over a file system, a plugin
// over its host and a web page over dropped files.
//
// # Files of a store
//
//	name                            holds                            without it
//	NNNNNN.fbat                     a segment: events                they are lost
//	index.fbati                     index records of all events      rebuilt from segments
//	index.thaw                      the index of index.fbati         rebuilt from index.fbati
//	NNNNNN-NNNNNN.thaw              a part file: records and index   rebuilt from segments
//	index.ckpt                      batpak's older index             rebuilt from segments
//	visibility_ranges.fbv           sequences that stay hidden       they are shown
//	synced.thaw                     the sync mark                    a torn end may be a loss
//	store.thaw                      identity, and what was removed   identity: the first event's id
//	names.thaw                      names of kinds, for people       kinds are numbers
//	NNNNNN.fbat.cut-OFFSET          bytes that recovery cut off      nothing is missing
//	a name above + .tmp             a file while it is written       nothing is missing
//
// index.ckpt and synced.thaw are never written under a temporary name. [KindOf] is this
// table in code. A file of any other name belongs to another program and is left alone.
//
// # The order of looks
//
// store.thaw is looked at first: a writer that removes events changes it together with the
// rest (see package lineage), and a reader that finds it changed afterwards opens again.
// index.fbati, index.thaw, index.ckpt, synced.thaw and part files are looked at before the
// segments, which only grow: so an index that a writer replaces meanwhile never covers more
// than the segments hold. visibility_ranges.fbv comes last, so that every cancelled event
// in the segments is hidden. names.thaw says nothing about events; no open looks at it.
package directory
