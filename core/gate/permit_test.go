package gate_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
)

func batch() gate.Batch {
	return gate.Batch{
		Actor: gate.Actor{ID: "user:7"}, NowUS: 5,
		Entries: []commit.Entry{{ID: event.ID{1}, Key: true, Payload: []byte{1}}, {ID: event.ID{2}, Payload: []byte{2}}},
	}
}

func TestPermit(t *testing.T) {
	policy := gate.Set(gate.New("a", permits), gate.New("b", permits))
	issuer := gate.NewIssuer(policy)
	p := issuer.Issue(batch())
	require.Equal(t, "user:7", p.Actor().ID)
	require.Equal(t, []string{"a", "b"}, p.Gates())
	require.EqualValues(t, 5, p.TimeUS())
	require.Equal(t, 2, p.Len())
	require.False(t, p.Repetition())

	_, err := gate.NewIssuer(policy).Redeem(p)
	require.ErrorIs(t, err, gate.ErrForeign, "of the same policy")
	entries, err := issuer.Redeem(p) // the wrong issuer has not used it up
	require.NoError(t, err)
	require.Equal(t, batch().Entries, entries)
	_, err = issuer.Redeem(p)
	require.ErrorIs(t, err, gate.ErrUsed)
}

func TestRepetition(t *testing.T) {
	b := batch()
	b.Entries[0].Repetition = true
	p := gate.NewIssuer(gate.Set(gate.New("a", permits))).Issue(b)
	require.True(t, p.Repetition())
	require.Empty(t, p.Gates())
}

// TestForgedPermits: what can be made without an issuer is refused.
func TestForgedPermits(t *testing.T) {
	issuer := gate.NewIssuer(nil)
	for name, p := range map[string]*gate.Permit{"nil": nil, "zero": {}, "new": new(gate.Permit)} {
		t.Run(name, func(t *testing.T) {
			_, err := issuer.Redeem(p)
			require.ErrorIs(t, err, gate.ErrForeign)
			require.Zero(t, p.Len())
			require.Zero(t, p.Actor())
			require.Empty(t, p.Gates())
			require.False(t, p.Repetition())
		})
	}
}

// TestCopiedPermit: a copy of a permit is the same permit.
func TestCopiedPermit(t *testing.T) {
	issuer := gate.NewIssuer(nil)
	p := issuer.Issue(batch())
	q := *p
	_, err := issuer.Redeem(&q)
	require.NoError(t, err)
	_, err = issuer.Redeem(p)
	require.ErrorIs(t, err, gate.ErrUsed)
}

// TestPermitIsUsedOnce by one of many goroutines.
func TestPermitIsUsedOnce(t *testing.T) {
	issuer := gate.NewIssuer(nil)
	p := issuer.Issue(batch())
	var got atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := issuer.Redeem(p); err == nil {
				got.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, got.Load())
}
