package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestErrorTexts: an error names the package once.
func TestErrorTexts(t *testing.T) {
	_, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Records: &host.Records{At: audit, Denied: kindDenied}})
	require.EqualError(t, err, "thaw: open store: record of a judgement: Options.Records needs Options.Policy")
	var record *host.RecordError
	require.ErrorAs(t, err, &record)
	_, err = host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), KindNames: map[event.Kind]string{1: "a b"}})
	require.ErrorIs(t, err, host.ErrKindName)
}

// TestDenialNamesKind: a denial has the name that the options give the kind, as it was at the
// open.
func TestDenialNamesKind(t *testing.T) {
	names := map[event.Kind]string{0x1001: "paid"}
	st, err := host.Open(t.Context(), "store", host.Options{FS: crashfs.New(), Policy: gate.Set(limit), KindNames: names})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	clear(names)
	_, judged := st.Judge(t.Context(), alice, amounts(101))
	_, appended := st.As(alice).Append(t.Context(), event.At("account:1", "bank"), 0x1001, 101)
	for _, err := range []error{judged, appended} {
		require.EqualError(t, err, `gate limit refuses kind 0x1001 (paid) for "account:1": over the limit`)
	}
	_, err = st.Judge(t.Context(), alice, []host.Item{{At: event.At("account:1", "bank"), Kind: 0x1002, Payload: 101}})
	require.EqualError(t, err, `gate limit refuses kind 0x1002 for "account:1": over the limit`)
}
