// Package crashfs is a file system in memory whose power can be cut. It is for
// tests: a store runs on it, and at any moment Crash makes what a disk could hold
// if the power failed there, to be opened as the store's next life.
//
// # What a power cut leaves
//
// A file has its present contents and those of its last Sync. What was written
// since then survives in blocks of BlockSize bytes, each or not by chance; a
// block that does not survive holds what it held at that Sync, so bytes outside
// a written range stay intact (powersafe overwrite). The length is a change of
// its own: a file that grew may have its new length and read as zeros where
// blocks did not survive, or be shorter, its end being the old one or a block
// boundary. A file that was cut and written again is cut, or not, likewise.
//
// A name that was made, removed or renamed since the last SyncDir of its
// directory survives or not by chance, each change independently; Sync of the
// file says nothing about its name. A rename is one change: afterwards the new
// name leads to the file it led to before or to the renamed one. It is one
// change in two directories too, so a SyncDir of either makes both durable, as
// the commit of a journal does. A directory that MkdirAll made is a name in its
// parent, and is lost with all that was synced below it when that name is.
//
// The write that was under way can be torn; see Torn.
//
// # What is not modelled
//
// A block written twice between two Syncs survives as it is now or as it was
// synced, never as between the two writes; likewise a length that grew and
// was cut back within the new part. Sync and SyncDir never lie and never fail.
// Contents are in memory, and a write far behind the end of a file asks for
// eight bytes per block of the gap.
package crashfs
