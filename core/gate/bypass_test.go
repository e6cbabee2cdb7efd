package gate_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
)

func TestBypass(t *testing.T) {
	require.ErrorIs(t, gate.Bypass{Reason: "r"}.Check(), gate.ErrBypass)
	require.ErrorIs(t, gate.Bypass{Justification: "j"}.Check(), gate.ErrBypass)
	b := gate.Bypass{Reason: "r", Justification: "j"}
	require.NoError(t, b.Check())

	for _, m := range []event.Meta{{}, event.NewMeta(map[string]string{"trace": "t"})} {
		marked := b.Mark(m, gate.Actor{ID: "user:7"})
		require.Equal(t, "r", marked.Get(gate.MetaBypass))
		require.Equal(t, "j", marked.Get(gate.MetaJustification))
		require.Equal(t, "user:7", marked.Get(gate.MetaActor))
		require.Equal(t, m, gate.Unmark(marked))
		require.Equal(t, m, gate.Unmark(m))
	}
}

// broken is an error whose text cannot be had.
type broken struct{ error }

func TestRecordTexts(t *testing.T) {
	long := strings.Repeat("ö", gate.MaxText)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"plain":     {errLate, errLate.Error()},
		"not UTF-8": {errors.New("a\xffb"), "ab"},
		"broken":    {&broken{}, "(the error's text cannot be had)"},
		"long":      {errors.New(long), long[:gate.MaxText]},
		"cut":       {errors.New("a" + long), "a" + long[:gate.MaxText-2]},
	} {
		t.Run(name, func(t *testing.T) {
			d := &gate.Denial{Gate: "g", Reason: c.err, ID: event.ID{1}, Verdicts: make([]gate.Verdict, 1000)}
			r := gate.NewDenialRecord(d, 5)
			require.Equal(t, c.want, r.Reason)
			require.True(t, utf8.ValidString(r.Reason))
			require.Len(t, r.Verdicts, gate.MaxVerdicts)
		})
	}
}
