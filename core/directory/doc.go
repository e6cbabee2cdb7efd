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
//	names.thaw                      names of kinds, for people       kinds are numbers
//	store.thaw                      which store it is, and what was  its first event's id tells,
//	                                removed from it                  and nothing of removals
//	swap.thaw                       files replaced in one step       the old files count
//	NNNNNN.fbat.cut-OFFSET          bytes that recovery cut off      nothing is missing
//	a name above + .tmp             a file while it is written       nothing is missing
//	a name above + .swap            a file that waits for its swap   see package swap
//
// index.ckpt and synced.thaw are never written under a temporary name, and swap.thaw,
// synced.thaw and bytes that were cut off never wait for a swap. [KindOf] is this
// table in code. A file of any other name belongs to another program and is left alone.
//
// # A pending swap
//
// While swap.thaw exists, the directory is what the finished swap makes of it: [Resolve]
// returns it so. Without swap.thaw, names that end in .swap are leftovers, which the next
// writer removes. A store with a damaged swap.thaw does not open.
//
// A swap renames store.thaw before it changes any other file, and it removes swap.thaw last.
// So a reader that looked at store.thaw before the listing, found no swap.thaw in it, and
// finds the same store.thaw after it has read everything, has not read while files were
// swapped: see [Listing.Swapped].
//
// # The order of looks
//
// store.thaw is looked at first, for that reason, and again last.
// index.fbati, index.thaw, index.ckpt, synced.thaw and part files are looked at before the
// segments, which only grow: so an index that a writer replaces meanwhile never covers more
// than the segments hold. visibility_ranges.fbv comes last, so that every cancelled event
// in the segments is hidden. names.thaw says nothing about events; no open looks at it.
package directory
