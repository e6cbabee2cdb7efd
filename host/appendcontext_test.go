package host_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var errGone = errors.New("the caller has gone")

// TestAppendEndedBefore appends with a context that has ended: nothing is written.
func TestAppendEndedBefore(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errGone)
	at := event.At("e", "s")
	for name, call := range map[string]func() error{
		"append": func() error { _, err := s.Append(ctx, at, event.Data, 1); return err },
		"batch": func() error {
			_, err := s.AppendBatch(ctx, []host.Item{{At: at, Kind: event.Data, Payload: 1}})
			return err
		},
		"each": func() error {
			_, err := s.AppendEach(ctx, []host.Item{{At: at, Kind: event.Data, Payload: 1}})
			return err
		},
		"fence": func() error {
			f := s.Fence()
			_, err := f.Append(at, event.Data, 1)
			require.NoError(t, err)
			_, err = f.Commit(ctx)
			return err
		},
		"sync": func() error { return s.Sync(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			for range 200 { // it must not depend on who is faster
				err := call()
				require.ErrorIs(t, err, errGone)
				require.NotErrorIs(t, err, host.ErrUnknown)
				require.Zero(t, s.Committed())
			}
		})
	}
}

// TestAppendEndedInQueue ends the context of an append that waits for a hung sync: it is
// withdrawn.
func TestAppendEndedInQueue(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	queued := make(chan error)
	go func() {
		_, err := s.Append(ctx, event.At("gone", "s"), event.Data, 1)
		queued <- err
	}()
	awaitQueued(s, 1)
	cancel(errGone)
	err := <-queued
	require.ErrorIs(t, err, errGone)
	require.NotErrorIs(t, err, host.ErrUnknown)
	release()
	require.NoError(t, <-first)
	appendSome(t, s, "last", 1)
	require.Equal(t, []string{"first", "last"}, entities(all(t, s)))
}

func entities(events []event.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Entity)
	}
	return out
}

// TestAppendEndedInSync ends the context of an append whose sync hangs. Its outcome is
// unknown; here it is written, and its key finds it.
func TestAppendEndedInSync(t *testing.T) {
	for _, name := range []string{"append", "batch"} {
		t.Run(name, func(t *testing.T) {
			g := newGate()
			s := g.place().openStore(t, host.Options{})
			release := g.hold()
			t.Cleanup(release)
			key := host.KeyOf("one")
			call := func(ctx context.Context) ([]host.Receipt, error) {
				if name == "append" {
					r, err := s.Append(ctx, event.At("e", "s"), event.Data, 1, host.WithKey(key))
					return []host.Receipt{r}, err
				}
				return s.AppendBatch(ctx, []host.Item{{
					At: event.At("e", "s"), Kind: event.Data, Payload: 1, Options: []host.AppendOption{host.WithKey(key)},
				}})
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error)
			var early []host.Receipt
			go func() {
				var err error
				early, err = call(ctx)
				done <- err
			}()
			<-g.arrived
			cancel(errGone)
			err := <-done
			for _, r := range early { // the writer still has them
				require.Zero(t, r)
			}
			require.ErrorIs(t, err, host.ErrUnknown)
			require.ErrorIs(t, err, errGone)
			require.Zero(t, s.Committed())
			release()
			again, err := call(t.Context())
			require.NoError(t, err)
			require.True(t, again[0].Repeated)
			require.Equal(t, key, again[0].ID)
			require.Len(t, all(t, s), 1)
		})
	}
}

// TestRawIsCopied changes a payload after its append has returned, while the
// writer still has it.
func TestRawIsCopied(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	raw := host.Raw{0xa3, 'o', 'l', 'd'}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Append(ctx, event.At("raw", "s"), event.Data, raw)
		done <- err
	}()
	awaitQueued(s, 1)
	f := s.Fence()
	id, err := f.Append(event.At("fenced", "s"), event.Data, raw)
	require.NoError(t, err)
	again := g.hold() // the raw one's own sync hangs too
	t.Cleanup(again)
	release()
	<-g.arrived
	cancel()
	require.ErrorIs(t, <-done, host.ErrUnknown)
	copy(raw, "\xa3new")
	again()
	require.NoError(t, <-first)
	_, err = f.Commit(t.Context())
	require.NoError(t, err)
	for e, err := range s.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		if e.Entity != "first" {
			full, err := s.Read(t.Context(), e)
			require.NoError(t, err)
			require.Equal(t, "\xa3old", string(full.Payload))
		}
	}
	_, err = s.Get(t.Context(), id)
	require.NoError(t, err)
}

// TestCloseWaitsForSync closes while a sync hangs and appends wait: all of them get an
// answer before Close returns.
func TestCloseWaitsForSync(t *testing.T) {
	g := newGate()
	s := g.place().openStore(t, host.Options{})
	release, first := g.stuck(t, s)
	queued := make(chan error)
	go func() {
		_, err := s.Append(context.Background(), event.At("queued", "s"), event.Data, 1)
		queued <- err
	}()
	awaitQueued(s, 1)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for !host.Closing(s) {
		runtime.Gosched()
	}
	select {
	case err := <-closed:
		require.Fail(t, "closed while a sync hangs", "%v", err)
	default:
	}
	release()
	require.NoError(t, <-first)
	require.NoError(t, <-queued)
	require.NoError(t, <-closed)
	r := g.place().open(t, host.ReaderOptions{})
	require.Equal(t, []string{"first", "queued"}, entities(all(t, r)))
}
