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

// DirReader is a store open for reading. It sees the store as of its open or its last
// Refresh. All methods are safe for concurrent use.
type DirReader struct {
	queries

	path     string
	options  ReaderOptions
	versions versions
	mover    *mover
	// stale reports whether a refresh failed midway, so that the next one must reopen the
	// store. Guarded by versions.editing.
	stale bool
}

// OpenReader opens the store in the directory at path. It takes no lock, creates no file,
// and starts no goroutine. A directory without segments is an empty store; a missing
// directory is fs.ErrNotExist. Damage is listed in the report and does not make the open
// fail, except that of visibility_ranges.fbv, which is a *[Damage]; [ReaderOptions] can
// change that.
//
// ctx bounds only the open. The caller must Close the reader.
func OpenReader(ctx context.Context, path string, o ReaderOptions) (*DirReader, error) {
	r := &DirReader{path: path, options: o.withDefaults()}
	r.queries.acquire = r.versions.acquire
	r.mover = &mover{path: path, options: &r.options, live: r.versions.pin}
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
	return openContents(ctx, r.path, &r.options, r.mover)
}

// openContents opens the store in the directory at path as it is now. The caller owns the
// files. m, unless nil, finds the events that move later. The open ignores the index files
// named by skip.
func openContents(ctx context.Context, path string, o *ReaderOptions, m *mover, skip ...string) (contents, error) {
	return openBy(ctx, path, o, m, opening{}, skip...)
}

// opening says how a store is opened; the zero opening reads all of it.
type opening struct {
	// indexOnly leaves out the events that no index file covers.
	indexOnly bool
	// scratch, unless nil, takes the records of a long tail: see store.Options.Scratch.
	scratch *spillSpace
}

// openBy is openContents with an opening.
func openBy(ctx context.Context, path string, o *ReaderOptions, m *mover, how opening, skip ...string) (contents, error) {
	start := time.Now()
	files := newDirectory(path, o)
	options := store.Options{
		Seed:        rand.Uint64(),
		Hash:        digest,
		Parallel:    parallel,
		Ahead:       ahead,
		Stop:        ctx.Err,
		Strict:      o.Strict,
		ShowHidden:  o.ShowHidden,
		CheckFrames: o.CheckFrames,
		CheckIndex:  o.CheckIndex,
		IndexOnly:   how.indexOnly,
		Skip:        skip,
		Unseal:      o.unseal(),
	}
	if m != nil {
		options.Moved = m.find
	}
	if how.scratch != nil {
		options.Scratch, options.SpillAfter = how.scratch, how.scratch.after
	}
	s, err := store.Open(files, options)
	if err != nil {
		return contents{}, errors.Join(failedAt("open", path, err), files.release())
	}
	files.finishOpen()
	return contents{snapshot: s, files: files, took: time.Since(start)}, nil
}

func digest(payload []byte) event.Hash { return blake3.Sum256(payload) }

// Close releases the files. Iterations in progress continue on their snapshot and then close
// its files. A second Close returns [ErrClosed].
func (r *DirReader) Close() error {
	err := r.versions.close()
	if errors.Is(err, ErrClosed) {
		return err
	}
	return errors.Join(err, r.mover.close())
}

// Refresh moves the reader to the current state of the store. It reports whether anything
// changed: the events, the report, or the files. It reads and indexes only the appended
// events. It reopens the store if files were replaced (the writer closed, or segments were
// compacted), or if the tail has damage or an unsealed segment in its middle. Snapshots and
// iterations in progress keep their view. After an error the reader keeps its previous state.
//
// If the file system has times of directories (fsabstraction.DirTimer), a refresh that finds
// nothing new costs two calls: the time of the directory, and the size and time of the newest
// segment. Refresh does not look at segments before the one in which the index ends: if
// another program cut or replaced one of them, only a read of it or [Verify] notices. Nor does
// it notice a file other than the newest segment that is overwritten in place, which no
// writer does.
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
	if errors.Is(err, ErrClosed) { // closed meanwhile
		if next.files != v.files {
			err = errors.Join(err, next.files.release())
		}
		return false, err
	}
	err = errors.Join(err, r.mover.passed(next.snapshot.Generation()))
	before := v.snapshot.Report()
	logOpen(ctx, r.options.Logger, r.path, "thaw: store refreshed", &next, &before)
	return true, err
}

// next returns the current contents, or c if nothing changed. The caller owns files other
// than those of c.
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
		// A refresh cannot continue from a partial read.
		r.stale = true
	}
	next, err := r.open(ctx)
	if err == nil {
		r.stale = false
	}
	return next, err
}

// Snapshot pins the store as the reader sees it now, for several queries of one moment. The
// caller must Close it.
func (r *DirReader) Snapshot() (*Snapshot, error) { return newSnapshot(r.versions.acquire()) }
