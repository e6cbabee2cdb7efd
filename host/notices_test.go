package host_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// noticing is a file system whose notices a test makes.
type noticing struct {
	*crashfs.FS
	n *madeNotices
}

func (f noticing) Notify(string) (fsabstraction.Notices, error) {
	if f.n.refused {
		return nil, errors.ErrUnsupported
	}
	f.n.open++
	return f.n, nil
}

type madeNotices struct {
	refused bool
	open    int
	wait    func(most time.Duration) error
}

func (n *madeNotices) Wait(_ context.Context, most time.Duration) error { return n.wait(most) }

func (n *madeNotices) Close() error {
	n.open--
	return nil
}

// TestFollowWaitsForNotices: a follower in another process waits for notices, at most a
// second or MaxPause, and closes them; without them it looks again after a pause.
func TestFollowWaitsForNotices(t *testing.T) {
	failed := errors.New("no more notices")
	for name, c := range map[string]struct {
		refused bool
		options host.FollowOptions
		most    time.Duration
		err     error
	}{
		"notices":   {most: time.Second},
		"MaxPause":  {options: host.FollowOptions{MaxPause: time.Hour}, most: time.Hour},
		"they end":  {most: time.Second, err: failed},
		"none here": {refused: true, options: host.FollowOptions{MaxPause: time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			n := &madeNotices{refused: c.refused}
			fs := noticing{FS: crashfs.New(), n: n}
			st, err := host.Open(t.Context(), "store", host.Options{FS: fs})
			require.NoError(t, err)
			defer st.Close()
			r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fs})
			require.NoError(t, err)
			defer r.Close()
			appended, waits := 0, 0
			add := func() {
				appended++
				_, err := st.Append(t.Context(), event.At("a", "s"), event.Data, appended)
				require.NoError(t, err)
			}
			n.wait = func(most time.Duration) error {
				require.Equal(t, c.most, most)
				require.Equal(t, 1, n.open)
				waits++
				add() // what the notice is about
				return c.err
			}
			add()
			seen := 0
			for _, err := range r.Follow(host.Region{}, host.Position{}, c.options).Events(t.Context()) {
				require.NoError(t, err)
				if seen++; seen == 4 {
					break
				}
				if c.refused || c.err != nil && waits > 0 {
					add()
				}
			}
			require.Equal(t, 4, appended)
			require.Zero(t, n.open)
			switch {
			case c.refused:
				require.Zero(t, waits)
			case c.err != nil:
				require.Equal(t, 1, waits)
			default:
				require.Equal(t, 3, waits)
			}
		})
	}
}
