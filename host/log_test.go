package host_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// captured is a slog.Handler that keeps what it is given.
type captured struct {
	mu    *sync.Mutex
	lines *[]logged
	attrs []slog.Attr
}

type logged struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

func capture() captured { return captured{mu: new(sync.Mutex), lines: new([]logged)} }

func (c captured) Enabled(context.Context, slog.Level) bool { return true }
func (c captured) WithGroup(string) slog.Handler            { return c }
func (c captured) WithAttrs(a []slog.Attr) slog.Handler {
	c.attrs = append(append([]slog.Attr(nil), c.attrs...), a...)
	return c
}

func (c captured) Handle(_ context.Context, r slog.Record) error {
	l := logged{r.Level, r.Message, map[string]string{}}
	for _, a := range c.attrs {
		l.attrs[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		l.attrs[a.Key] = a.Value.String()
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.lines = append(*c.lines, l)
	return nil
}

// take returns what was logged since the last take, all of the store p.
func (c captured) take(t *testing.T, p place) []logged {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := *c.lines
	*c.lines = nil
	for i := range lines {
		require.Equal(t, p.dir, lines[i].attrs["store"])
		delete(lines[i].attrs, "store")
	}
	return lines
}

func TestLog(t *testing.T) {
	p := inMemory(t)
	c := capture()
	options := host.ReaderOptions{FS: p.fs, Logger: slog.New(c)}
	p.put(t, fixture(t, "tail"))
	r, err := host.OpenReader(t.Context(), p.dir, options)
	require.NoError(t, err)
	defer r.Close()
	lines := c.take(t, p)
	require.Len(t, lines, 1)
	require.Equal(t, slog.LevelDebug, lines[0].level)
	require.Equal(t, "thaw: store opened", lines[0].message)
	require.Equal(t, "index", lines[0].attrs["from"])
	require.Equal(t, "48", lines[0].attrs["events"])
	require.Equal(t, "18", lines[0].attrs["tail"])
	require.NotEmpty(t, lines[0].attrs["took"])

	_, err = r.Refresh(t.Context())
	require.NoError(t, err)
	require.Empty(t, c.take(t, p), "nothing happened")

	// A file that is not taken is a warning, a damage an error.
	index := fixture(t, "tail")[indexName]
	index[100] ^= 1
	segment := fixture(t, "tail")["000003.fbat"]
	segment[200] ^= 1
	p.put(t, map[string][]byte{indexName: index, "000003.fbat": segment})
	changed, err := r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	lines = c.take(t, p)
	require.Len(t, lines, 3)
	require.Equal(t, "thaw: store refreshed", lines[0].message)
	require.Equal(t, "checkpoint", lines[0].attrs["from"])
	require.Equal(t, slog.LevelError, lines[1].level)
	require.Equal(t, "thaw: damaged", lines[1].message)
	require.Equal(t, "000003.fbat", lines[1].attrs["file"])
	require.Equal(t, "checksum", lines[1].attrs["reason"])
	require.NotEmpty(t, lines[1].attrs["offset"])
	require.Contains(t, lines[1].attrs["error"], "000003.fbat")
	require.Equal(t, slog.LevelWarn, lines[2].level)
	require.Equal(t, "thaw: file refused", lines[2].message)
	require.Equal(t, indexName, lines[2].attrs["file"])
	require.Equal(t, "checksum", lines[2].attrs["reason"])

	// While they last they are not told again, whatever else changes.
	changed, err = r.Refresh(t.Context())
	require.NoError(t, err)
	require.False(t, changed)
	require.Empty(t, c.take(t, p))
	p.truncate(t, "000004.fbat", 60)
	changed, err = r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	lines = c.take(t, p)
	require.Len(t, lines, 1)
	require.Equal(t, slog.LevelDebug, lines[0].level)

	// A new reader tells them.
	r2, err := host.OpenReader(t.Context(), p.dir, options)
	require.NoError(t, err)
	require.NoError(t, r2.Close())
	require.Len(t, c.take(t, p), 3)
}

// TestLogIsBounded damages a segment in many places.
func TestLogIsBounded(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.fill(50, 50)
	b := make([]byte, w.size)
	f, err := p.fs.Open(p.path("000001.fbat"))
	require.NoError(t, err)
	_, err = f.ReadAt(b, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	for i := 1; i < 50; i += 2 {
		b[w.events[i].Position.End()-1] ^= 1
	}
	p.put(t, map[string][]byte{"000001.fbat": b})
	w.close()
	c := capture()
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, Logger: slog.New(c)})
	require.NoError(t, err)
	require.Len(t, r.Report().Damages, 25)
	require.NoError(t, r.Close())
	lines := c.take(t, p)
	require.Len(t, lines, 1+10+1)
	require.Equal(t, "thaw: more damages", lines[11].message)
	require.Equal(t, "15", lines[11].attrs["count"])
}
