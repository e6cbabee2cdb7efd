package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAppendMeta: what append --meta adds is in every line that has the event's payload, and
// in no other.
func TestAppendMeta(t *testing.T) {
	fs := memory()
	event := []string{"append", "/s", "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1"}
	got := runWith(fs, "", append(event, "--meta", "trace=a=b", "--meta", "actor=user:7", "--meta", "empty=")...)
	require.Zero(t, got.code, got.stderr)
	require.Zero(t, runWith(fs, "", event...).code)
	const meta = `"meta":{"actor":"user:7","empty":"","trace":"a=b"},`
	for _, args := range [][]string{{"dump", "/s", "--payloads"}, {"query", "/s", "--payloads"}, {"stream", "/s", "e", "--payloads"}, {"export", "/s"}} {
		lines := strings.SplitAfter(run(fs, args...).stdout, "\n")
		require.Len(t, lines, 3, args)
		require.Contains(t, lines[0], meta, args)
		require.NotContains(t, lines[1], "meta", args)
	}
	require.NotContains(t, run(fs, "query", "/s").stdout, "meta")

	for flag, want := range map[string]string{
		"actor":                          "metadata is KEY=VALUE",
		"=v":                             `a key of metadata has 1 to 128 bytes: ""`,
		"k=" + strings.Repeat("v", 4097): `a value of metadata is longer than 4096 bytes: "k"`,
		strings.Repeat("k", 129) + "=":   "a key of metadata has 1 to 128 bytes",
		"k=\xff":                         "metadata is not valid UTF-8",
	} {
		got := runWith(fs, "", append(event, "--meta", flag)...)
		require.Equal(t, 2, got.code, flag)
		require.Contains(t, got.stderr, want)
	}
	got = runWith(fs, "", append(event, "--meta", "k=1", "--meta", "k=2")...)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, `the key "k" is given twice`)
	require.Equal(t, "2\n", run(fs, "query", "/s", "--count").stdout)
}
