// Package host is thaw on an operating system: it opens a store's directory,
// maps, locks, writes and syncs files.
//
// [Open] opens a store for writing and reading, and makes it when it is not there:
// one writer at a time, any number of goroutines. [OpenReader] reads any store
// that batpak 0.4.0 or thaw wrote, takes no lock and never writes, so any number
// of processes may read while another one writes.
//
// What the answers mean, what bytes an append becomes and what is to be done after
// an unclean stop is decided in core; this package only moves the bytes.
//
// # What is on disk when
//
// With [OnDisk], the default, an append that returned nil is on disk: its frame,
// and the name of its segment. The appends that wait while a sync is under way
// are written together and share the next one. A write that failed is cut off
// again; where that, or any sync, fails, the store is read-only until it is opened
// again, since a second sync proves nothing about the first.
//
// A segment that is full is sealed with its footer and synced before the next one
// begins. Before a segment's first frame come, in this order and each on disk
// before the next: its mark in synced.thaw, the file with its header (which the
// first sync of its frames covers), its name.
//
// When a segment was sealed, and at Close, an index is written where its rule says
// so (flush.Policy): index.fbati and index.thaw of everything, or a part file of
// what came behind the parts that are there. New files are written and synced under
// temporary names, then renamed, index.fbati before index.thaw, then the directory
// is synced, and then part files are removed that are in the new ones. While the
// store is open this happens on a goroutine of its own, which appends never wait for.
// An append is never lost because of the index: it is a hint.
//
// Of what lies in the directory a writer removes regular files under the names that
// it gives itself, and nothing else: segments without an event, part files that are
// in newer ones, synced.thaw, and files under temporary names (directory.TemporaryName of the core).
//
// Close seals the segment, waits for an index that is being written, writes one
// itself, and removes synced.thaw.
//
// # Copies of a live store
//
// A tool that copies the directory while a writer is at work has to list and copy
// everything but *.fbat first, and then list and copy the segments, into an empty
// directory. What synced.thaw and the indexes then know of is in the segments, whose
// newest may end in half a write, as after an unclean stop. In another order they know
// of events that the copy lacks, which is damage.
//
// # After an unclean stop
//
// The next Open puts a sealed copy of the newest segment, up to its last whole
// append, in its place, and begins another. Nothing is appended behind bytes that
// nobody vouches for, and a damaged segment is left to be told of.
// Where the cut bytes are more than one write that was cut short, they are first
// kept in a file NNNNNN.fbat.cut-OFFSET beside it, because synced.thaw may have
// promised less than was true; [Recovered] names it, and it may be deleted.
//
// # How an append travels
//
// [Store.Append] checks and encodes the event and sends a request to the writer
// (append.go), and waits. The writer is one goroutine (writer.go): it stages the
// requests that wait as one group in the core's commit.Log, which gives out the numbers
// and encodes the frames; writes the frames to the active segment and syncs it
// (segmentwriter.go); and installs the next version (version.go). Then the callers get
// their receipts. Where the group begins a segment, its mark is written first
// (markfile.go) and the readers' files come to know it (directory.go). Where a segment
// is full, the writer seals it and leaves its end to the flusher (flush.go).
//
// A version is what a store holds at one moment: the snapshot that answers questions,
// the open files it reads, and the end of the log. It never changes, and it is counted,
// so that its files close after the last user. There is one place that replaces the
// current version, versions.install, and three edits: the writer moves the end of the
// log, a reader who asks adds to the snapshot what it lacks (versions.acquire), and a
// flush or [Reader.Refresh] brings other files. An append therefore builds no tables:
// the first question after it does, for all appends since the last one.
//
// # Locks and their order
//
// A goroutine that holds one of these takes only those that come later.
//
//	Store.entering      whether the store is closing; held for moments
//	Snapshot.mu         whether a snapshot is closed; held for moments
//	versions.editing    one grow, flush or refresh at a time; the writer never takes it
//	versions.mu         the current version; held for moments, and without any other
//	                    lock taken inside
//	directory.mu        what a directory's names led to, and which segments are open;
//	                    a segment is opened while it is held
//	file.once           one goroutine maps a file
//
// Where descriptors run out, any goroutine may close idle segments of any directory,
// which takes its directory.mu. So no file is opened by way of package scarce while one
// is held. Fence.mu and ids.mu are held alone. What only the writer touches has no lock: it
// passes from Open to the writer's goroutine and from that, when it is done, to Close.
package host
