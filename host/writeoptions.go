package host

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/fsabstraction/scarce"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// DefaultSegmentSize is when a segment is sealed and the next one begun, in
// bytes; batpak 0.4.0 has the same.
const DefaultSegmentSize = 64 << 20

// Options are the choices of [Open]. The zero value is safe.
type Options struct {
	// FS is where the directory lies, by default the operating system's.
	FS fsabstraction.FS
	// Durability is when an append is on disk, by default before it returns.
	Durability Durability
	// SegmentSize is the size in bytes at which a segment is sealed, by default
	// DefaultSegmentSize. A segment is longer by at most what is written at once.
	SegmentSize int64
	// TailLimit is how much may lie behind the index when a segment is full, by
	// default 65,536: events, and 1 for each KiB of them and 16 for each segment. It
	// is about as many microseconds that an open takes after an unclean stop. Less
	// means that more is written.
	TailLimit uint64
	// Strict refuses a store with damaged segments. By default the damage is in
	// the report, what can be read is shown, and appends go to a new segment.
	Strict bool
	// LockWait is how long Open and Rebuild wait for another writer, in this process
	// or another, to close the store, before they fail with a *LockedError: with 0
	// they do not wait, below 0 until the context ends. Of several that wait any may be
	// next.
	LockWait time.Duration
	// Unlocked opens the store on a file system that has no locks, where Open fails
	// with ErrNoLock otherwise. Then nothing keeps a second writer out, and two
	// writers destroy each other's events. Where there are locks it changes nothing.
	Unlocked bool
	// NoMapping and OpenSegments are as in ReaderOptions.
	NoMapping    bool
	OpenSegments int
	// Logger is as in ReaderOptions.
	Logger *slog.Logger
	// Now is the clock, by default time.Now. An event's time comes from it.
	Now func() time.Time
	// Random gives the random bits of event ids, by default those of math/rand/v2. It is
	// called by several goroutines at once. A test that fixes it and Now must not open a
	// store twice with both: the ids would come again, which an append without a key does
	// not notice.
	Random func() uint64

	tuned *tuning.Flushes // of a test
}

func init() {
	tuning.Set = func(options any, f tuning.Flushes) { options.(*Options).tuned = &f }
}

// flushes is when an index is written.
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

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = osfs.FS{}
	}
	o.FS = scarce.Write(o.FS)
	if o.SegmentSize <= 0 {
		o.SegmentSize = DefaultSegmentSize
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

// reader is the choices that concern reading.
func (o *Options) reader() ReaderOptions {
	return ReaderOptions{
		FS: o.FS, NoMapping: o.NoMapping, Strict: o.Strict,
		OpenSegments: o.OpenSegments, Logger: o.Logger,
	}.withDefaults()
}
