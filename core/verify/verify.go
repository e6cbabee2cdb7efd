package verify

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/store"
)

// Options configure a run. The zero Options check everything but the digests of payloads.
type Options struct {
	// Hash is BLAKE3-256. If nil, payloads are not compared with their digests.
	Hash func(payload []byte) event.Hash
	// Stop, if set, is called now and then. If it returns an error, Run ends and returns
	// that error.
	Stop func() error
	// Progress, if set, is called with the amount of work done. total is the same on
	// every call, and done rises to it.
	Progress func(done, total uint64)
	// Seed makes hash tables unpredictable. Any number will do.
	Seed uint64
}

// Result is the outcome of a run.
type Result struct {
	// Damages lists the damage by file and offset: for one file and reason at most
	// 1000. Omitted counts the rest.
	Damages []*damage.Damage
	// Notes lists findings that prove no damage, bounded in the same way.
	Notes   []Note
	Omitted uint64

	// Bytes is the size of all files checked.
	Bytes uint64
	// Segments and Frames count what was read. Frames are events, markers, and items of
	// uncommitted batches.
	Segments, Frames uint64
	// Events counts the events of the log, hidden ones included; Hidden counts those.
	Events, Hidden uint64
	// Batches counts the committed batches.
	Batches uint64
	// OpenedFrom says what an open reads the index from.
	OpenedFrom store.Way
}

// Sound reports whether the run found no damage.
func (r *Result) Sound() bool { return len(r.Damages) == 0 }

// Err returns the first damage, or nil.
func (r *Result) Err() error {
	if r.Sound() {
		return nil
	}
	return r.Damages[0]
}

// Run checks the store in files as it was when listed; a writer may append meanwhile. An
// error means that the check could not be completed: a file could not be listed, opened
// or read (a [source.ReadError]), a segment disappeared, or Stop returned an error.
// Everything wrong with the bytes is in the result.
//
// Run takes 320 bytes of memory for each event of one segment, some 12 for each event of
// the store, and 150 for each entity. It reads index.ckpt into memory, if the store has
// one, with 162 bytes for each of its events, and so it reads index files that list
// events which no segment has. Memory never exceeds 16 MiB plus four times the size of
// the files.
func Run(files directory.Files, o Options) (*Result, error) {
	d, err := openFiles(files)
	if err != nil {
		return nil, err
	}
	c := &check{o: &o, dir: d, findings: newFindings()}
	c.total = 2*d.segmentBytes + d.indexBytes
	for _, step := range []func() error{
		c.names,
		c.lineage, // which replay's notes need
		c.replay,
		c.hiddenRanges,
		c.open,
		c.content,
		c.checkRanges,
		c.checkIndexes,
	} {
		err := step()
		if c.stopped != nil {
			return nil, c.stopped
		}
		if err := c.dir.failure.err(); err != nil { // takes precedence over its consequences
			return nil, err
		}
		if err != nil {
			return nil, err
		}
	}
	c.progress(c.total)
	return c.result(), nil
}

// check is the state of one Run.
type check struct {
	o        *Options
	dir      *fixedFiles
	findings *findings
	stopped  error // what Stop returned

	done, total uint64

	truth      truth
	ranges     hidden
	view       view
	images     []*imageReader
	duplicates duplicates
	// suspects holds the numbers of the current segment's suspect events: see the
	// package comment.
	suspects map[int]bool

	frames, batches uint64

	removals        *lineage.Lineage // of store.thaw, nil without
	removalsUnknown bool             // it is damaged
}

// stop returns the error of Options.Stop, if it returned one.
func (c *check) stop() error {
	if c.stopped == nil && c.o.Stop != nil {
		c.stopped = c.o.Stop()
	}
	return c.stopped
}

// each calls stop for every 1024th i.
func (c *check) each(i int) error {
	if i%1024 != 0 {
		return nil
	}
	return c.stop()
}

// progress reports n more bytes as done.
func (c *check) progress(n uint64) {
	c.done = min(c.done+n, c.total)
	if c.o.Progress != nil {
		c.o.Progress(c.done, c.total)
	}
}

func (c *check) result() *Result {
	out := &Result{
		Bytes:      c.dir.segmentBytes + c.dir.indexBytes,
		Segments:   uint64(len(c.dir.listing.Segments)),
		Frames:     c.frames,
		Events:     uint64(c.truth.len()),
		Batches:    c.batches,
		OpenedFrom: c.view.way,
	}
	for from, n := range c.view.sequences.Runs() {
		out.Hidden += hiddenOf(c.view.hidden, from, uint64(n))
	}
	c.findings.fill(out)
	return out
}
