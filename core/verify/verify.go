package verify

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// Options are the choices of a run. The zero Options check everything but the
// payloads' digests.
type Options struct {
	// Hash is BLAKE3-256; without it payloads are not compared with their digests.
	Hash func(payload []byte) event.Hash
	// Stop, when set, is asked now and then; its error ends the run and is
	// returned.
	Stop func() error
	// Progress, when set, is called with how much of the work is done. total is the same
	// on every call, done rises up to it.
	Progress func(done, total uint64)
	// Seed makes places in hash tables unpredictable; any number will do.
	Seed uint64
}

// Result is what a run found.
type Result struct {
	// Damages lists what is wrong, by file and offset. At most [MaxFindings]
	// with one reason are listed for one file; Omitted counts the rest.
	Damages []*damage.Damage
	// Notes lists what is worth knowing and is no damage, bounded in the same way.
	Notes   []Note
	Omitted uint64

	// Bytes of all files that were checked.
	Bytes uint64
	// Segments and Frames that were read; frames are events, markers, and the
	// items of batches that do not exist.
	Segments, Frames uint64
	// Events in the log, the hidden ones included; Hidden counts those.
	Events, Hidden uint64
	// Batches that were committed.
	Batches uint64
	// OpenedFrom is the way an open takes.
	OpenedFrom store.Way
}

// Sound reports whether there is no damage.
func (r *Result) Sound() bool { return len(r.Damages) == 0 }

// Err returns the first damage, or nil.
func (r *Result) Err() error {
	if r.Sound() {
		return nil
	}
	return r.Damages[0]
}

// Run checks the store in files as it is when it is listed; a writer may go on
// appending. An error means that the check could not be made: something could not
// be listed, opened or read, a [source.ReadError], a segment went away meanwhile, or
// Stop asked for an end. Whatever is wrong with the bytes is in the result.
//
// Memory is what the events of one segment need, 320 bytes each, some 12 bytes for
// each event of the store, and 150 for each entity. index.ckpt, where a store has one, is
// read into memory, with 162 bytes for each of its events; so are index files that list
// events which no segment has. It is at most 16 MiB and four times the size of the
// files, whatever they hold.
func Run(files directory.Files, o Options) (*Result, error) {
	d, err := freeze(files)
	if err != nil {
		return nil, err
	}
	r := &run{o: &o, dir: d, findings: newFindings()}
	r.total = 2*d.segmentBytes + d.snapshotBytes
	for _, step := range []func() error{
		r.names,
		r.replay,
		r.hiddenRanges,
		r.open,
		r.content,
		r.checkRanges,
		r.lookups,
	} {
		err := step()
		if r.stopped != nil {
			return nil, r.stopped
		}
		if err := r.dir.unread.err(); err != nil { // whatever the step made of it
			return nil, err
		}
		if err != nil {
			return nil, err
		}
	}
	r.progress(r.total)
	return r.result(), nil
}

// run is the state of one Run; its steps stand in files of their own.
type run struct {
	o        *Options
	dir      *frozen
	findings *findings
	stopped  error // what Stop returned

	done, total uint64

	truth      truth
	ranges     hidden
	shown      shown
	snapshots  []*snapshot
	duplicates duplicates
	// suspects are the numbers of events of the segment that is looked at whose frames
	// are at odds with themselves: what repeats them is not blamed.
	suspects map[int]bool

	frames, batches uint64
}

// stop asks Options.Stop.
func (r *run) stop() error {
	if r.stopped == nil && r.o.Stop != nil {
		r.stopped = r.o.Stop()
	}
	return r.stopped
}

// each asks stop on every 1024th i.
func (r *run) each(i int) error {
	if i%1024 != 0 {
		return nil
	}
	return r.stop()
}

// progress counts n more bytes as done.
func (r *run) progress(n uint64) {
	r.done = min(r.done+n, r.total)
	if r.o.Progress != nil {
		r.o.Progress(r.done, r.total)
	}
}

func (r *run) result() *Result {
	out := &Result{
		Bytes:      r.dir.segmentBytes + r.dir.snapshotBytes,
		Segments:   uint64(len(r.dir.listing.Segments)),
		Frames:     r.frames,
		Events:     uint64(r.truth.len()),
		Batches:    r.batches,
		OpenedFrom: r.shown.way,
	}
	for from, n := range r.shown.sequences.Runs() {
		out.Hidden += hiddenOf(r.shown.hidden, from, uint64(n))
	}
	r.findings.fill(out)
	return out
}
