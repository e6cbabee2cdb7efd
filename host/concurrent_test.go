package host_test

import (
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

// TestConcurrentUse asks everything from many goroutines while a writer
// appends, seals, hides and writes the index, others refresh and take
// snapshots, and segments are closed to make room for each other.
func TestConcurrentUse(t *testing.T) {
	for _, where := range places {
		for _, openSegments := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s/%d open segments", where.name, openSegments), func(t *testing.T) {
				before := openFiles()
				p := where.make(t)
				w := newWriter(t, p)
				w.fill(60, 3)
				w.putIndex()
				known := slices.Clone(w.events)
				r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, OpenSegments: openSegments, Logger: quiet})
				require.NoError(t, err)

				var done atomic.Bool
				var asked atomic.Int64
				var wg sync.WaitGroup
				again := func(f func(i int) bool) {
					wg.Go(func() {
						for i := 0; !done.Load(); i++ {
							if !f(i) {
								return
							}
						}
					})
				}
				for g := range 2 {
					again(func(i int) bool {
						e := known[(i*7+g)%len(known)]
						full, err := r.Get(t.Context(), e.ID)
						return assert.NoError(t, err) && assert.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
					})
					again(func(i int) bool {
						asked.Add(1)
						return grows(t, r, known, i+g)
					})
				}
				again(func(i int) bool {
					s, err := r.Snapshot()
					if !assert.NoError(t, err) {
						return false
					}
					defer s.Close()
					n := s.Report().Events
					one, err1 := s.Count(t.Context(), host.Region{}, 0)
					_, err2 := r.Refresh(t.Context())
					two, err3 := s.Count(t.Context(), host.Region{}, 0)
					return assert.NoError(t, err1) && assert.NoError(t, err2) && assert.NoError(t, err3) &&
						assert.Equal(t, n, one) && assert.Equal(t, n, two)
				})
				again(func(int) bool {
					_, err := r.Refresh(t.Context())
					return assert.NoError(t, err)
				})
				for i := range 24 {
					for n := asked.Load(); asked.Load() == n && !t.Failed(); {
						runtime.Gosched()
					}
					switch i % 8 {
					case 3:
						w.seal()
						w.flushAll()
						w.segment()
					case 5:
						w.hide(visibility.Range{Start: 1 << 20, End: 1<<20 + uint64(i)})
					case 7:
						w.putIndex()
					default:
						w.append("live")
						w.flush(100)
						w.flushAll()
					}
				}
				done.Store(true)
				wg.Wait()
				_, err = r.Refresh(t.Context())
				require.NoError(t, err)
				require.Equal(t, w.events, all(t, r))
				require.NoError(t, r.Close())
				w.close()
				require.LessOrEqual(t, openFiles(), before)
			})
		}
	}
}

// grows requires that each question is answered from one moment, which is not
// before the one of known.
func grows(t *testing.T, r *host.DirReader, known []event.Event, i int) bool {
	n := 0
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		if !assert.NoError(t, err) || !assert.Equal(t, uint64(n), e.Sequence) {
			return false
		}
		if n < len(known) && !assert.Equal(t, known[n], e) {
			return false
		}
		n++
	}
	if !assert.GreaterOrEqual(t, n, len(known)) {
		return false
	}
	clock := uint32(0)
	for e, err := range r.Stream(t.Context(), fmt.Sprintf("entity%d", i%7), host.StreamPage{}) {
		if !assert.NoError(t, err) || !assert.Equal(t, clock, e.Clock) {
			return false
		}
		clock++
		if e.Sequence%5 == 0 {
			full, err := r.Read(t.Context(), e)
			if !assert.NoError(t, err) || !assert.Equal(t, payloadOf(e.Sequence+1), full.Payload) {
				return false
			}
		}
	}
	cause := known[i%19*3+1]
	effects := 0
	for e, err := range r.Effects(t.Context(), cause.ID, 0) {
		if !assert.NoError(t, err) || !assert.Equal(t, cause.ID, e.Causation) {
			return false
		}
		effects++
	}
	return assert.Equal(t, 1, effects)
}

// TestOpenSegmentsIsABound counts the files that stay open.
func TestOpenSegmentsIsABound(t *testing.T) {
	before := openFiles()
	if before < 0 {
		t.Skip("no /proc")
	}
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(60, 2)
	w.putIndex()
	w.close()
	const readers = 10
	gate := &gated{ReadFS: p.fs}
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: gate, OpenSegments: 3})
	require.NoError(t, err)
	gate.arrive.Add(readers)
	gate.on.Store(true)
	var wg sync.WaitGroup
	for g := range readers { // at once more than may stay open, and each in a segment of its own
		wg.Go(func() {
			_, err := r.Read(t.Context(), w.events[6*g])
			assert.NoError(t, err)
		})
	}
	gate.arrive.Wait()
	require.GreaterOrEqual(t, openFiles(), before+readers)
	gate.on.Store(false)
	wg.Wait()
	require.LessOrEqual(t, openFiles(), before+3+1) // and the artifact
	require.NoError(t, r.Close())
	require.Equal(t, before, openFiles())
}

// gated is a file system on which, while it is on, reads wait for each other.
type gated struct {
	fsabstraction.ReadFS
	on     atomic.Bool
	arrive sync.WaitGroup
}

type gatedFile struct {
	fsabstraction.File
	gate *gated
}

func (g *gated) Open(name string) (fsabstraction.File, error) {
	f, err := g.ReadFS.Open(name)
	return gatedFile{f, g}, err
}

func (f gatedFile) ReadAt(p []byte, off int64) (int, error) {
	if f.gate.on.Load() {
		f.gate.arrive.Done()
		for f.gate.on.Load() {
			runtime.Gosched()
		}
	}
	return f.File.ReadAt(p, off)
}

// TestCloseWhileIterating ends a store under its iterations.
func TestCloseWhileIterating(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			before := openFiles()
			p := where.make(t)
			w := newWriter(t, p)
			w.fill(30, 3)
			w.putIndex()
			w.close()
			r := p.open(t, host.ReaderOptions{OpenSegments: 1})
			s, err := r.Snapshot()
			require.NoError(t, err)
			for _, q := range []interface {
				asker
				Close() error
			}{s, r} {
				n := 0
				for e, err := range q.Query(t.Context(), host.Region{}, host.Page{}) {
					require.NoError(t, err)
					require.Equal(t, w.events[n], e)
					if n++; n == 3 {
						require.NoError(t, q.Close())
						require.ErrorIs(t, q.Close(), host.ErrClosed)
					}
				}
				require.Equal(t, len(w.events), n)
			}
			require.LessOrEqual(t, openFiles(), before)

			ctx, id := t.Context(), w.events[0].ID
			_, err1 := r.Get(ctx, id)
			_, err2 := r.Read(ctx, w.events[0])
			_, err3 := r.Count(ctx, host.Region{}, 0)
			_, err4 := r.Refresh(ctx)
			_, err5 := r.Snapshot()
			_, err6 := s.Get(ctx, id)
			errs := []error{err1, err2, err3, err4, err5, err6, r.Close(), s.Close()}
			for _, seq := range []func(func(event.Event, error) bool){
				r.Query(ctx, host.Region{}, host.Page{}), r.Stream(ctx, "entity0", host.StreamPage{}),
				r.Effects(ctx, id, 0), r.Ancestors(ctx, id, 0), r.Correlated(ctx, id), s.Query(ctx, host.Region{}, host.Page{}),
			} {
				for _, err := range seq {
					errs = append(errs, err)
				}
			}
			require.Len(t, errs, 14)
			for i, err := range errs {
				require.ErrorIs(t, err, host.ErrClosed, "%d", i)
				require.ErrorIs(t, err, fs.ErrClosed)
			}
			require.Zero(t, r.Report())
		})
	}
}

// TestCloseUnderReaders closes while goroutines ask: they get right answers,
// then ErrClosed.
func TestCloseUnderReaders(t *testing.T) {
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(30, 3)
	w.putIndex()
	w.close()
	for range 20 {
		before := openFiles()
		r := p.open(t, host.ReaderOptions{OpenSegments: 2})
		var started, wg sync.WaitGroup
		started.Add(4)
		for g := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					e := w.events[(i*11+g)%30]
					full, err := r.Get(t.Context(), e.ID)
					if i == 0 {
						started.Done()
					}
					if err != nil {
						assert.ErrorIs(t, err, host.ErrClosed)
						return
					}
					assert.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
					if g == 0 {
						if _, err := r.Refresh(t.Context()); err != nil {
							assert.ErrorIs(t, err, host.ErrClosed)
							return
						}
					}
				}
			})
		}
		started.Wait()
		require.NoError(t, r.Close())
		wg.Wait()
		require.LessOrEqual(t, openFiles(), before)
	}
}
