package plugin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// ReaderOptions are the options of [Plugin.OpenReader]. The zero value is safe.
type ReaderOptions struct {
	// FS is the file system of the directory, by default the operating system's.
	FS fsabstraction.ReadFS
	// Strict, ShowHidden, CheckFrames and CheckIndex are as in host.ReaderOptions.
	Strict, ShowHidden, CheckFrames, CheckIndex bool
	// Buffer is the maximum size in bytes of a file that is copied into each instance at
	// the open. Larger files are read by windows; with 0 nearly all are.
	Buffer int64
	// Cache is the size in MiB of each instance's cache of windows, by default 32, at
	// most 1024.
	Cache int
	// BufferIndexOnly excludes segments from Buffer, since few of their pages are read.
	BufferIndexOnly bool
}

func (o ReaderOptions) withDefaults() ReaderOptions {
	if o.FS == nil {
		o.FS = osfs.FS{}
	}
	return o
}

// Reader is a [host.Reader] over a plugin. It sees the store as of its open or its last
// Refresh. All methods are safe for concurrent use.
type Reader struct {
	queries

	plugin  *Plugin
	path    string
	options ReaderOptions

	mu      sync.Mutex // guards current
	current *view      // nil when closed

	refreshing sync.Mutex
}

// OpenReader opens the store in the directory at path, as host.OpenReader does. ctx bounds
// only the open. The caller must Close the reader.
func (p *Plugin) OpenReader(ctx context.Context, path string, o ReaderOptions) (*Reader, error) {
	r := &Reader{plugin: p, path: path, options: o.withDefaults()}
	r.queries.acquire = r.acquire
	v, err := openView(ctx, p, path, &r.options)
	if err != nil {
		return nil, err
	}
	r.current = v
	return r, nil
}

var (
	_ host.Refresher = (*Reader)(nil)
	_ host.Reader    = (*Snapshot)(nil)
)

func (r *Reader) acquire() (*view, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		return nil, nil, host.ErrClosed
	}
	v := r.current
	v.retain()
	return v, func() { _ = v.release() }, nil
}

// Close releases the files and the instances. Iterations in progress continue on their view.
// A second Close returns [host.ErrClosed].
func (r *Reader) Close() error {
	r.mu.Lock()
	v := r.current
	r.current = nil
	r.mu.Unlock()
	if v == nil {
		return host.ErrClosed
	}
	return v.release()
}

// Refresh moves the reader to the current state of the store and reports whether anything
// changed. If the directory changed, it reopens the store: it reads the whole tail after the
// index again, not only the appended events. Otherwise it costs as little as a refresh of
// host.DirReader. Snapshots and iterations in progress keep their view. After an error the
// reader keeps its previous state.
func (r *Reader) Refresh(ctx context.Context) (changed bool, err error) {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	v, release, err := r.acquire()
	if err != nil {
		return false, err
	}
	defer release()
	if err := ctx.Err(); err != nil {
		return false, escape.Error(fmt.Errorf("thaw: refresh %s: %w", r.path, err))
	}
	if v.listing.unchanged() {
		return false, nil
	}
	if l, err := v.listing.again(); err == nil && l.same(v.listing) {
		return false, nil
	}
	v.listing.names.Forget() // it may have seen a listing that is not the view's
	next, err := openView(ctx, r.plugin, r.path, &r.options)
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	closed := r.current == nil
	if !closed {
		r.current = next
	}
	r.mu.Unlock()
	if closed {
		return false, errors.Join(host.ErrClosed, next.release())
	}
	return true, v.release()
}

// Follow returns a follower of a region's events from a position on, as host.DirReader has
// one. It refreshes the reader.
func (r *Reader) Follow(region host.Region, from host.Position, o host.FollowOptions) *host.Follower {
	return host.NewFollower(r, region, from, o)
}

// Snapshot pins the store as the reader sees it now, for several queries of one moment. The
// caller must Close it.
func (r *Reader) Snapshot() (*Snapshot, error) {
	v, release, err := r.acquire()
	if err != nil {
		return nil, err
	}
	s := &Snapshot{view: v, release: release}
	s.queries.acquire = s.acquire
	return s, nil
}

// Snapshot is a [host.Reader] of one moment. All methods are safe for concurrent use.
type Snapshot struct {
	queries

	mu      sync.Mutex
	view    *view
	release func()
}

func (s *Snapshot) acquire() (*view, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		return nil, nil, host.ErrClosed
	}
	v := s.view
	v.retain()
	return v, func() { _ = v.release() }, nil
}

// Close releases the files. A second Close returns [host.ErrClosed].
func (s *Snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == nil {
		return host.ErrClosed
	}
	s.release()
	s.view, s.release = nil, nil
	return nil
}

// Verify reads every byte of the store in the directory at path and returns its findings, as
// host.Verify does. It uses only the options FS and Buffer. If progress is not nil, Verify
// calls it from time to time with the work done so far and in total.
func (p *Plugin) Verify(ctx context.Context, path string, o ReaderOptions, progress func(done, total uint64)) (*host.Findings, error) {
	o = o.withDefaults()
	var result *host.Findings
	var err error
	for range openTries {
		if result, err = p.verify(ctx, path, &o, progress); !errors.Is(err, source.ErrGone) {
			break
		}
	}
	if err != nil {
		return nil, escape.Error(fmt.Errorf("thaw: verify %s: %w", path, err))
	}
	return result, nil
}

func (p *Plugin) verify(ctx context.Context, path string, o *ReaderOptions, progress func(done, total uint64)) (*host.Findings, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l, err := list(o.FS, path)
	if err != nil {
		return nil, err
	}
	defer l.close()
	v := newView(p, l, o)
	m, err := v.declare(ctx)
	if err != nil {
		return nil, err
	}
	defer m.turn.unlock()
	defer v.empty(m)
	t, err := v.begin(ctx, m, &abi.Request{Op: abi.OpVerify, From: rand.Uint64()})
	if t != nil {
		defer t.drop()
	}
	for err == nil {
		b, bad := t.answer()
		switch {
		case bad != nil:
			return nil, bad
		case t.state == abi.Done:
			return decodeFindings(b)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		report(progress, b)
		err = t.next(ctx)
	}
	return nil, err
}
