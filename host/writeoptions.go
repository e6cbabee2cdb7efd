package host

import (
	"log/slog"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/fsabstraction/scarce"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// DefaultSegmentSize is the size in bytes at which a segment is sealed and the next one
// begins, the same as in batpak 0.4.0.
const DefaultSegmentSize = 64 << 20

// DefaultIndexMemory is the memory that the writing of an index takes: 64 MiB.
const DefaultIndexMemory = 64 << 20

// Options are the options of [Open]. The zero value is safe.
type Options struct {
	// FS is the file system of the directory, by default the operating system's.
	FS fsabstraction.FS
	// Durability decides when an append is on disk, by default before it returns.
	Durability Durability
	// SegmentSize is the size in bytes at which a segment is sealed, by default
	// DefaultSegmentSize. A segment may exceed it by at most one write.
	SegmentSize int64
	// TailLimit bounds the tail that the index does not cover when a segment is full, by
	// default 65,536. The tail counts 1 for each event, 1 for each KiB and 16 for each
	// segment, roughly the microseconds that an open takes after an unclean stop. A lower
	// limit writes indexes more often.
	TailLimit uint64
	// IndexMemory is about how many bytes of memory the writing of an index takes, by
	// default DefaultIndexMemory, besides what the distinct names of entities and scopes
	// take. Half of it is in use at once, for the garbage collector lets the heap grow to
	// about twice of that. Work on more events than fit into it uses temporary files in the
	// directory. A flush and a merge may run at once. An open for writing whose index lacks
	// more events than fit, one for each 256 bytes, writes an index before it goes on,
	// unless the store is damaged or has cancelled fences.
	IndexMemory int
	// NoMerge leaves the segments of short sessions as they are. By default small
	// neighbouring segments are merged: by Close if they have at most 4 MiB, and
	// otherwise in the background while the store is open. See Store.Compact.
	NoMerge bool
	// Strict refuses a store with damaged segments. By default the report lists the
	// damage, readers see the readable events, and appends go to a new segment.
	Strict bool
	// LockWait is how long Open and Rebuild wait for another writer, in this process
	// or another, to close the store, before they fail with a *LockedError. With 0 they
	// do not wait; a negative LockWait waits until the context ends. Waiting writers get
	// the lock in no particular order.
	LockWait time.Duration
	// Unlocked opens the store on a file system without locks, where Open otherwise
	// fails with ErrNoLock. Then nothing prevents a second writer, and two writers
	// destroy each other's events. On a file system with locks it has no effect.
	Unlocked bool
	// Policy judges every append. A store with a policy refuses an append that was not
	// judged with ErrNoPermit: append through Store.As, Store.Judge or Store.Bypass.
	Policy *gate.Policy
	// Records are the judgements that are kept as events, by default none. They need a
	// Policy.
	Records *Records
	// NoMapping and OpenSegments are as in ReaderOptions.
	NoMapping    bool
	OpenSegments int
	// Logger is as in ReaderOptions.
	Logger *slog.Logger
	// Cipher encrypts payloads before they are written, and decrypts them when they are read.
	// Package host/subjectkeys has one with a key for each subject, so that a subject can be
	// forgotten by destroying its key. Gates see what is not encrypted yet.
	Cipher PayloadCipher
	// KindNames are the names of kinds, for tools and in a *[gate.Denial], such as typed.Types.Names returns: 1 to
	// 128 bytes of printable ASCII without spaces each, otherwise Open fails with
	// [ErrKindName]. Open adds them to the file names.thaw, which [ReadKindNames] reads, if
	// they say something new; a name replaces the kind's earlier one. That this failed is
	// only logged.
	KindNames map[event.Kind]string
	// Now returns the time of an event, by default time.Now.
	Now func() time.Time
	// Random returns the random bits of event ids, by default those of math/rand/v2.
	// Several goroutines call it at once. A test that fixes both Random and Now must not
	// open a store twice with them: the ids would repeat, and an append without a key
	// does not detect that.
	Random func() uint64

	tuned *tuning.Flushes // set by tests
}

func init() {
	tuning.Set = func(options any, f tuning.Flushes) { options.(*Options).tuned = &f }
}

// flushes returns the policy for writing indexes.
func (o *Options) flushes() tuning.Flushes {
	f := tuning.Flushes{Policy: flush.DefaultPolicy()}
	if o.tuned != nil {
		f = *o.tuned
	}
	if o.TailLimit > 0 {
		f.Policy.OpenWeight = o.TailLimit
	}
	return f
}

// liveIndexMemory returns how many bytes the writing of an index may keep at once: the garbage
// collector lets the heap grow to about twice of what is live.
func (o *Options) liveIndexMemory() int { return max(1, o.IndexMemory/2) }

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = osfs.FS{}
	}
	o.FS = scarce.Write(o.FS)
	o.KindNames = maps.Clone(o.KindNames) // they are read later too
	if o.SegmentSize <= 0 {
		o.SegmentSize = DefaultSegmentSize
	}
	if o.IndexMemory <= 0 {
		o.IndexMemory = DefaultIndexMemory
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Uint64
	}
	r := o.reader()
	o.Logger, o.OpenSegments = r.Logger, r.OpenSegments
	return o
}

// reader returns the options that concern reading.
func (o *Options) reader() ReaderOptions {
	return ReaderOptions{
		FS: o.FS, NoMapping: o.NoMapping, Strict: o.Strict,
		OpenSegments: o.OpenSegments, Logger: o.Logger, Cipher: o.Cipher,
	}.withDefaults()
}
