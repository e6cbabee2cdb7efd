package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
)

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

func TestHelpNamesKinds(t *testing.T) {
	q := (&app{}).query()
	words := strings.FieldsFunc(q.Long, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '.' })
	for _, n := range kindNames {
		require.Contains(t, words, n.name)
		var k kinds
		require.NoError(t, k.Set(strings.ToLower(n.name)))
		set, err := k.resolve("kind", nil)
		require.NoError(t, err)
		require.Equal(t, event.AnyOf(n.kind), set)
	}
}

// TestHelpOfFollow: its exit codes are its own: a signal is its only end.
func TestHelpOfFollow(t *testing.T) {
	help := run(nil, "follow", "--help").stdout
	require.Contains(t, help, "\n  0    SIGINT, SIGTERM or SIGHUP ended it")
	require.NotContains(t, help, "130")
	require.Equal(t, 1, strings.Count(help, "Exit codes:"))
	require.Contains(t, run(nil, "query", "--help").stdout, "\n  130  interrupted")
}

// TestHelpOfLists: each list says what it lists.
func TestHelpOfLists(t *testing.T) {
	for command, key := range map[string]string{"entities": "name", "scopes": "name", "kinds": "kind"} {
		help := run(nil, command, "--help").stdout
		require.Contains(t, help, "as times in UTC, and the "+key+".", command)
		require.Contains(t, help, "last_wall_ms and "+key+".", command)
	}
}

// TestSeveralKinds: kinds may be separate or in one text.
func TestSeveralKinds(t *testing.T) {
	for _, args := range [][]string{{"DATA,0x1001"}, {"DATA", "0x1001"}, {"data,4097", "DATA"}} {
		var k kinds
		for _, text := range args {
			require.NoError(t, k.Set(text))
		}
		set, err := k.resolve("kind", nil)
		require.NoError(t, err)
		require.Equal(t, event.AnyOf(event.Data, 0x1001), set)
		require.Equal(t, strings.Join(args, ","), k.String())
	}
	for _, text := range []string{"", ",", "DATA,", "DATA,\x1b", "DATA 0x1001", strings.Repeat("n", 129)} {
		require.ErrorContains(t, new(kinds).Set(text), "a kind is a number", text)
	}
}

// TestAlwaysJSON: commands that print only JSON accept --json, and print the same.
func TestAlwaysJSON(t *testing.T) {
	dir := fixtures + "/rotated/store"
	for _, args := range [][]string{
		{"dump", dir}, {"query", dir, "--limit", "2"}, {"follow", dir, "--limit", "2"}, {"get", dir, knownID}, {"export", dir},
		{"stream", dir, "account:000001"}, {"ancestors", dir, knownID}, {"effects", dir, knownID}, {"correlated", dir, knownID},
	} {
		require.Equal(t, run(nil, args...), run(nil, append(args, "--json")...), args)
	}
	require.Equal(t, 0, runWith(memory(), "", "append", "/s", "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1", "--json").code)
	require.Equal(t, 0, runWith(memory(), "", "import", "/s", "--json").code)
	for _, c := range (&app{env: Env{Stdout: io.Discard, Stderr: io.Discard}}).root().Commands() {
		if name := c.Name(); name != "help" && name != "completion" && name != "version" {
			require.NotNil(t, c.Flags().Lookup("json"), name)
		}
	}
	require.NotContains(t, run(nil, "dump", "--help").stdout, "--json")
}

// knownID is an event of the fixture rotated.
const knownID = "01a2046944867ca2bc9b5ef07d4a7a28"

func TestVersionFlag(t *testing.T) {
	require.Equal(t, run(nil, "version"), run(nil, "--version"))
	require.Zero(t, run(nil, "--version").code)
}

func TestVersionText(t *testing.T) {
	require.Contains(t, versionText(nil, false), "thaw go1.")
}
