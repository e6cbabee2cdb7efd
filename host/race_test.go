package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// hooked is a file system that calls a function before its n-th call.
type hooked struct {
	fsabstraction.ReadFS
	left int
	call func()
}

type hookedFile struct {
	fsabstraction.File
	fs *hooked
}

func (h *hooked) step() {
	if h.left--; h.left == -1 {
		h.call()
	}
}

func (h *hooked) ReadDir(dir string) ([]fsabstraction.Entry, error) {
	h.step()
	return h.ReadFS.ReadDir(dir)
}

func (h *hooked) Lstat(name string) (fsabstraction.Info, error) {
	h.step()
	return h.ReadFS.Lstat(name)
}

func (h *hooked) Open(name string) (fsabstraction.File, error) {
	h.step()
	f, err := h.ReadFS.Open(name)
	if err != nil {
		return nil, err
	}
	return hookedFile{f, h}, nil
}

func (f hookedFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.step()
	return f.File.ReadAt(p, off)
}

// TestWriterBetweenTwoCalls runs a writer's operation between any two calls of an open, and of a
// refresh: readers see the store at some moment, and no sound file is refused or reported as
// damaged.
func TestWriterBetweenTwoCalls(t *testing.T) {
	hide := func(w *writer) { w.hide(visibility.Range{Start: 2, End: 5}) }
	for _, c := range []struct {
		name   string
		before func(w *writer)
		act    func(w *writer)
		index  bool // there is one at every moment
	}{
		{"an append", nil, func(w *writer) { w.append("late"); w.flushAll() }, false},
		{"a batch", nil, func(w *writer) { w.batch(3); w.flushAll() }, false},
		{"a rotation", nil, func(w *writer) {
			w.append("late")
			w.seal()
			w.flushAll()
			w.segment()
			w.append("late")
			w.flushAll()
		}, false},
		{"the first index", nil, func(w *writer) { w.append("late"); w.seal(); w.flushAll(); w.putIndex() }, false},
		{"the next index", (*writer).putIndex, func(w *writer) { w.append("late"); w.seal(); w.flushAll(); w.putIndex() }, true},
		{"a compaction", nil, func(w *writer) { w.compact(t, func() {}) }, false},
		{"a compaction with an index", (*writer).putIndex, func(w *writer) { w.compact(t, func() {}) }, false},
		{"hiding", nil, hide, false},
		{"hiding more", func(w *writer) { w.hide(visibility.Range{Start: 2, End: 3}) }, hide, false},
		{"an end of hiding", hide, func(w *writer) { w.t.remove(t, hiddenName) }, false},
	} {
		for _, where := range places {
			for _, refresh := range []bool{false, true} {
				name := "open"
				if refresh {
					name = "refresh"
				}
				t.Run(c.name+"/"+where.name+"/"+name, func(t *testing.T) {
					step := 1
					if where.name == "disk" {
						step = 5
					}
					for k := 0; ; k += step {
						p := where.make(t)
						w := newWriter(t, p)
						w.fill(12, 4)
						if c.before != nil {
							c.before(w)
						}
						before := w.events
						h := &hooked{ReadFS: p.fs, left: k, call: func() { c.act(w) }}
						if refresh {
							h.left = 1 << 30
						}
						r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: h, Logger: quiet, OpenSegments: 1})
						require.NoError(t, err)
						if refresh {
							w.append("early")
							w.flushAll()
							before = w.events
							h.left = k
							_, err := r.Refresh(t.Context())
							require.NoError(t, err)
						}
						acted := h.left < 0
						h.left = 1 << 30
						report := r.Report()
						require.Empty(t, report.Damages, "before call %d", k)
						require.Empty(t, report.Rejected, "before call %d", k)
						if c.index {
							require.Equal(t, store.FromIndex, report.OpenedFrom, "before call %d", k)
						}
						got := ids(all(t, r))
						n := len(got) + int(report.Hidden)
						require.GreaterOrEqual(t, n, len(before), "before call %d", k)
						require.LessOrEqual(t, n, len(w.events), "before call %d", k)
						var want []event.ID
						for _, e := range w.events[:n] {
							if !report.HiddenRanges.Hides(e.Sequence) {
								want = append(want, e.ID)
							}
						}
						require.Equal(t, want, got, "before call %d", k)
						_, err = r.Refresh(t.Context())
						require.NoError(t, err)
						p.fresh(t).require(t, ask(t, r))
						require.Equal(t, len(w.events), len(all(t, r))+int(r.Report().Hidden))
						for _, e := range all(t, r) {
							full, err := r.Read(t.Context(), e)
							require.NoError(t, err)
							require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
						}
						require.NoError(t, r.Close())
						w.close()
						if !acted {
							break
						}
						require.Less(t, k, 500)
					}
				})
			}
		}
	}
}
