package cli

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rotated = filepath.Join(fixtures, "rotated", "store")

// writerFunc is a writer.

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOutputFails(t *testing.T) {
	for _, args := range [][]string{
		{"dump", rotated}, {"query", rotated, "--count"}, {"stat", rotated}, {"stat", rotated, "--json"},
		{"verify", rotated}, {"verify", rotated, "--json"}, {"version"}, {"export", rotated},
	} {
		var stderr strings.Builder
		full := errors.New("no space left on device")
		code := Run(context.Background(), args, Env{Stderr: &stderr, Stdout: writerFunc(func([]byte) (int, error) { return 0, full })})
		require.Equal(t, 2, code, args)
		require.Equal(t, "thaw: cannot write the output: no space left on device\n", stderr.String())

		stderr.Reset()
		r, w := io.Pipe()
		require.NoError(t, r.Close())
		require.Zero(t, Run(context.Background(), args, Env{Stderr: &stderr, Stdout: w}), args)
		require.Empty(t, stderr.String())
	}
}

// TestPipeEndsWork: when the reader goes away the rest is not read.

func TestPipeEndsWork(t *testing.T) {
	var o output
	writes := 0
	o.w = writerFunc(func([]byte) (int, error) { writes++; return 0, io.ErrClosedPipe })
	for range 3 {
		o.buf = append(o.buf, make([]byte, flushAt)...)
		require.ErrorIs(t, o.line(), errPipe)
	}
	require.Equal(t, 1, writes)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{
		{"dump", rotated}, {"query", rotated, "--count"}, {"get", rotated, "0102030405060708090a0b0c0d0e0f10"},
		{"stream", rotated, "e"}, {"stat", rotated}, {"verify", rotated},
	} {
		require.Equal(t, result{130, "", "thaw: interrupted\n"}, runContext(ctx, nil, args...), args)
	}
}

// TestInterruptedBetweenLines: what was printed is whole lines.

// TestManyChunks prints more events than one chunk holds, with damage here and
// there: in order, each once, up to a limit.

// TestSegmentGoes: a segment that another process removed is no damage.

// TestEveryCommandHasAnExample, and its help names the exit codes.

// TestHelpNamesKinds: the help of --kind has every name.

// TestEveryReasonHasWords reads the reasons where they are declared.

func TestProgress(t *testing.T) {
	var stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr, Terminal: true}}
	p := a.progress("s")
	p.report(1, 2)
	p.clear()
	require.Empty(t, stderr.String(), "work that is done at once shows nothing")
	p.next = p.next.Add(-progressAfter)
	p.report(1, 2)
	p.report(2, 2)
	p.clear()
	require.Equal(t, "\rs: 50 % \r\x1b[K", stderr.String())
}
