// Package directory knows what a store's directory holds: which files there are
// and what each name means, how the directory is listed so that a writer at work
// does not make it look damaged, and what synced.thaw promises.
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
//	NNNNNN.fbat.cut-OFFSET          bytes that recovery cut off      nothing is missing
//	any of the first four + .tmp    a file while it is written       nothing is missing
//
// [KindOf] is this table in code. Every other name belongs to someone else and
// is left alone.
//
// # The order of looks
//
// index.fbati, index.thaw, index.ckpt, synced.thaw and part files are looked at
// before the segments, which only grow: an index that a writer replaces meanwhile
// cannot seem to cover more than is there. visibility_ranges.fbv comes last, so that
// an event which is there and was cancelled is hidden.
package directory
