package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// ErrClosed is returned by every method of a closed [Reader] or [Snapshot]. It
// is fs.ErrClosed too.
var ErrClosed = fmt.Errorf("thaw: the store is closed: %w", fs.ErrClosed)

// Reader is an open store, read-only. It sees the store as of its open or its
// last Refresh. All methods are safe for concurrent use.
type Reader struct {
	Queries

	path    string
	options ReaderOptions

	mu      sync.Mutex // guards current
	current *view      // nil when closed

	refreshing sync.Mutex
	// stale says that a refresh ended half way, so that the next one must open
	// the store anew. Guarded by refreshing.
	stale bool
}

// view is a snapshot and the files it reads. Files stay open until nobody uses
// a view of them.
type view struct {
	snapshot *store.Snapshot
	files    *directory
	took     time.Duration
	// recovered is what opening for writing did about an unclean stop.
	recovered *Recovered
}

// OpenReader opens the store in the directory at path. It takes no lock,
// creates nothing, and starts no goroutine. A directory without segments is an
// empty store; one that is not there is fs.ErrNotExist. Of what is wrong with
// the files only a damaged visibility_ranges.fbv is an error, a
// *damage.Damage; see [ReaderOptions] for others, and Report for the rest.
//
// ctx bounds the open alone. The caller must Close the reader.
func OpenReader(ctx context.Context, path string, o ReaderOptions) (*Reader, error) {
	r := &Reader{path: path, options: o.withDefaults()}
	r.Queries.acquire = r.acquire
	v, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	logView(ctx, r.options.Logger, r.path, "thaw: store opened", v, nil)
	r.current = v
	return r, nil
}

func (r *Reader) open(ctx context.Context) (*view, error) {
	if err := ctx.Err(); err != nil {
		return nil, failedAt("open", r.path, err)
	}
	return openView(ctx, r.path, &r.options)
}

// openView opens the store in the directory at path as it is now. skip names
// snapshots that are not to be looked at.
func openView(ctx context.Context, path string, o *ReaderOptions, skip ...string) (*view, error) {
	start := time.Now()
	files := newDirectory(path, o)
	s, err := store.Open(files, store.Options{
		Seed:        rand.Uint64(),
		Hash:        digest,
		Parallel:    parallel,
		Stop:        ctx.Err,
		Strict:      o.Strict,
		ShowHidden:  o.ShowHidden,
		CheckFrames: o.CheckFrames,
		CheckIndex:  o.CheckIndex,
		Skip:        skip,
	})
	if err != nil {
		return nil, errors.Join(failedAt("open", path, err), files.release())
	}
	files.settle()
	return &view{snapshot: s, files: files, took: time.Since(start)}, nil
}

func digest(payload []byte) event.Hash { return blake3.Sum256(payload) }

// acquire lends the current view out until release is called.
func (r *Reader) acquire() (v *view, release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return nil, nil, ErrClosed
	}
	files := r.current.files
	files.retain()
	return r.current, func() { _ = files.release() }, nil
}

// Close releases the files. Iterations that are under way end with their
// snapshot; their files close behind them. A second Close is [ErrClosed].
func (r *Reader) Close() error {
	r.mu.Lock()
	v := r.current
	r.current = nil
	r.mu.Unlock()
	if v == nil {
		return ErrClosed
	}
	return v.files.release()
}

// Refresh moves the reader to the store as it is now and reports whether
// anything changed: events, what Report tells, or the files that hold them. It
// reads what was appended and makes the lookups of the tail anew. When files were
// replaced (the writer closed, or segments were compacted), or the tail has
// damage or an unsealed segment in its middle, the store is opened anew.
// Segments in front of the one in which the index ends are not looked at: that one
// was cut or replaced behind the store's back shows when it is read, or to [Verify].
// Snapshots and iterations under way keep what they see. After an error the
// reader sees what it saw before.
func (r *Reader) Refresh(ctx context.Context) (changed bool, err error) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	v, release, err := r.acquire()
	if err != nil {
		return false, err
	}
	defer release()

	next, err := r.next(ctx, v)
	if err != nil || next == v {
		return false, err
	}
	r.mu.Lock()
	closed := r.current == nil
	if !closed {
		r.current = next
	}
	r.mu.Unlock()
	if closed {
		return false, errors.Join(ErrClosed, next.files.release())
	}
	before := v.snapshot.Report()
	logView(ctx, r.options.Logger, r.path, "thaw: store refreshed", next, &before)
	return true, v.files.release()
}

// next returns the view behind v, which is v when nothing changed. Its files
// are retained for the caller unless it is v.
func (r *Reader) next(ctx context.Context, v *view) (*view, error) {
	start := time.Now()
	if !r.stale {
		if err := ctx.Err(); err != nil {
			return nil, failedAt("refresh", r.path, err)
		}
		fresh, reload, err := v.snapshot.Refresh(ctx.Err)
		switch {
		case err == nil && !reload && fresh == v.snapshot:
			return v, nil
		case err == nil && !reload:
			v.files.retain()
			return &view{snapshot: fresh, files: v.files, took: time.Since(start)}, nil
		}
		// What was read half way cannot be read on from.
		r.stale = true
	}
	next, err := r.open(ctx)
	if err == nil {
		r.stale = false
	}
	return next, err
}

// Snapshot pins the store as the reader sees it now, for several questions
// about one moment. The caller must Close it.
func (r *Reader) Snapshot() (*Snapshot, error) { return pin(r.acquire()) }

// pin makes a Snapshot of a view that was acquired.
func pin(v *view, release func(), err error) (*Snapshot, error) {
	if err != nil {
		return nil, err
	}
	s := &Snapshot{view: v, release: release}
	s.Queries.acquire = s.acquire
	return s, nil
}

// Snapshot is the store at one moment. All methods are safe for concurrent use.
type Snapshot struct {
	Queries

	mu      sync.Mutex
	view    *view
	release func()
}

func (s *Snapshot) acquire() (*view, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		return nil, nil, ErrClosed
	}
	files := s.view.files
	files.retain()
	return s.view, func() { _ = files.release() }, nil
}

// Close lets go of the files. A second Close is [ErrClosed].
func (s *Snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		return ErrClosed
	}
	s.release()
	s.view, s.release = nil, nil
	return nil
}
