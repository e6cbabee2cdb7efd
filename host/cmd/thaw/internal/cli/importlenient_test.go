package cli

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestForeignLines: files as other programs and systems write them.
func TestForeignLines(t *testing.T) {
	at := func(us string) string { return goodLine[:len(goodLine)-1] + `,"timestamp_us":` + us + `}` }
	for name, c := range map[string]struct {
		in    string
		lines string
	}{
		"byte order mark": {"\xef\xbb\xbf" + goodLine + "\n" + goodLine, "2"},
		"blank lines":     {"\n\r\n" + goodLine + "\r\n \t\r\n\n" + goodLine + "\r\n\r\n\n", "2"},
		"only a mark":     {"\xef\xbb\xbf\n", "0"},
		"nothing":         {"", "0"},
		"float times":     {at("1.0e15") + "\n" + at("1790000000000000.0") + "\n" + at("179E13") + "\n" + at("0.0"), "4"},
		"float kind":      {strings.Replace(goodLine, `"DATA"`, "4096.0", 1), "1"},
	} {
		got := runWith(memory(), c.in, "import", "/s")
		require.Zero(t, got.code, "%s: %s", name, got.stderr)
		require.Equal(t, `{"lines":`+c.lines+`,"appended":`+c.lines+`,"repeated":0}`+"\n", got.stdout, name)
	}
	fs := memory()
	runWith(fs, at("1.0e15"), "import", "/s")
	require.Contains(t, run(fs, "export", "/s").stdout, `"timestamp_us":1000000000000000}`)
	for _, in := range []string{"\xff\xfe{\x00", "\xfe\xff\x00{"} {
		got := runWith(memory(), in, "import", "/s", "--skip-bad", filepath.Join(t.TempDir(), "bad"))
		require.Equal(t, 2, got.code)
		require.Contains(t, got.stderr, "thaw: standard input: line 1: the input is UTF-16; import takes UTF-8\n")
	}
	got := runWith(memory(), "\xef\xbb\xbf[1]\r\n", "append", "/s", "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "-")
	require.Zero(t, got.code, got.stderr)
	// The mark is none of the line's columns, and only at the beginning is it a mark.
	got = runWith(memory(), "\xef\xbb\xbf{}x\n", "import", "/s")
	require.Contains(t, got.stderr, "standard input: line 1, column 3: ")
	got = runWith(memory(), "\n\xef\xbb\xbf"+goodLine, "import", "/s")
	require.Contains(t, got.stderr, "standard input: line 2, column 1: expected {")
}

// TestDollarKeys: MongoDB's exports, update documents and JSON Schema are maps like
// any other, and come back the same.
func TestDollarKeys(t *testing.T) {
	fs := memory()
	got := run(fs, "import", "/s", filepath.Join("testdata", "dollar-key.jsonl"))
	require.Equal(t, `{"lines":5,"appended":5,"repeated":0}`+"\n", got.stdout, got.stderr)
	exported := run(fs, "export", "/s").stdout
	for _, payload := range []string{
		`"payload":{"type":"array","items":{"$ref":"#/definitions/pet"}},`,
		`"payload":{"_id":{"$oid":"507f1f77bcf86cd799439011"},"n":1},`,
		`"payload":{"at":{"$date":"2015-11-01T00:00:00Z"}},`,
		`"payload":{"$set":{"name":"Ada"}},`,
		`"payload":{"$set":{"name":"Ada"},"$inc":{"n":1}},`,
	} {
		require.Contains(t, exported, payload)
	}
	requireRoundTrip(t, fs, "/s")
}

// TestInputIsNamed: messages have the file's name, not the store's.
func TestInputIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(goodLine+"\n"+`{"entity":7}`), 0o600))
	got := run(memory(), "import", "/s", file)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "thaw: "+file+": line 2, column 11, entity: expected a string\n")
	require.Contains(t, got.stderr, "The lines before it are in the store.")
	require.NotContains(t, strings.SplitN(got.stderr, "\n", 2)[1], "/s:")
}

// TestSkipBad: lines that are refused, by their text or by the store, are kept as they
// are, and all others are in the store.
func TestSkipBad(t *testing.T) {
	keyed := `{"event_id":"01000000000000000000000000000000",` + goodLine[1:]
	other := strings.Replace(keyed, `"entity":"e"`, `"entity":"f"`, 1)
	marker := strings.Replace(goodLine, "DATA", "0x0006", 1)
	broken := "{\"entity\":\"\xff\x1b[2J\"}\r"
	for _, batch := range []string{"1", "2", "3", "1000"} {
		kept := filepath.Join(t.TempDir(), "refused.jsonl")
		fs := memory()
		in := strings.Join([]string{broken, keyed, "", marker, other, goodLine, marker, goodLine, "{}"}, "\n")
		got := runWith(fs, in, "import", "/s", "--batch", batch, "--skip-bad", kept)
		require.Equal(t, 1, got.code)
		require.Equal(t, `{"lines":3,"appended":3,"repeated":0,"skipped":5}`+"\n", got.stdout)
		text, err := os.ReadFile(kept)
		require.NoError(t, err)
		require.Equal(t, strings.Join([]string{broken, marker, other, marker, "{}"}, "\n")+"\n", string(text))
		at := 0
		for _, want := range []string{
			"thaw: note: skipped: standard input: line 1, column 13, entity: malformed: a control character in a string must be escaped\n",
			"thaw: note: skipped: standard input: line 4, kind: the kind is reserved: 0x0006; 0x1000 ",
			"thaw: note: skipped: standard input: line 5, event_id: key 01000000000000000000000000000000 belongs to ",
			"thaw: note: skipped: standard input: line 7, kind: ",
			"thaw: note: skipped: standard input: line 9, entity: the key is missing\n",
			"thaw: 5 lines were refused and added to " + kept + "\n",
		} {
			i := strings.Index(got.stderr[at:], want)
			require.GreaterOrEqual(t, i, 0, "%s\n%s", want, got.stderr)
			at += i
		}
		require.Equal(t, "3\n", run(fs, "query", "/s", "--count").stdout)
		// A second run adds to the file, and lines without an id would be events again.
		got = runWith(fs, marker+"\n"+keyed, "import", "/s", "--skip-bad", kept)
		require.Equal(t, `{"lines":1,"appended":0,"repeated":1,"skipped":1}`+"\n", got.stdout)
		again, err := os.ReadFile(kept)
		require.NoError(t, err)
		require.Equal(t, string(text)+marker+"\n", string(again))
	}
}

// TestSkipBadFile: nothing refused is no failure; a file that cannot be written, or is
// the input, is one before anything is imported.
func TestSkipBadFile(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "refused.jsonl")
	got := runWith(memory(), goodLine, "import", "/s", "--skip-bad", kept)
	require.Zero(t, got.code)
	require.Equal(t, `{"lines":1,"appended":1,"repeated":0,"skipped":0}`+"\n", got.stdout)

	require.NoError(t, os.WriteFile(kept, []byte("unfinished"), 0o600))
	runWith(memory(), "[]\n", "import", "/s", "--skip-bad", kept)
	text, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Equal(t, "unfinished\n[]\n", string(text))

	for _, args := range [][]string{
		{"import", "/s", kept, "--skip-bad", kept},
		{"import", "/s", "--skip-bad", filepath.Join(dir, "none", "x")},
		{"import", "/s", "--skip-bad", ""},
	} {
		fs := memory()
		got := runWith(fs, goodLine, args...)
		require.Equal(t, 2, got.code, got.stderr)
		require.Empty(t, got.stdout)
		_, err := fs.ReadDir("/s")
		require.Error(t, err, "no store is made")
	}
}

// TestSkipBadIsForLines: what is wrong with the input as a whole, or with the disk, ends
// the import.
func TestSkipBadIsForLines(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "refused.jsonl")
	r := lineReader{r: newLineReader(strings.NewReader(strings.Repeat("x", 100)+"\n"+goodLine), nil).r, most: 99}
	l := r.next(true)
	require.ErrorIs(t, l.err, errLong)
	require.True(t, l.last)

	full, err := os.OpenFile(kept, os.O_RDONLY|os.O_CREATE, 0o600)
	require.NoError(t, err)
	defer full.Close()
	k := &refusedFile{f: full, w: bufio.NewWriter(full)}
	require.Error(t, k.add([]refused{{origin{1, []byte("x\n")}, io.EOF}}))
}
