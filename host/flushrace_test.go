package host_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestQueriesDuringFlushes asks a store everything while appends go on, indexes are
// written in the background, and the store comes to read them; and a reader that is
// refreshed meanwhile.
func TestQueriesDuringFlushes(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			s := p.openFlushing(t, false, p.small())
			var mu sync.Mutex
			var known []host.Receipt
			var writers, others sync.WaitGroup
			var over atomic.Bool
			for n := range 2 {
				writers.Go(func() {
					for i := range 250 {
						at := event.At(fmt.Sprint("entity-", n), "scope")
						rs, err := s.AppendBatch(background, []host.Item{
							{At: at, Kind: event.Data, Payload: i}, {At: at, Kind: event.Data, Payload: i},
						})
						if !assert.NoError(t, err) {
							return
						}
						assert.EqualValues(t, 2*i, rs[0].Clock)
						mu.Lock()
						known = append(known, rs...)
						mu.Unlock()
					}
				})
			}
			ask := func(q host.Reader, least uint64) bool {
				n := uint64(0)
				for e, err := range q.Query(background, host.Region{}, host.Page{}) {
					if !assert.NoError(t, err) || !assert.Equal(t, n, e.Sequence) {
						return false
					}
					n++
				}
				return assert.GreaterOrEqual(t, n, least)
			}
			until := func(f func() bool) {
				others.Go(func() {
					for !over.Load() && f() {
					}
				})
			}
			until(func() bool { return ask(s, s.Committed()) })
			until(func() bool {
				mu.Lock()
				k := known
				mu.Unlock()
				for i := 0; i < len(k); i += 1 + len(k)/20 {
					full, err := s.Get(background, k[i].ID)
					if !assert.NoError(t, err) || !assert.Equal(t, k[i].Position, full.Position) {
						return false
					}
				}
				return true
			})
			until(func() bool {
				n := s.Committed()
				pin, err := s.Snapshot()
				if !assert.NoError(t, err) {
					return false
				}
				state, err := pin.State(background, "entity-0")
				assert.NoError(t, err)
				k, err := pin.Count(background, host.Region{Entity: "entity-0"}, 0)
				assert.NoError(t, err)
				assert.Equal(t, k > 0, state.Some)
				if k > 0 {
					assert.Equal(t, uint64(state.Clock)+1, k)
				}
				return ask(pin, n) && assert.NoError(t, pin.Close())
			})
			r := p.open(t, host.ReaderOptions{Strict: true})
			until(func() bool {
				n := s.Committed()
				_, err := r.Refresh(background)
				return assert.NoError(t, err) && ask(r, n)
			})
			writers.Wait()
			over.Store(true)
			others.Wait()
			require.NoError(t, s.Close())
			require.NoError(t, s.CloseReport().IndexError)
			require.Len(t, all(t, p.open(t, host.ReaderOptions{Strict: true})), 1000)
		})
	}
}

// TestOpenDuringFlush opens readers anew beside a writer that replaces the files of
// its index as fast as it can.
func TestOpenDuringFlush(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			o := p.small()
			o.SegmentSize = 1
			s := p.openFlushing(t, false, o)
			var wg sync.WaitGroup
			var over atomic.Bool
			for range 2 {
				wg.Go(func() {
					for !over.Load() {
						n := s.Committed()
						r, err := host.OpenReader(background, p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet, Strict: true})
						if !assert.NoError(t, err) {
							return
						}
						k, err := r.Count(background, host.Region{}, 0)
						assert.NoError(t, err)
						assert.GreaterOrEqual(t, k, n)
						assert.NoError(t, r.Close())
					}
				})
			}
			appendSome(t, s, "e", 300)
			over.Store(true)
			wg.Wait()
		})
	}
}
