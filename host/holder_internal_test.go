package host

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestHolderText: the text is what encoding/json writes, and reads back.
func TestHolderText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Holder{
			PID: rapid.IntRange(0, 1<<31-1).Draw(t, "pid"), Host: rapid.StringMatching(`[a-z0-9.é"\\-]{0,20}`).Draw(t, "host"),
			Since: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "since"), 0).UTC(),
		}
		text, err := h.text()
		require.NoError(t, err)
		want, err := json.Marshal(h)
		require.NoError(t, err)
		require.Equal(t, string(want), string(text))
		got, err := parseHolder(text)
		require.NoError(t, err)
		require.Equal(t, h, got)
	})
}

func TestParseHolder(t *testing.T) {
	h, err := parseHolder([]byte(` {"host": "h", "later": [1, {"a": null}], "pid": 7}`))
	require.NoError(t, err)
	require.Equal(t, Holder{PID: 7, Host: "h"}, h)
	for _, bad := range []string{``, `{`, `[]`, `{"pid":"7"}`, `{"host":1}`, `{"since":"yesterday","pid":1}`, `{"pid":1}x`, `{"pid":1,"pid":2}`} {
		h, err := parseHolder([]byte(bad))
		require.Error(t, err, bad)
		require.Zero(t, h)
	}
	h = Holder{Host: "\xff"}
	text, err := h.text()
	require.NoError(t, err)
	require.Contains(t, string(text), "\uFFFD")
}
