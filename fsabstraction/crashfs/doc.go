// Package crashfs is an in-memory file system whose power can be cut, for tests: a store
// runs on it, and at any moment Crash makes a possible state of the disk after a power
// failure, on which the store is opened again.
//
// # What a power cut leaves
//
// A file has its current contents and those of its last Sync. Bytes written since then
// survive in blocks of 4096 bytes, each at random; a block that does not survive holds
// its bytes of that Sync, so bytes outside a written range stay intact (powersafe
// overwrite). The length is a separate change: a file that grew may have its new length and
// read as zeros where blocks did not survive, or be shorter, ending at its old end or at a
// block boundary. Likewise, a file that was truncated and written again may or may not be
// truncated.
//
// A name created, removed or renamed since the last SyncDir of its directory survives at
// random, each change independently; Sync of the file does not affect its name. A rename is
// one change: afterwards the new name means either its previous file or the renamed one. It
// is one change in two directories too, so a SyncDir of either makes both durable, as the
// commit of a journal does. A directory made by MkdirAll is a name in its parent; if that
// name is lost, so is everything synced below it.
//
// The write in progress can be torn; see Torn.
//
// # What is not modelled
//
// A block written twice between two Syncs survives as it is now or as it was synced, never
// in its state between the two writes; likewise a length that grew and was truncated within
// the new part. Sync and SyncDir never lie and never fail. Contents are in memory, and a
// write far past the end of a file needs eight bytes per block of the gap.
package crashfs
