package interop_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/interop"
	"github.com/thawlog/thaw/host/subjectkeys"
)

// TestRedacted: batpak reads a store with redacted events, and shows them with null as payload
// and everything else as it was. The flag does not disturb it: by its index and from the
// segments. It appends after them and merges their segments, and thaw still says that they were
// redacted.
func TestRedacted(t *testing.T) {
	g := newTogether(t)
	at := func(i int) event.Coordinate { return event.At(fmt.Sprint("thaw:", i%4), "scope") }
	key := func(i int) event.ID { return host.KeyOf(fmt.Sprint("redacted ", i)) }
	const n = 40
	g.thaw(func(s *thawSession) {
		for i := range n {
			_, err := s.Append(t.Context(), at(i), event.Data, fmt.Sprint("payload ", i), host.WithKey(key(i)))
			require.NoError(t, err)
		}
	})
	before := lines(t, g.p, g.dir)
	g.thaw(func(s *thawSession) {
		done, err := s.Redact(t.Context(), host.Region{Entity: "thaw:1"}, host.RedactOptions{})
		require.NoError(t, err)
		require.EqualValues(t, n/4, done.Redacted)
	})
	requireShown := func(more int) {
		t.Helper()
		after := lines(t, g.p, g.dir)
		require.Len(t, after, n+more)
		for i, was := range before {
			now := after[i]
			require.Empty(t, now.PayloadError)
			if was.Entity == "thaw:1" {
				require.Equal(t, "null", string(now.Payload))
				require.EqualValues(t, 1, now.PayloadSize)
				was.PayloadSize = 1
			}
			require.Equal(t, was.ContentHash, now.ContentHash)
			require.Equal(t, was.PayloadSize, now.PayloadSize)
			require.Equal(t, was.EventHash, now.EventHash)
			require.Equal(t, was.PrevHash, now.PrevHash)
			require.Equal(t, was.EventID, now.EventID)
			require.Equal(t, was.Kind, now.Kind)
		}
		r, err := host.OpenReader(t.Context(), g.dir, host.ReaderOptions{Strict: true, CheckFrames: true, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer r.Close()
		redacted := 0
		for e, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{Limit: n})) {
			if errors.Is(err, host.ErrRedacted) {
				require.Equal(t, "thaw:1", e.Entity)
				redacted++
				continue
			}
			require.NoError(t, err)
		}
		require.Equal(t, n/4, redacted)
	}
	requireShown(0)
	g.removeIndex()
	requireShown(0)
	g.one(ask("thaw:1")) // continues the chain of a redacted event
	again := ask("thaw:1")
	text := key(1).String()
	again.Key = &text
	require.Equal(t, text, g.one(again).EventID)
	requireShown(1)
	require.NoError(t, g.p.Compact(t.Context(), g.dir, interop.Merge))
	requireShown(1)
	found, err := host.Verify(t.Context(), g.dir, host.ReaderOptions{}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
}

// TestEncrypted: batpak opens a store with encrypted payloads as any other. The payloads it cannot
// show: its own API decodes them as JSON, which has no extensions.
func TestEncrypted(t *testing.T) {
	g := newTogether(t)
	ring := subjectkeys.NewMemory()
	s, err := host.Open(t.Context(), g.dir, host.Options{
		Logger: slog.New(slog.DiscardHandler),
		Cipher: subjectkeys.New(ring, func(at event.Coordinate, _ event.Kind) (string, bool) { return at.Entity, true }),
	})
	require.NoError(t, err)
	for i := range 20 {
		_, err := s.Append(t.Context(), event.At(fmt.Sprint("thaw:", i%4), "scope"), event.Data, fmt.Sprint("payload ", i))
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	require.Len(t, lines(t, g.p, g.dir), 20)
	for _, line := range lines(t, g.p, g.dir) {
		require.Contains(t, line.PayloadError, "serialization error")
		require.NotEmpty(t, line.EventHash)
	}
	out, err := g.p.DumpPayloads(t.Context(), g.dir)
	require.NoError(t, err)
	require.NotContains(t, string(out), "payload 7")
}
