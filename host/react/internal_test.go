package react

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// What is read and not done is bounded by its number and by its bytes; an event larger than
// the bound comes alone.
func TestRoom(t *testing.T) {
	for _, c := range []struct{ payload, want int }{
		{0, maxOpen}, {1 << 10, maxOpen}, {1 << 20, maxOpenBytes >> 20}, {maxOpenBytes - 1, 1}, {maxOpenBytes + 1, 1},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errEnd) // nothing is done
		l := newLanes(ctx, cancel, host.Position{}, 1, nil)
		payload := make([]byte, c.payload)
		n := 0
		for ; ; n++ {
			task := &task{}
			task.e.Payload = payload
			if err := l.add(task, host.Position{}); err != nil {
				require.ErrorIs(t, err, errEnd)
				break
			}
		}
		require.Equal(t, c.want, n)
		l.workers.Wait()
	}
}

// saves notes what is saved.
type saves []host.Position

func (*saves) Load(host.Region) (host.Position, error) { return host.Position{Sequence: 1}, nil }

func (s *saves) Save(_ host.Region, p host.Position) error {
	*s = append(*s, p)
	return nil
}

// The last position is saved when a run ends, if it has moved and the store has not changed
// its past.
func TestKeeperEnd(t *testing.T) {
	broken := errors.New("broken")
	replaced := &host.PositionError{Err: host.ErrRewritten}
	for _, c := range []struct {
		err  error
		at   uint64
		want saves
	}{
		{nil, 1, nil},
		{nil, 2, saves{{Sequence: 2}}},
		{broken, 2, saves{{Sequence: 2}}},
		{replaced, 2, nil},
	} {
		var s saves
		k := &keeper{checkpoint: &s, every: saveEvery}
		_, err := k.begin(host.Position{})
		require.NoError(t, err)
		require.Equal(t, c.err, k.end(host.Position{Sequence: c.at}, c.err))
		require.Equal(t, c.want, s)
	}
}

func TestLongestPause(t *testing.T) {
	r := Retry{}.withDefaults(runTries)
	for try := range 100 {
		require.Positive(t, r.pause(try+1))
		require.LessOrEqual(t, r.pause(try+1), r.MaxPause)
	}
	require.Positive(t, (&Retry{Pause: 1, MaxPause: 1 << 62}).pause(1<<20))
}

// TestDefaultPauses: how long the defaults try, as the documentation of Retry says.
func TestDefaultPauses(t *testing.T) {
	for want, r := range map[time.Duration]Retry{
		1270 * time.Millisecond:    Options{}.withDefaults().Retry,
		160_230 * time.Millisecond: DeliverOptions{}.withDefaults().Retry,
	} {
		var sum time.Duration
		for try := 1; !r.last(try); try++ {
			sum += r.pause(try)
		}
		require.LessOrEqual(t, sum, want)
		require.Greater(t, sum, want/2-time.Microsecond)
	}
	require.Equal(t, 3, DeliverOptions{Retry: Retry{Tries: 3}}.withDefaults().Retry.Tries)
}
