package host_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// never exceeds the calls of any test.
const never = 1 << 30

// ending is a context that ends after a number of checks.
type ending struct {
	context.Context
	left atomic.Int64
}

func (e *ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestRefreshStopped ends the context of a refresh at each check, while it reads many segments, and
// a long one. The reader keeps its view, and the next refresh shows every event once and under its
// own number.
func TestRefreshStopped(t *testing.T) {
	for _, c := range []struct{ events, segment int }{{9, 3}, {3000, 1 << 20}} {
		t.Run(fmt.Sprint(c.events, " events"), func(t *testing.T) {
			stopped := 0
			for {
				p := inMemory(t)
				w := newWriter(t, p)
				w.fill(5, c.segment)
				r := p.open(t, host.ReaderOptions{Strict: true})
				before := w.events
				for i := range c.events {
					if i%c.segment == 0 && i > 0 {
						w.seal()
						w.flushAll()
						w.segment()
					}
					w.append("more")
				}
				w.flushAll()

				ctx := &ending{Context: t.Context()}
				ctx.left.Store(int64(stopped))
				_, err := r.Refresh(ctx)
				if err != nil {
					stopped++
					require.ErrorIs(t, err, context.Canceled)
					require.Equal(t, before, all(t, r))
				}
				_, again := r.Refresh(t.Context())
				require.NoError(t, again)
				require.Equal(t, w.events, all(t, r))
				w.close()
				if err == nil {
					break
				}
			}
			require.Greater(t, stopped, 3)
		})
	}
}

// TestCloseInRefresh closes the reader at each call of a refresh. No file stays open.
func TestCloseInRefresh(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		refused := 0
		for k := 0; ; k++ {
			p := onDisk(t)
			w := newWriter(t, p)
			w.fill(4, 2)
			w.putIndex()
			h := &hooked{ReadFS: p.fs, left: never}
			before := openFiles()
			r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: h, Logger: quiet})
			require.NoError(t, err)
			w.append("late")
			w.flushAll()
			if replaced { // the store is then opened again
				w.putIndex()
			}
			h.left, h.call = k, func() { require.NoError(t, r.Close()) }
			_, err = r.Refresh(t.Context())
			acted := h.left < 0
			if acted {
				refused++
				require.ErrorIs(t, err, host.ErrClosed)
				require.ErrorIs(t, r.Close(), host.ErrClosed)
			} else {
				require.NoError(t, err)
				require.NoError(t, r.Close())
			}
			require.Equal(t, before, openFiles())
			w.close()
			if !acted {
				break
			}
		}
		require.Greater(t, refused, 3)
	}
}

// TestIndexReplacedBeforeItIsOpened replaces index.fbati after an open has looked at
// it and before it opens the file. The new one ends in a segment that was not there
// when the directory was listed; it is read with a listing that has it.
func TestIndexReplacedBeforeItIsOpened(t *testing.T) {
	p := place{crashfs.New(), storeDir}
	require.NoError(t, p.fs.MkdirAll(p.dir))
	w := newWriter(t, p)
	w.fill(4, 2)
	w.putIndex()
	fs := &beforeOpen{FS: p.fs.(*crashfs.FS), name: indexName, call: func() {
		w.seal()
		w.flushAll()
		w.segment()
		w.append("late")
		w.flushAll()
		w.putIndex()
	}}
	r := place{fs, p.dir}.open(t, host.ReaderOptions{Strict: true})
	require.Empty(t, r.Report().Rejected)
	require.Zero(t, r.Report().TailEvents)
	require.Equal(t, w.events, all(t, r))
	w.close()
}

// beforeOpen calls a function before the first open of a name.
type beforeOpen struct {
	*crashfs.FS
	name string
	call func()
}

func (b *beforeOpen) Open(name string) (fsabstraction.File, error) {
	if call := b.call; filepath.Base(name) == b.name && call != nil {
		b.call = nil
		call()
	}
	return b.FS.Open(name)
}
