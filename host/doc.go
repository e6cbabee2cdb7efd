// Package host runs thaw on an operating system: it opens a store's directory, and
// maps, locks, writes and syncs its files.
//
// [Open] opens a store for writing and reading, and creates it if it does not exist.
// A store has one writer at a time, which any number of goroutines may use.
// [OpenReader] reads any store written by batpak 0.4.0 or thaw. It takes no lock and
// never writes, so any number of processes may read while another one writes.
//
// # Where to begin
//
//   - Append: [Store.Append]; several at once: [Store.AppendBatch], [Store.AppendEach],
//     [Store.Fence].
//   - Append only if: [Expect] an entity's state; [Unless] something happened since;
//     [WithKey] makes it safe to repeat.
//   - Append only what rules permit: Policy of [Options], then [Store.As]; what they said is
//     kept by [Records].
//   - Query: [Reader] has Query, Stream and Get, and for causes Ancestors, Effects,
//     Correlated and Graph; Entities, Scopes and Kinds list what there is.
//   - Payloads: ReadEach adds them to the events of any query; package payload decodes
//     them.
//   - One moment for several queries: [Store.Snapshot], [DirReader.Snapshot].
//   - Follow: [Store.Follow], [DirReader.Follow]; a [CheckpointFile] keeps the position.
//   - Names of kinds, for tools: Options.KindNames, ReadKindNames.
//   - What is wrong: Report of [Reader]; [Verify] reads everything; [Rebuild] makes a new
//     index.
//
// Package core decides what queries return, how an append is encoded and how an
// unclean stop is repaired; this package only moves the bytes.
//
// # Durability
//
// With [OnDisk], the default, a successful append is on disk: its frame, and the name
// of its segment. Appends that arrive during a sync are written together and share the
// next one. The writer truncates a failed write. If that fails, or any sync fails, the
// store is read-only; reopen it. The sync is not retried, since a second sync proves
// nothing about the first.
//
// A full segment gets its footer and is synced before the next one begins. Three
// things reach the disk before a segment's first frame, in this order: its sync mark
// in synced.thaw, the file with its header (covered by the first sync of its frames),
// its name.
//
// After a segment is sealed, and at Close, the store writes an index if flush.Policy
// asks for one: either index.fbati and index.thaw of all events, or a part file of the
// events after the existing parts. It writes and syncs the new files under temporary
// names, renames them, index.fbati before index.thaw, syncs the directory, and then
// removes the part files that the new files include. While the store is open, a
// goroutine of its own does this; appends never wait for it. Another one merges index files
// that grew too many, with bounded memory: see Options.IndexMemory. The index is a hint:
// without it no append is lost.
//
// A writer removes only regular files under names that it uses itself: segments
// without an event, part files included in newer ones, synced.thaw, and files under
// temporary names (directory.TemporaryName in core).
//
// Close seals the segment, waits for an index of appended events that is being written, stops a
// merge, writes its own index, and removes synced.thaw. It writes the tail and at most 1,048,576
// older records, about half a second, unless short sessions left more than 16 index files.
//
// # Copying a live store
//
// [Store.Backup] and [Backup] copy a store while a writer appends and compacts, and copy only
// what is new the next time. [Fork] makes a store of its own that ends after one event.
//
// With other tools, list and copy everything but *.fbat first, then list and copy the
// segments, into an empty directory; COPYING-A-STORE.md has the commands, and what a
// compaction meanwhile means. The segments then hold every event that synced.thaw and the
// indexes know, and the newest may end in half a write, as after an unclean stop. In any other
// order the indexes may know events that the copy lacks, which is damage.
//
// # Recovery
//
// After an unclean stop, the next Open replaces the newest segment with a sealed copy
// up to its last whole append, and begins another segment. It never appends after
// unproven bytes, and leaves a damaged segment as it is, to be reported. If the
// removed bytes are more than one interrupted write, Open first keeps them in
// NNNNNN.fbat.cut-OFFSET in the same directory, because synced.thaw may understate how
// much was on disk. [Recovered] names that file, which may be deleted.
//
// # The path of an append
//
// [ActingStore] has the encoded events judged by the store's policy (policy.go) and adds the
// record of the judgement (records.go); Store.send refuses every other append to a store with
// a policy. [Store.Append] checks and encodes the event, sends a request to the writer
// (append.go), and waits. The writer (writer.go) stages the waiting requests as one
// group in core's commit.Log, which validates their conditions, assigns the numbers and
// encodes the frames; writes the frames to the active segment and syncs it
// (segmentwriter.go); makes them visible (version.go); and answers the callers. If the
// group begins a segment, the writer first writes its sync mark (markfile.go) and adds
// it to the readers' directory (directory.go). If a segment is full, the writer seals it
// and passes its end to the flusher (flush.go). A compaction stands back while the writer
// serves a group (appendsfirst.go).
//
// The writer has a goroutine, which serves the queue of requests. Without a sync a
// switch between goroutines takes longer than the write, so a caller that finds the
// writer idle serves its own request, unless that needs another segment: see
// writer.direct. With a sync it never does, because it could not leave when its context
// ends.
//
// A version is the content of a store at one moment: the snapshot that answers
// queries, the open files it reads, and the end of the log. It never changes. It
// counts its users and closes its files after the last one. The writer moves the end of
// the log (versions.show), and the next query makes a version of it (versions.update). A
// query adds the missing events to the snapshot (versions.acquire), and a flush or
// [DirReader.Refresh] changes the files, both with versions.install. So an append builds
// no index: the next query does, for all appends since the last one; so does a condition
// on many events since its position that only an index finds quickly.
//
// # Following
//
// A [Follower] (follow.go) reads from its position to the end of the store and waits, again
// and again. Its feed (feed.go) is the store in the process of the writer, which wakes it
// (wait.go) and whose new events it reads from the writer's memtable, without an index; or a
// reader that it refreshes, with a pause that grows. A refresh first looks at the time of
// the directory (package glance) and the size of the newest segment, and if only that grew it
// reads and indexes what is new.
//
// # Lock order
//
// A goroutine that holds one of these locks takes only later ones.
//
//	Store.entering      whether the store is closing; held briefly
//	Snapshot.mu         whether a snapshot is closed; held briefly
//	writer.serving      one goroutine writes at a time; held while a group is written
//	                    and synced
//	versions.editing    one change of snapshot or files at a time, by a query, an
//	                    adopted flush or a refresh; of appends only those take it
//	                    whose condition asks an index that lacks many events
//	versions.mu         the current version; held briefly, and never while taking
//	                    another lock
//	core/store          one repair of a damaged part at a time; held while its segments
//	                    are replayed
//	core/directory      a listing; held while it looks at a segment
//	directory.mu        the files that a directory's names led to, and which segments
//	                    are open; held while a segment is opened
//	file.once           one goroutine maps a file
//
// When descriptors run out, any goroutine may close idle segments of any directory,
// which takes its directory.mu. So no goroutine opens a file through package scarce
// while it holds a directory.mu: a segment is opened under it without that package.
// Fence.mu, ids.mu and the lock of package scarce are held alone. Open and Close use
// the writer's fields without writer.serving, before its goroutine begins and after it
// and all callers have ended.
package host
