package cli

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// steering clears a screen, forges a line, turns text round, and is no UTF-8.
const steering = "\x1b[2J\x1b]0;t\a\u009b31m\x7f\r\nthaw: sound\u202eabc\u2066\u2028\b\t"

// hostileStore is a store in which every name, payload and cause has steering text; its
// directory has, too. The first id is that of an event which caused the second.
func hostileStore(t *testing.T, fs fsabstraction.FS, root string) (dir string, first event.ID) {
	dir = filepath.Join(root, "store"+steering+"\xff")
	st, err := host.Open(t.Context(), dir, host.Options{FS: fs})
	require.NoError(t, err)
	payload := map[string]any{"a" + steering: []any{steering, []byte(steering), "\xff" + steering}}
	a, err := st.Append(t.Context(), event.At("e"+steering, "s"+steering), 0x1001, payload)
	require.NoError(t, err)
	for range 3 {
		_, err = st.Append(t.Context(), event.At("f"+steering, "s"+steering), 0x1001, steering, host.CausedBy(a.ID), host.Correlated(a.ID))
		require.NoError(t, err)
	}
	require.NoError(t, st.Close())
	return dir, a.ID
}

// requireShows fails when a byte gets out that a terminal obeys.
func requireShows(t *testing.T, what, text string, tabs bool) {
	require.True(t, utf8.ValidString(text), "%s: %q", what, text)
	for _, r := range text {
		ok := r == '\n' || r == '\t' && tabs || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) && r != 0x2028 && r != 0x2029
		require.True(t, ok, "%s: %q in %q", what, r, text)
	}
	require.NotContains(t, text, "\nthaw: sound", what)
}

// hostileCommands are every command, on what is there and what is not.
func hostileCommands(dir string, id event.ID) [][]string {
	odd := "x" + steering
	return [][]string{
		{"dump", dir}, {"dump", dir, "--payloads"}, {"dump", dir, "--strict"}, {"dump", odd},
		{"query", dir, "--prefix", "e"}, {"query", dir, "--entity", "f" + steering, "--payloads"}, {"query", dir, "--kind", odd},
		{"query", dir, "--clock", odd}, {"query", dir, "--since", odd}, {"query", dir, "--limit", odd}, {"query", dir, "--count"},
		{"get", dir, id.String()}, {"get", dir, odd}, {"get", dir, event.ID{9}.String()},
		{"stream", dir, "e" + steering}, {"stream", dir, odd}, {"stream", odd, odd},
		{"ancestors", dir, id.String()}, {"ancestors", dir, odd}, {"effects", dir, id.String()}, {"effects", dir, odd},
		{"correlated", dir, id.String(), "--payloads"}, {"correlated", dir, odd},
		{"entities", dir}, {"entities", dir, "--json"}, {"entities", odd}, {"entities", dir, "--after", odd}, {"scopes", dir}, {"kinds", dir, odd},
		{"kinds", dir}, {"check-types", dir}, {"check-types", odd}, {"query", dir, "--kind", "no.such"}, {"query", odd, "--kind", "no.such"},
		{"graph", dir, id.String()}, {"graph", dir, id.String(), "--json"}, {"graph", dir, odd}, {"query", dir, "--last", "3"}, {"query", dir, "--before", odd},
		{"stat", dir}, {"stat", dir, "--json"}, {"stat", odd}, {"stat", dir, odd},
		{"verify", dir}, {"verify", dir, "--json"}, {"verify", odd},
		{"export", dir}, {"export", odd},
		{"append", dir, "--entity", odd, "--scope", odd, "--kind", "DATA", "--payload", odd},
		{"append", dir, "--entity", "e" + steering, "--scope", odd, "--kind", "DATA", "--payload", "1", "--expect", "none"},
		{"append", dir, "--entity", "e" + steering, "--scope", odd, "--kind", "DATA", "--payload", "1", "--key", id.String()},
		{"append", dir, "--entity", "", "--scope", odd, "--kind", odd, "--payload", "1"},
		{"import", dir, odd}, {"import", dir, odd, odd}, {"import", dir}, {"import", dir, "--batch", odd},
		{"rebuild", dir}, {"rebuild", dir, "--json"}, {"rebuild", odd}, {"rebuild", dir, "--accept-damage"},
		{"backup", dir, dir + odd}, {"backup", odd, dir + odd}, {"backup", dir, dir}, {"backup", dir, odd, odd}, {"backup", dir, dir + odd, "--wait", odd},
		{"fork", dir, odd, dir + odd}, {"fork", dir, "0", dir}, {"fork", dir, "0", dir + odd}, {"fork", dir, "99999", dir + odd}, {"fork", odd, "0", dir + odd},
		{"compact", dir, "--dry-run"}, {"compact", odd}, {"compact", dir, "--keep-kind", odd}, {"compact", dir, "--drop-entity", odd, "--dry-run"}, {"compact", dir, "--drop-before", odd},
		{"redact", dir, "--entity", odd}, {"redact", odd}, {"redact", dir, odd}, {"salvage", dir, dir + odd, "--check"}, {"salvage", odd, dir + odd}, {"salvage", dir, dir},
		{"keys", odd}, {"keys", dir}, {"keys", odd, "--destroy", odd}, {"keys", dir, "--destroy", odd}, {"dump", dir, "--keys", odd},
		{odd}, {"help", odd}, {"help", "x\u009b31m\u202e"}, {"stat", "--" + odd}, {"stat", "-" + steering}, {"completion", odd}, {"sta\u009bt"},
		{"version", odd}, {"--" + odd}, {"__complete", "dump", odd},
	}
}

func requireAllShow(t *testing.T, fs fsabstraction.ReadFS, dir string, id event.ID, state string) (stderr string) {
	for _, in := range []string{"", `{"entity":"` + "\u202e\u009b" + `"}`, "\x1b[2J", `{"\u001b[2J":1}`, `{"entity":"e","scope":"s","kind":"\u001b[2J","payload":1}`} {
		for _, args := range hostileCommands(dir, id) {
			if in != "" && args[0] != "import" {
				continue
			}
			var stdout, told bytes.Buffer
			Run(t.Context(), args, Env{Stdin: strings.NewReader(in), Stdout: &stdout, Stderr: &told, FS: fs})
			what := state + ": " + strings.Join(args, " ")
			tabs := args[0] == "help" || args[0] == "completion" || args[0] == "__complete" || strings.HasPrefix(told.String(), "thaw: unknown command")
			requireShows(t, what, stdout.String(), tabs)
			requireShows(t, what, told.String(), tabs)
			stderr += told.String()
		}
	}
	return stderr
}

// TestNothingSteersTheTerminal: for any bytes in names, hosts, payloads and paths,
// no command writes a byte that a terminal obeys, but newlines of its own.
func TestNothingSteersTheTerminal(t *testing.T) {
	memory := aferofs.New(afero.NewMemMapFs())
	require.NoError(t, memory.MkdirAll("/root"))
	for _, p := range []place{{"os", osfs.FS{}, t.TempDir()}, {"memory", memory, "/root"}} {
		dir, id := hostileStore(t, p.fs, p.dir)
		require.NotEmpty(t, requireAllShow(t, p.fs, dir, id, "sound"))

		// A name that no writer accepts, under the right checksum.
		names := "thaw names 1\n0x1001 " + strings.ReplaceAll(steering, "\n", "") + "\n"
		names += fmt.Sprintf("crc32c %08X\n", crc32.Checksum([]byte(names), crc32.MakeTable(crc32.Castagnoli)))
		s := place{p.name, p.fs, dir}
		s.replace(t, map[string][]byte{"names.thaw": []byte(names)})
		require.Contains(t, requireAllShow(t, p.fs, dir, id, "names"), "names.thaw was refused: body")

		// Damage in a frame, an index and the marks.
		s.replace(t, map[string][]byte{"index.fbati": []byte("FBATIX\x1b[2J"), "index.ckpt": []byte(steering), "synced.thaw": []byte(steering), "names.thaw": []byte(steering)})
		s.flip(t, "000001.fbat", 300)
		require.Contains(t, requireAllShow(t, p.fs, dir, id, "damaged"), "is damaged")

		s.replace(t, map[string][]byte{"visibility_ranges.fbv": []byte(steering), "index.thaw": []byte(steering), "000002.fbat": []byte("FBAT" + steering)})
		requireAllShow(t, p.fs, dir, id, "more damage")
	}
}

// replace writes files in place of those that are there.
func (p place) replace(t *testing.T, files map[string][]byte) {
	for name := range files {
		_ = p.fs.Remove(filepath.Join(p.dir, name)) // most are not there
	}
	p.put(t, files)
}

// flip turns the bits of one byte round.
func (p place) flip(t *testing.T, name string, at int64) {
	f, err := p.fs.OpenWrite(filepath.Join(p.dir, name))
	require.NoError(t, err)
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{b[0] ^ 0xff}, at)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// lockedFS is a file system in which somebody else holds every lock.
type lockedFS struct{ fsabstraction.FS }

func (lockedFS) Lock(string) (fsabstraction.Lock, error) { return nil, fsabstraction.ErrLocked }

// TestLockHolderSteersNothing: the host in thaw.lock may be any text,
// and a refused writer prints it.
func TestLockHolderSteersNothing(t *testing.T) {
	p := places(t)[0]
	p.put(t, map[string][]byte{host.LockName: []byte("\x00" + `{"pid":7,"host":"\u001b[2J\u009b31m\u202eh\nthaw: sound","since":"2026-05-01T00:00:00Z"}`)})
	_, err := host.Open(context.Background(), p.dir, host.Options{FS: lockedFS{p.fs}})
	require.ErrorIs(t, err, host.ErrLocked)
	requireShows(t, "error", err.Error(), false)
	var locked *host.LockedError
	require.ErrorAs(t, err, &locked)
	requireShows(t, "holder", locked.Holder.String(), false)
	require.Contains(t, err.Error(), `process 7 on \x1b[2J\u009b31m\u202eh\nthaw: sound, since`)
	p.put(t, map[string][]byte{"000001.fbat": storeFiles(t, "tail")["000001.fbat"]})
	for _, args := range [][]string{
		{"append", p.dir, "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1"}, {"import", p.dir}, {"rebuild", p.dir},
	} {
		got := run(lockedFS{p.fs}, args...)
		require.Equal(t, 4, got.code, got.stderr)
		requireShows(t, args[0], got.stdout+got.stderr, false)
		require.Contains(t, got.stderr, `\x1b[2J`)
	}
}

// TestProgressShowsNames: what shows how far work is has the path in it.
func TestProgressShowsNames(t *testing.T) {
	var b bytes.Buffer
	p := (&app{env: Env{Stderr: &b, Terminal: true}}).progress("d" + steering)
	p.next = p.next.Add(-2 * progressAfter)
	p.report(1, 2)
	require.Equal(t, "\r", b.String()[:1])
	requireShows(t, "progress", b.String()[1:], false)
	require.Contains(t, b.String(), "50 %")
}
