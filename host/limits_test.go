package host_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// panicking is a payload whose encoder panics.
type panicking struct{}

func (panicking) MarshalMsgpack() ([]byte, error) { panic("encoder") }

// TestRefused appends invalid events: nothing is written, and the store still works.
func TestRefused(t *testing.T) {
	fsys := failfs.New(newGate().FS)
	s := place{fsys, storeDir}.openStore(t, host.Options{})
	appendSome(t, s, "e", 1)
	ok := event.At("e", "s")
	big := host.Raw(make([]byte, commit.MaxPayload+1))
	for _, c := range []struct {
		name    string
		at      event.Coordinate
		payload any
		options []host.AppendOption
		want    error
	}{
		{"no entity", event.At("", "s"), 1, nil, nil},
		{"no scope", event.At("e", ""), 1, nil, nil},
		{"long entity", event.At(strings.Repeat("e", 1025), "s"), 1, nil, nil},
		{"entity not UTF-8", event.At("\xff", "s"), 1, nil, nil},
		{"large payload", ok, big, nil, host.ErrLimit},
		{"no payload", ok, host.Raw{}, nil, nil},
		{"two values", ok, host.Raw{1, 2}, nil, nil},
		{"half a value", ok, host.Raw{0xa3, 'a'}, nil, nil},
		{"no MessagePack", ok, make(chan int), nil, nil},
		{"zero key", ok, 1, []host.AppendOption{host.WithKey(event.ID{})}, host.ErrZeroID},
		{"before 1970", ok, 1, []host.AppendOption{host.WithTime(time.UnixMicro(-1))}, host.ErrTime},
		{"no time", ok, 1, []host.AppendOption{host.WithTime(time.UnixMilli(1 << 53))}, host.ErrTime},
		{"cause outside of a batch", ok, 1, []host.AppendOption{host.CausedByItem(0)}, host.ErrCause},
		{"no cause", ok, 1, []host.AppendOption{host.CausedByItem(-1)}, host.ErrCause},
		{"high cause", ok, 1, []host.AppendOption{host.CausedByItem(math.MaxInt32)}, host.ErrCause},
		{"flags", ok, 1, []host.AppendOption{host.WithFlags(0x80)}, host.ErrFlags},
		{"metadata", ok, 1, []host.AppendOption{host.WithMeta(event.NewMeta(map[string]string{"": ""}))}, event.ErrMetaKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes := fsys.Fail(failfs.Rule{Kinds: failfs.Changes, Forever: true})
			check := func(err error) {
				require.Error(t, err)
				require.NotErrorIs(t, err, failfs.ErrInjected)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
			}
			_, err := s.Append(t.Context(), c.at, event.Data, c.payload, c.options...)
			check(err)
			if c.name != "cause outside of a batch" {
				bad := host.Item{At: c.at, Kind: event.Data, Payload: c.payload, Options: c.options}
				_, err = s.AppendBatch(t.Context(), []host.Item{{At: ok, Kind: event.Data, Payload: 1}, bad})
				check(err)
				var item *host.ItemError
				require.ErrorAs(t, err, &item)
				require.Equal(t, 1, item.Item)
			}
			require.Zero(t, changes.Matched())
			changes.Remove()
			require.EqualValues(t, 1, s.Committed())
		})
	}
	_, err := s.Append(t.Context(), ok, event.Data, make(chan int))
	var typed *payload.TypeError
	require.ErrorAs(t, err, &typed)
	_, err = s.Append(t.Context(), ok, event.SystemBatchBegin, 1)
	require.ErrorIs(t, err, host.ErrKind)
	appendSome(t, s, "e", 1)
}

// TestBatchLimits is one event, or one byte, too many, in a batch and in a fence.
func TestBatchLimits(t *testing.T) {
	skipRace(t)
	s := newGate().place().openStore(t, host.Options{})
	at := event.At("e", "s")
	items := make([]host.Item, commit.MaxBatch+1)
	for i := range items {
		items[i] = host.Item{At: at, Kind: event.Data, Payload: 1}
	}
	_, err := s.AppendBatch(t.Context(), items)
	require.ErrorIs(t, err, host.ErrLimit)
	f := s.Fence()
	for range commit.MaxBatch {
		_, err = f.Append(at, event.Data, 1)
		require.NoError(t, err)
	}
	_, err = f.Append(at, event.Data, 1)
	require.ErrorIs(t, err, host.ErrLimit)
	rs, err := f.Commit(t.Context())
	require.NoError(t, err)
	require.Len(t, rs, commit.MaxBatch)

	half := make([]byte, commit.MaxBatchBytes/2) // and a few bytes for its head
	_, err = s.AppendBatch(t.Context(), []host.Item{{At: at, Kind: event.Data, Payload: half}, {At: at, Kind: event.Data, Payload: half}})
	require.ErrorIs(t, err, host.ErrLimit)
	f = s.Fence()
	_, err = f.Append(at, event.Data, half)
	require.NoError(t, err)
	_, err = f.Append(at, event.Data, half)
	require.ErrorIs(t, err, host.ErrLimit)
	require.NoError(t, f.Cancel())

	// Metadata counts, too.
	meta := map[string]string{}
	for i := range event.MaxMetaEntries {
		meta[string(rune('a'+i))] = strings.Repeat("v", event.MaxMetaValue)
	}
	option := host.WithMeta(event.NewMeta(meta))
	n := commit.MaxBatchBytes/event.NewMeta(meta).Size() + 1
	items = items[:n]
	f = s.Fence()
	for i := range items {
		_, err = f.Append(at, event.Data, 1, option)
		require.Equal(t, i == n-1, err != nil)
		items[i].Options = []host.AppendOption{option}
	}
	require.ErrorIs(t, err, host.ErrLimit)
	require.NoError(t, f.Cancel())
	_, err = s.AppendBatch(t.Context(), items)
	require.ErrorIs(t, err, host.ErrLimit)
}

// TestPanickingPayload requires that no lock stays held.
func TestPanickingPayload(t *testing.T) {
	s := newGate().place().openStore(t, host.Options{})
	f := s.Fence()
	at := event.At("e", "s")
	require.Panics(t, func() { _, _ = s.Append(t.Context(), at, event.Data, panicking{}) })
	require.Panics(t, func() { _, _ = f.Append(at, event.Data, panicking{}) })
	require.Panics(t, func() {
		_, _ = s.AppendBatch(t.Context(), []host.Item{{At: at, Kind: event.Data, Payload: panicking{}}})
	})
	_, err := f.Append(at, event.Data, 1)
	require.NoError(t, err)
	_, err = f.Commit(t.Context())
	require.NoError(t, err)
	appendSome(t, s, "e", 1)
	require.NoError(t, s.Close())
}

// TestClock makes the clock step back, jump, and leave the valid times.
func TestClock(t *testing.T) {
	now := time.UnixMilli(5000)
	s := newGate().place().openStore(t, host.Options{Now: func() time.Time { return now }})
	last := uint64(0)
	for _, ms := range []int64{5000, 4000, 0, 9000, -1, 1 << 53, 6000, 10_000} {
		now = time.UnixMilli(ms)
		_, err := s.Append(t.Context(), event.At("e", "s"), event.Data, 1)
		if ms < 0 || ms >= 1<<53 {
			require.ErrorIs(t, err, host.ErrTime)
			continue
		}
		require.NoError(t, err)
		events := all(t, s)
		e := events[len(events)-1]
		last = max(last, uint64(ms))
		require.Equal(t, last, e.WallMS)
	}
}
