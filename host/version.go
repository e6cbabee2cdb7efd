package host

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// version is the content of a store at one moment, for queries and the writer. It does not
// change after it is installed. It counts its users: its files stay open until the last
// one releases it.
type version struct {
	contents
	users atomic.Int64
}

// contents are the fields of a version. A version owns one reference to files.
type contents struct {
	snapshot *store.Snapshot // may lack the end of log; see acquire
	files    *directory      // the files that snapshot reads
	log      logEnd

	took      time.Duration // of the open or refresh that made snapshot
	recovered *Recovered    // nil unless the open recovered from an unclean stop
}

// logEnd holds the events that a writer has appended since it opened the store, and where
// they end. It is zero in the versions of a [DirReader].
type logEnd struct {
	// memtable holds the appended events except the first ones, which index files now
	// hold and the writer has forgotten.
	memtable  artifact.Run
	forgotten int    // number of events forgotten
	next      uint64 // the sequence after memtable
	at        artifact.Watermark
}

// total returns the number of appended events.
func (l *logEnd) total() int { return l.forgotten + l.memtable.Len() }

// from returns the appended events without the first n; n must be at least l.forgotten.
func (l *logEnd) from(n int) artifact.Run { return l.memtable.From(n - l.forgotten) }

// between returns the appended events with sequences from from up to to. ok is false unless
// memtable has all of them.
func (l *logEnd) between(from, to uint64) (run artifact.Run, ok bool) {
	run = l.memtable
	if run.Len() == 0 || from > to {
		return run, false
	}
	first := run.At(0).Sequence()
	if from < first || to-first > uint64(run.Len()) {
		return run, false
	}
	// A writer leaves out no sequence.
	return run.From(int(from - first)).To(int(to - from)), true
}

// missing returns how many events of the log the snapshot lacks.
func (c *contents) missing() int { return c.log.total() - c.snapshot.Appended() }

// unflushed returns the sequence of the first appended event that no index file has. Before it
// a compaction may have moved or removed what memtable still has.
func (c *contents) unflushed() uint64 {
	return c.log.next - uint64(max(0, c.log.total()-c.snapshot.Flushed()))
}

// end returns the sequence after the snapshot's last event.
func (c *contents) end() uint64 { return c.log.next - uint64(c.missing()) }

func newVersion(c contents) *version {
	v := &version{contents: c}
	v.users.Store(1)
	return v
}

// release ends one use. The last one closes the files, unless another version reads them.
func (v *version) release() error {
	if v.users.Add(-1) > 0 {
		return nil
	}
	return v.files.release()
}

// versions holds the current version of a store. Only install and update replace it.
type versions struct {
	// editing serializes the slow edits, which derive from the current snapshot or replace
	// it: grow, replace, Refresh. The writer does not need it, since none of them changes the
	// end of the log.
	editing sync.Mutex

	mu      sync.Mutex // guards the fields below; held only briefly
	current *version   // nil when closed
	log     logEnd     // the end of the log, which current may lack; see update
	behind  bool       // current lacks it
	more    chan struct{}
}

// start makes c the first version.
func (vs *versions) start(c contents) {
	vs.current, vs.log = newVersion(c), c.log
}

// show makes log the end of the log. It makes no version, which many appends share: the
// next pin does.
func (vs *versions) show(log logEnd) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	more, forgot := log.next > vs.log.next, log.forgotten > vs.log.forgotten
	vs.log, vs.behind = log, true
	if vs.current == nil { // cannot be: Close ends the versions after the writer
		return
	}
	if forgot { // free their memory
		vs.update()
	}
	if more {
		vs.wake()
	}
}

// update makes a version with the end of the log, if current lacks it. mu must be held, and
// the store open.
func (vs *versions) update() {
	if !vs.behind {
		return
	}
	old := vs.current
	c := old.contents
	c.log = vs.log
	v := newVersion(c)
	v.files.retain()
	vs.current, vs.behind = v, false
	_ = old.release() // v has the files too, so none is closed
}

// pin returns the current version, which the caller must release.
func (vs *versions) pin() (*version, error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.current == nil {
		return nil, ErrClosed
	}
	vs.update()
	vs.current.users.Add(1)
	return vs.current, nil
}

// install replaces the current version by edit of its contents. edit runs with mu held, so
// it may only set fields. The new version owns the files that edit sets; on error, which is
// ErrClosed, they stay the caller's.
func (vs *versions) install(edit func(old contents) contents) error {
	vs.mu.Lock()
	if vs.current == nil {
		vs.mu.Unlock()
		return ErrClosed
	}
	vs.update()
	old := vs.current
	v := newVersion(edit(old.contents))
	if v.files == old.files {
		v.files.retain()
	}
	vs.current, vs.log = v, v.log
	if v.log.next > old.log.next {
		vs.wake()
	}
	vs.mu.Unlock()
	_ = old.release() // the new version is installed, so it is no failure of the edit
	return nil
}

// close releases the last version. Afterwards pin and install fail.
func (vs *versions) close() error {
	vs.mu.Lock()
	old := vs.current
	vs.current = nil
	vs.log, vs.behind = logEnd{next: vs.log.next}, false // free the memory
	vs.wake()
	vs.mu.Unlock()
	if old == nil {
		return ErrClosed
	}
	return old.release()
}

// acquire is pin of a version whose snapshot holds all appended events. It builds the index
// of new events here, not in the append: many appends share one, and a store that is only
// written builds none.
func (vs *versions) acquire() (*version, error) {
	v, err := vs.pin()
	if err != nil || v.missing() == 0 {
		return v, err
	}
	_ = v.release()
	vs.editing.Lock()
	defer vs.editing.Unlock()
	return vs.grow()
}

// grow adds the appended events to the snapshot. editing must be held.
func (vs *versions) grow() (*version, error) {
	v, err := vs.pin()
	if err != nil || v.missing() == 0 {
		return v, err
	}
	defer v.release()
	added := v.log.from(v.snapshot.Appended())
	snapshot, err := v.snapshot.Grow(added, v.log.next)
	if err != nil {
		return nil, err
	}
	v.files.extend(added)
	err = vs.install(func(c contents) contents {
		c.snapshot = snapshot
		return c
	})
	if err != nil {
		return nil, err
	}
	return vs.pin()
}

// end returns the end of the log.
func (vs *versions) end() logEnd {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.log
}

// now returns the current version without pinning it, for comparison only. It is nil when
// closed.
func (vs *versions) now() *version {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current
}

// flushed returns how many of the appended events are read from index files, so that the
// writer can forget them.
func (vs *versions) flushed() int {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current.snapshot.Flushed()
}

// history is the store's committed events as the writer's log looks them up.
type history struct {
	*versions
	// switched pins the current version after a compaction that is being switched to.
	switched func() (*version, error)
	// rises is store.History.Rises: the events of this session.
	rises func(sequence uint64) bool
}

var _ commit.History = history{}

// ask calls f with the history of a version, which it releases. It calls f once more if that
// failed while a compaction was switched to: then index files that were cut off cannot be replaced
// by the segments, which are gone.
func (h history) ask(v *version, f func(store.History) error) error {
	of := func(v *version) store.History {
		return store.History{Snapshot: v.snapshot, Direct: true, Rises: h.rises}
	}
	asked := v.snapshot
	err := f(of(v))
	_ = v.release()
	if err == nil {
		return nil
	}
	now, failed := h.switched()
	if failed != nil {
		return err
	}
	defer now.release()
	if now.snapshot == asked {
		return err
	}
	return f(of(now))
}

// Latest implements commit.History.
func (h history) Latest(entity string) (head commit.Head, ok bool, err error) {
	v, err := h.pin()
	if err != nil {
		return head, false, err
	}
	err = h.ask(v, func(s store.History) (err error) {
		head, ok, err = s.Latest(entity)
		return err
	})
	return head, ok, err
}

// maxUnindexed is how many events the index may lack for the writer to use it in place of
// its memtable: growing it for each append would cost more than it saves.
const maxUnindexed = 4096

// FirstIn implements commit.History.
func (h history) FirstIn(region *query.Region, from, to uint64) (k commit.Known, ok bool, end uint64, err error) {
	v, err := h.pin()
	if err == nil && v.end()+maxUnindexed < to {
		_ = v.release()
		v, err = h.acquire()
	}
	if err != nil {
		return commit.Known{}, false, 0, err
	}
	err = h.ask(v, func(s store.History) (err error) {
		s.Direct = false
		k, ok, end, err = s.FirstIn(region, from, to)
		return err
	})
	return k, ok, end, err
}

// Identity implements commit.History.
func (h history) Identity() (event.ID, error) {
	v, err := h.pin()
	if err != nil {
		return event.ID{}, err
	}
	defer v.release()
	return v.snapshot.Identity()
}

// ByID implements commit.History.
func (h history) ByID(id event.ID) (known commit.Known, ok bool, err error) {
	v, err := h.pin()
	if err != nil {
		return known, false, err
	}
	err = h.ask(v, func(s store.History) (err error) {
		known, ok, err = s.ByID(id)
		return err
	})
	return known, ok, err
}
