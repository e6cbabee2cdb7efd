package cli

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var rotated = filepath.Join(fixtures, "rotated", "store")

// writerFunc is a writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOutputFails(t *testing.T) {
	for _, args := range [][]string{
		{"dump", rotated}, {"query", rotated, "--count"}, {"stat", rotated}, {"stat", rotated, "--json"},
		{"verify", rotated}, {"verify", rotated, "--json"}, {"version"},
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
	require.Equal(t, 130, a.finish(ctx, err))
	want := strings.SplitAfter(readFixture(t, "rotated", "expected.jsonl"), "\n")
	require.Equal(t, strings.Join(want[:9], ""), stdout.String())
}

// TestEveryCommandHasAnExample, and its help names the exit codes.
func TestEveryCommandHasAnExample(t *testing.T) {
	root := (&app{env: Env{Stdout: io.Discard, Stderr: io.Discard}}).root()
	for _, c := range append(root.Commands(), root) {
		if c.Name() == "help" {
			continue
		}
		require.NotEmpty(t, c.Example, c.Name())
		require.Contains(t, c.Example, "thaw", c.Name())
		got := run(nil, strings.Fields(strings.TrimPrefix(c.CommandPath(), "thaw")+" --help")...)
		require.Zero(t, got.code)
		require.Contains(t, got.stdout, "Examples:")
		require.Contains(t, got.stdout, "Exit codes:")
		require.Empty(t, got.stderr)
		for line := range strings.Lines(got.stdout) {
			require.LessOrEqual(t, len([]rune(line)), 100, line)
		}
	}
}

// TestHelpNamesKinds: the help of --kind has every name.
func TestHelpNamesKinds(t *testing.T) {
	var q *cobra.Command = (&app{}).query()
	words := strings.FieldsFunc(q.Long, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '.' })
	for _, n := range kindNames {
		require.Contains(t, words, n.name)
		var k kinds
		require.NoError(t, k.Set(strings.ToLower(n.name)))
		require.True(t, k.set.Has(n.kind))
	}
}

// TestEveryReasonHasWords reads the reasons where they are declared.
func TestEveryReasonHasWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../../../../core/damage/reason.go", nil, 0)
	require.NoError(t, err)
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		require.NotEmpty(t, meanings[damage.Reason(name)], name)
		n++
		return true
	})
	require.Equal(t, len(meanings), n)
}

func TestDamageText(t *testing.T) {
	d := &damage.Damage{File: "000001.fbat", Offset: 5, Length: 1, Reason: damage.Frame, FirstSequence: 3, EndSequence: 5}
	require.Equal(t, "000001.fbat is damaged at byte 5, 1 byte: frame (bytes in the middle are no event); sequences 3 to 4 may be lost",
		damageText(d))
	d.EndSequence = damage.UnknownEnd
	require.Contains(t, damageText(d), "; events from sequence 3 on may be lost")
	d.EndSequence = 4
	require.Contains(t, damageText(d), "; sequence 3 may be lost")
	for range damage.MaxTouched + 2 {
		d.Touch(damage.Touched{Sequence: 9, Numbered: true})
	}
	require.Equal(t, namedAtMost, strings.Count(damageText(d), "(seq 9)"))
	require.Contains(t, damageText(d), "; and 997 events more")
}

func TestToldAtMost(t *testing.T) {
	var stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr}}
	for range toldAtMost + 3 {
		a.tell(&damage.Damage{})
	}
	require.Equal(t, 1, a.finish(context.Background(), nil))
	require.Equal(t, toldAtMost+1, strings.Count(stderr.String(), "\n"))
	require.Contains(t, stderr.String(), "thaw: 3 more damages are not listed")
}

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

func TestVersionText(t *testing.T) {
	require.Contains(t, versionText(nil, false), "thaw go1.")
}
