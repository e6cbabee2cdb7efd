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

// ReaderOptions are the choices of [Plugin.OpenReader]. The zero value is safe.
type ReaderOptions struct {
	// FS is where the directory lies, by default the operating system's.
	FS fsabstraction.ReadFS
	// Strict, ShowHidden, CheckFrames and CheckIndex are as in host.ReaderOptions.
	Strict, ShowHidden, CheckFrames, CheckIndex bool
	// Buffer is the size in bytes up to which a file is copied into each instance when
	// it opens the store. Others are read by windows; with 0 nearly all are.
	Buffer int64
	// Cache is how many MiB of what it read by windows each instance keeps, by default
	// 32, at most 1024.
	Cache int
	// BufferIndexOnly keeps Buffer from the segments, of which few pages are read.
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

// OpenReader opens the store in the directory at path, as host.OpenReader does. ctx
// bounds the open alone. The caller must Close the reader.
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
	_ host.Reader = (*Reader)(nil)
	_ host.Reader = (*Snapshot)(nil)
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

// Close releases the files and the instances. Iterations that are under way end with
// their moment. A second Close is [host.ErrClosed].
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

// Refresh moves the reader to the store as it is now and reports whether anything
// changed. It lists the directory, and where that is not as it was, opens anew: what
// lies behind the index is read again, not what was appended alone. Snapshots and
// iterations under way keep what they see. After an error the reader sees what it saw
// before.
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
	if l, err := list(r.options.FS, r.path); err == nil && l.same(v.listing) {
		return false, nil
	}
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

// Snapshot pins the store as the reader sees it now, for several questions about one
// moment. The caller must Close it.
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

// Close releases the files. A second Close is [host.ErrClosed].
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

// Verify reads every byte of the store in the directory at path and returns what is
// wrong with it, as host.Verify does. Of the options only FS and Buffer count. progress,
// when it is not nil, is called now and then with how much of the work is done.
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
	defer m.mu.Unlock()
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
		tell(progress, b)
		err = t.next(ctx)
	}
	return nil, err
}
