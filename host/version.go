package host

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// version is what a store holds at one moment, for the queries and the writer alike.
// It does not change once it is installed, and is counted: its files stay open until
// the last user releases it.
type version struct {
	contents
	users atomic.Int64
}

// contents is what a version is made of. A version owns one reference to files.
type contents struct {
	snapshot *store.Snapshot // may lack the end of log; see acquire
	files    *directory      // which snapshot reads
	log      logEnd

	took      time.Duration // of the open or refresh that made snapshot
	recovered *Recovered    //  what opening for writing did about an unclean stop
}

// logEnd is how far a writer has come: what it has appended since it opened the
// store, and where that ends. It is zero in the versions of a [DirReader].
type logEnd struct {
	// run is the events appended, without the first ones that the files of an index
	// hold by now and that the writer has forgotten.
	run       artifact.Run
	forgotten int
	next      uint64 // the sequence after run
	at        artifact.Watermark
}

// total is how many events were appended.
func (l *logEnd) total() int { return l.forgotten + l.run.Len() }

// from returns the events without the first n, which must not be fewer than are
// forgotten.
func (l *logEnd) from(n int) artifact.Run { return l.run.From(n - l.forgotten) }

// behind is how many events of the log the snapshot lacks.
func (c *contents) behind() int { return c.log.total() - c.snapshot.Appended() }

func newVersion(c contents) *version {
	v := &version{contents: c}
	v.users.Store(1)
	return v
}

// release gives up one use. The last one closes the files, unless another version
// reads them too.
func (v *version) release() error {
	if v.users.Add(-1) > 0 {
		return nil
	}
	return v.files.release()
}

// versions holds the current version of a store, which install alone replaces.
type versions struct {
	// editing is held by those whose edit takes longer than a moment, because it is
	// made of the current snapshot or replaces that: grow, adopt, Refresh. The writer
	// does not need it, since none of them changes the end of the log.
	editing sync.Mutex

	mu      sync.Mutex // guards what follows; held only for moments
	current *version   // nil when closed
	next    uint64     // current.log.next, also when closed
	more    chan struct{}
}

// start makes c the first version.
func (vs *versions) start(c contents) {
	vs.current, vs.next = newVersion(c), c.log.next
}

// pin returns the current version, which the caller must release.
func (vs *versions) pin() (*version, error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.current == nil {
		return nil, ErrClosed
	}
	vs.current.users.Add(1)
	return vs.current, nil
}

// install makes what edit makes of the current contents the current version. edit
// runs under mu, so it only sets fields. Files that it puts in belong to the version
// from then on; with an error, which is ErrClosed, they stay the caller's.
func (vs *versions) install(edit func(old contents) contents) error {
	vs.mu.Lock()
	old := vs.current
	if old == nil {
		vs.mu.Unlock()
		return ErrClosed
	}
	v := newVersion(edit(old.contents))
	if v.files == old.files {
		v.files.retain()
	}
	vs.current, vs.next = v, v.log.next
	if v.log.next > old.log.next {
		vs.wake()
	}
	vs.mu.Unlock()
	return old.release()
}

// close ends the last version: pin and install fail from now on.
func (vs *versions) close() error {
	vs.mu.Lock()
	old := vs.current
	vs.current = nil
	vs.wake()
	vs.mu.Unlock()
	if old == nil {
		return ErrClosed
	}
	return old.release()
}

// acquire is pin of a version whose snapshot holds everything that was appended. The
// tables for that are made here and not by the append: many appends then share them,
// and a store that is only written never makes any.
func (vs *versions) acquire() (*version, error) {
	v, err := vs.pin()
	if err != nil || v.behind() == 0 {
		return v, err
	}
	_ = v.release()
	vs.editing.Lock()
	defer vs.editing.Unlock()
	return vs.grow()
}

// grow adds to the snapshot what was appended. editing is held.
func (vs *versions) grow() (*version, error) {
	v, err := vs.pin()
	if err != nil || v.behind() == 0 {
		return v, err
	}
	defer v.release()
	run := v.log.from(v.snapshot.Appended())
	snapshot, err := v.snapshot.Grow(run, v.log.next)
	if err != nil {
		return nil, err
	}
	v.files.reach(run)
	err = vs.install(func(c contents) contents {
		c.snapshot = snapshot
		return c
	})
	if err != nil {
		return nil, err
	}
	return vs.pin()
}

// end is how far the writer has come.
func (vs *versions) end() logEnd {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current.log
}

// flushed is how many of the events that were appended are read from the files of an
// index, so that the writer can forget them.
func (vs *versions) flushed() int {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current.snapshot.Flushed()
}

// history is the current version as what the writer's log goes on from.
type history struct{ *versions }

var _ commit.History = history{}

// Latest implements commit.History.
func (h history) Latest(entity string) (commit.Head, bool, error) {
	v, err := h.pin()
	if err != nil {
		return commit.Head{}, false, err
	}
	defer v.release()
	return store.History{Snapshot: v.snapshot}.Latest(entity)
}

// ByID implements commit.History.
func (h history) ByID(id event.ID) (commit.Known, bool, error) {
	v, err := h.pin()
	if err != nil {
		return commit.Known{}, false, err
	}
	defer v.release()
	return store.History{Snapshot: v.snapshot}.ByID(id)
}
