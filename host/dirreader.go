package host

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// DirReader is an open store, read-only. It sees the store as of its open or its
// last Refresh. All methods are safe for concurrent use.
type DirReader struct {
	queries

	path     string
	options  ReaderOptions
	versions versions
	// stale says that a refresh ended half way, so that the next one must open
	// the store again. Guarded by versions.editing.
	stale bool
}

// OpenReader opens the store in the directory at path. It takes no lock,
// creates nothing, and starts no goroutine. A directory without segments is an
// empty store; one that is not there is fs.ErrNotExist. Of what is wrong with
// the files only a damaged visibility_ranges.fbv is an error, a
// *damage.Damage; see [ReaderOptions] for others, and Report for the rest.
//
// ctx bounds the open alone. The caller must Close the reader.
func OpenReader(ctx context.Context, path string, o ReaderOptions) (*DirReader, error) {
	r := &DirReader{path: path, options: o.withDefaults()}
	r.queries.acquire = r.versions.acquire
	c, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	logOpen(ctx, r.options.Logger, r.path, "thaw: store opened", &c, nil)
	r.versions.start(c)
	return r, nil
}

func (r *DirReader) open(ctx context.Context) (contents, error) {
	if err := ctx.Err(); err != nil {
		return contents{}, failedAt("open", r.path, err)
	}
	return openContents(ctx, r.path, &r.options)
}

// openContents opens the store in the directory at path as it is now. The caller owns
// the files. skip names files of an index that are not looked at.
func openContents(ctx context.Context, path string, o *ReaderOptions, skip ...string) (contents, error) {
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
		return contents{}, errors.Join(failedAt("open", path, err), files.release())
	}
	files.settle()
	return contents{snapshot: s, files: files, took: time.Since(start)}, nil
}

func digest(payload []byte) event.Hash { return blake3.Sum256(payload) }

// Close releases the files. Iterations that are under way end with their
// snapshot; their files close after them. A second Close is [ErrClosed].
func (r *DirReader) Close() error { return r.versions.close() }

// Refresh moves the reader to the store as it is now and reports whether
// anything changed: events, what Report tells, or the files that hold them. It
// reads what was appended and makes the lookups of the tail anew. When files were
// replaced (the writer closed, or segments were compacted), or the tail has
// damage or an unsealed segment in its middle, the store is opened anew.
// Segments in front of the one in which the index ends are not looked at: that one
// was cut or replaced behind the store's back shows when it is read, or to [Verify].
// Snapshots and iterations under way keep what they see. After an error the
// reader sees what it saw before.
func (r *DirReader) Refresh(ctx context.Context) (changed bool, err error) {
	r.versions.editing.Lock()
	defer r.versions.editing.Unlock()
	v, err := r.versions.pin()
	if err != nil {
		return false, err
	}
	defer v.release()

	next, err := r.next(ctx, &v.contents)
	if err != nil || next.snapshot == v.snapshot {
		return false, err
	}
	err = r.versions.install(func(contents) contents { return next })
	if errors.Is(err, ErrClosed) { // meanwhile
		if next.files != v.files {
			err = errors.Join(err, next.files.release())
		}
		return false, err
	}
	before := v.snapshot.Report()
	logOpen(ctx, r.options.Logger, r.path, "thaw: store refreshed", &next, &before)
	return true, err
}

// next returns what follows c, which is c when nothing changed. Files that are not
// those of c are the caller's.
func (r *DirReader) next(ctx context.Context, c *contents) (contents, error) {
	start := time.Now()
	if !r.stale {
		if err := ctx.Err(); err != nil {
			return contents{}, failedAt("refresh", r.path, err)
		}
		fresh, reload, err := c.snapshot.Refresh(ctx.Err)
		switch {
		case err == nil && !reload && fresh == c.snapshot:
			return *c, nil
		case err == nil && !reload:
			return contents{snapshot: fresh, files: c.files, took: time.Since(start)}, nil
		}
		// A refresh cannot go on from what was read half way.
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
func (r *DirReader) Snapshot() (*Snapshot, error) { return newSnapshot(r.versions.acquire()) }
