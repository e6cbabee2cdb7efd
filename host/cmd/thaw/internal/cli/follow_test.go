package cli

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// told is an output that calls a function after every write.
type told struct {
	mu    sync.Mutex
	all   bytes.Buffer
	after func(text string)
}

func (w *told) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.all.Write(p)
	text := w.all.String()
	w.mu.Unlock()
	w.after(text)
	return len(p), nil
}

// TestFollow prints what is there and what comes, writes it at each pause, and ends with
// success when it is interrupted. From the position that it notes it continues.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	s, err := host.Open(t.Context(), dir, host.Options{})
	require.NoError(t, err)
	defer s.Close()
	add := func(entity string) {
		_, err := s.Append(t.Context(), event.At(entity, "shop"), event.Data, 1)
		require.NoError(t, err)
	}
	add("a")
	add("b")
	follow := func(lines int, args ...string) (stdout, stderr string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		out := &told{}
		out.after = func(text string) {
			switch n = strings.Count(text, "\n"); {
			case n >= lines:
				cancel()
			case n < lines:
				add("a")
			}
		}
		var errs bytes.Buffer
		code := Run(ctx, append([]string{"follow", dir}, args...), Env{Stdout: out, Stderr: &errs})
		require.Zero(t, code, errs.String())
		require.Equal(t, lines, n)
		return out.all.String(), errs.String()
	}
	stdout, stderr := follow(5, "--payloads")
	for i, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
		require.Contains(t, line, `"payload":1`)
		require.Contains(t, line, `"seq":`+string(rune('0'+i)))
	}
	_, position, ok := strings.Cut(stderr, "note: continue with --from ")
	require.True(t, ok, stderr)
	position = strings.TrimSpace(position)
	require.True(t, strings.HasSuffix(position, "@5"), position)
	add("a")
	stdout, _ = follow(1, "--from", position)
	require.Contains(t, stdout, `"seq":5,`)
	stdout, _ = follow(2, "--from", "1", "--entity", "a", "--limit", "2")
	require.Contains(t, stdout, `"seq":2,`)
	require.NotContains(t, stdout, `"entity":"b"`)
	stdout, _ = follow(1, "--after", "3", "--limit", "1")
	require.Contains(t, stdout, `"seq":4,`)

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--from", "99"}, "the store ends before the position"},
		{[]string{"--from", "00000000000000000000000000000001@0"}, "the position is of another store"},
		{[]string{"--from", "x"}, "it must be a sequence, a position"},
		{[]string{"--from", "1", "--after", "1"}, "exclude each other"},
		{[]string{"--kind", "0x1000", "--category", "2"}, "no event can match"},
		{[]string{"--entity", ""}, "--entity is empty"},
	} {
		got := runWith(nil, "", append([]string{"follow", dir}, c.args...)...)
		require.Equal(t, 2, got.code, "%v: %s", c.args, got.stderr)
		require.Contains(t, got.stderr, c.want)
	}
}
