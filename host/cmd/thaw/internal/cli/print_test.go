package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

func TestInterruptedBetweenLines(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var stdout, stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr, Stdout: &stdout}}
	a.out.w = &stdout
	r, err := a.open(ctx, rotated, (&readFlags{}).options(a))
	require.NoError(t, err)
	defer r.Close()
	n := 0
	_, err = a.print(ctx, rotated, r, func(yield func(event.Event, error) bool) {
		for e, err := range r.Query(ctx, host.Region{}, host.Page{}) {
			if n++; n == 10 {
				cancel()
			}
			if !yield(e, err) {
				return
			}
		}
	}, &lineFlags{})
	require.NoError(t, a.out.flush())
	plain, _ := wantLines(t, "rotated")
	require.Equal(t, 130, a.finish(ctx, err))
	require.True(t, strings.HasPrefix(plain, stdout.String()))
	require.True(t, stdout.String() == "" || strings.HasSuffix(stdout.String(), "\n"))
}

func TestManyChunks(t *testing.T) {
	files := storeFiles(t, "rotated")
	files["000002.fbat"][300] ^= 0xff // in the payload or hash of one event
	p := places(t)[1]
	p.put(t, files)
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs})
	require.NoError(t, err)
	defer r.Close()
	const rounds = 40
	many := func(yield func(event.Event, error) bool) {
		for range rounds {
			for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
	var once []string
	plain, _ := wantLines(t, "rotated")
	for line := range strings.Lines(plain) {
		once = append(once, line)
	}
	for _, limit := range []limit{0, 1, 47, 48, 300, chunkEvents, 2 * chunkEvents, 47 * rounds, 5000} {
		var stdout, stderr strings.Builder
		a := &app{env: Env{Stderr: &stderr}, out: output{w: &stdout}}
		n, err := a.print(t.Context(), p.dir, r, many, &lineFlags{limit: limit})
		require.NoError(t, err)
		require.NoError(t, a.out.flush())
		want := 47 * rounds
		if limit > 0 {
			want = min(want, int(limit))
		}
		require.Equal(t, want, n)
		require.Equal(t, want, strings.Count(stdout.String(), "\n"))
		i := 0
		for line := range strings.Lines(stdout.String()) {
			if line != once[i%48] { // the damaged one
				i++
			}
			require.Equal(t, once[i%48], line)
			i++
		}
		require.Equal(t, a.damages, strings.Count(stderr.String(), "\n"))
		if limit == 0 {
			require.Equal(t, rounds, a.damages)
		}
	}
}

func TestSegmentGoes(t *testing.T) {
	p := places(t)[1]
	p.put(t, storeFiles(t, "rotated"))
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	require.NoError(t, st.Close()) // with index.thaw, no segment is opened before it is read
	var stdout, stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr, FS: p.fs}, out: output{w: &stdout}}
	r, err := a.open(t.Context(), p.dir, (&readFlags{}).options(a))
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, p.fs.Remove(filepath.Join(p.dir, "000002.fbat")))
	_, err = a.print(t.Context(), p.dir, r, r.Query(t.Context(), host.Region{}, host.Page{}), &lineFlags{})
	require.NoError(t, a.out.flush())
	plain, _ := wantLines(t, "rotated")
	require.Equal(t, 2, a.finish(t.Context(), err))
	require.True(t, strings.HasPrefix(plain, stdout.String()))
	require.Equal(t, p.dir+": a segment was removed while it was read; another process may be compacting the store",
		strings.TrimPrefix(strings.Split(stderr.String(), "\n")[0], "thaw: "))
	require.Contains(t, stderr.String(), "Run the command again.")
}
