package damage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
)

func TestErrors(t *testing.T) {
	cause := errors.New("the cause")
	r := damage.Refuse(damage.Checksum, 8, cause)
	r.File = "index.fbati"
	require.EqualError(t, r, "thaw: index.fbati refused at byte 8: checksum: the cause")
	require.EqualError(t, damage.Refuse(damage.Magic, -1, nil), "thaw: refused: magic")

	d := &damage.Damage{File: "000001.fbat", Offset: 57, Length: 9, Reason: damage.Frame}
	require.EqualError(t, d, "thaw: 000001.fbat damaged at byte 57: frame")
	d.Err = cause

	for _, err := range []error{r, d, fmt.Errorf("open: %w", r), fmt.Errorf("open: %w", d)} {
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, damage.Short)
	}
	require.ErrorIs(t, r, damage.Checksum)
	require.ErrorIs(t, d, damage.Frame)
	require.NotErrorIs(t, damage.Refuse(damage.Magic, 0, nil), cause)

	var reason damage.Reason
	require.ErrorAs(t, error(d), &reason)
	require.Equal(t, damage.Frame, reason)
}

func TestTouchIsBounded(t *testing.T) {
	var d damage.Damage
	for i := range damage.MaxTouched + 5 {
		d.Touch(damage.Touched{ID: event.ID{byte(i)}, Sequence: uint64(i), Numbered: true})
	}
	require.Len(t, d.Events, damage.MaxTouched)
	require.EqualValues(t, damage.MaxTouched-1, d.Events[damage.MaxTouched-1].Sequence)
	require.EqualValues(t, 5, d.Unnamed)
}
