package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

const goodLine = `{"entity":"e","scope":"s","kind":"DATA","payload":1}`

// TestBadLines: each is named by its place or key, and nothing of it is written.
func TestBadLines(t *testing.T) {
	name := strings.Repeat("n", 1025)
	for _, c := range []struct{ line, want string }{
		{`null`, `column 1: expected {, found "n"`},
		{`[]`, `column 1: expected {, found "["`},
		{`{`, `column 2: expected a key, found the end of the line`},
		{`{}`, `entity: the key is missing`},
		{`{"entity":"e","scope":"s","payload":1}`, `kind: the key is missing`},
		{`{"entity":"e","scope":"s","kind":"DATA"}`, `payload: the key is missing`},
		{goodLine + `,`, `column 53: text follows the object, found ","`},
		{goodLine + goodLine, `column 53: text follows the object, found "{"`},
		{`{"entity":"e","entity":"e"}`, `column 15, entity: the key occurs twice`},
		{`{"entity":"e",}`, `column 15: expected a key, found "}"`},
		{`{"entity" "e"}`, `column 11: expected :, found "\""`},
		{`{"entity":}`, `column 11: expected a value, found "}"`},
		{`{"entity":"e" "scope":"s"}`, `column 15: expected , or }, found "\""`},
		{`{entity:"e"}`, `column 2: expected a key, found "e"`},
		{`{"entity":"e`, `column 13, entity: truncated: the text ends here`},
		{`{"ent`, `column 6: expected :, found the end of the line`},
		{`{"ent\q":1}`, `column 6: malformed: unknown escape`},
		{`{"entity":1}`, `column 11, entity: expected a string`},
		{`{"entity":""}`, `column 11, entity: a name must not be empty`},
		{`{"scope":"` + name + `"}`, `column 10, scope: a name is longer than 1024 bytes`},
		{`{"entity":"\ud800"}`, `column 12, entity: malformed: \ud800 is half of a surrogate pair, which is no character`},
		{`{"payload":{"a":["\udc00\ud800"]}}`, `column 19, payload: malformed: \udc00 is half of a surrogate pair`},
		{`{"pay\ud800":1}`, `column 6: malformed: \ud800 is half of a surrogate pair`},
		{"{\"entity\":\"\xff\"}", `column 12, entity: malformed: not UTF-8`},
		{`{"kind":null}`, `column 9, kind: expected a whole number from 0 to 65535`},
		{`{"kind":65536}`, `column 9, kind: expected a whole number from 0 to 65535`},
		{`{"kind":"data "}`, `column 9, kind: a kind is a number`},
		{`{"event_id":"1"}`, `column 13, event_id: an id is 32 hexadecimal digits`},
		{`{"event_id":null}`, `column 13, event_id: expected a string`},
		{`{"event_id":"00000000000000000000000000000000"}`, `column 13, event_id: the zero id means none; omit the key`},
		{`{"meta":null}`, `column 9, meta: metadata is an object of strings with unique keys`},
		{`{"meta":{"a":1}}`, `column 9, meta: metadata is an object of strings with unique keys`},
		{`{"meta":{"a":"1","a":"2"}}`, `column 9, meta: duplicate key`},
		{`{"meta":{"":"1"}}`, `column 9, meta: a key of metadata has 1 to 128 bytes: ""`},
		{`{"meta":{"k":"` + strings.Repeat("v", 4097) + `"}}`, `column 9, meta: a value of metadata is longer than 4096 bytes: "k"`},
		{`{"meta":{"a":tru}}`, `column 17, meta: malformed`},
		{`{"timestamp_us":-1}`, `column 17, timestamp_us: expected microseconds since 1970, a whole number from 0 to 9007199254740991999`},
		{`{"timestamp_us":9007199254740992000}`, `column 17, timestamp_us: expected microseconds since 1970, a whole number from 0 to 9007199254740991999`},
		{`{"timestamp_us":-0.5}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"timestamp_us":1e18}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"timestamp_us":1e400}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"timestamp_us":1.0000000000000000001e15}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"timestamp_us":"1970-01-01T00:00:00Z"}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"timestamp_us":1.5}`, `column 17, timestamp_us: expected microseconds since 1970`},
		{`{"flags":256}`, `column 10, flags: expected a whole number from 0 to 255`},
		{`{"flags":1.5}`, `column 10, flags: expected a whole number from 0 to 255`},
		{`{"flags":01}`, `column 10, flags: malformed: a number cannot begin with 0`},
		{`{"payload":{"a":1,"a":2}}`, `column 12, payload: duplicate key`},
		{`{"payload":{"$bin":1}}`, `column 20, payload: malformed: expected "; a map with this key is {"$map":[["$bin",…]]}`},
		{`{"payload":{"$raw":"wQ=="}}`, `column 12, payload: malformed: {"$raw":…} stands for bytes that are not MessagePack`},
		{`{"payload":[1,0.1234567890123456789]}`, `column 15, payload: number would be rounded: a float 64 makes it 0.12345678901234568; write that, or a string`},
		{`{"payload":1e-400}`, `column 12, payload: number would be rounded: a float 64 makes it 0.0; write that, or a string`},
		{`{"payload":18446744073709551616}`, `column 12, payload: number out of range: above the largest uint64, 18446744073709551615; a string keeps its digits`},
		{`{"payload":[1,2}`, `column 16, payload: malformed: expected , or ]`},
		{`{"payload":[1,2`, `column 16, payload: truncated`},
		{`{"payload":tru}`, `column 15, payload: truncated`},
		{`{"payload_raw":"AQ"}`, `column 16, payload_raw: not base64`},
		{`{"payload_raw":"A\nQ=="}`, `column 16, payload_raw: not base64`},
		{`{"payload_raw":"AQE="}`, `column 16, payload_raw: not one MessagePack value: trailing bytes at byte 1`},
		{`{"payload_raw":""}`, `column 16, payload_raw: not one MessagePack value: truncated at byte 0`},
		{`{"entity":"e","scope":"s","kind":1,"payload":1,"payload_raw":"AQ=="}`, `payload_raw: the line already has a payload`},
		{`{"seq":1}`, `column 2: unknown key "seq"; dump prints it for reading, and thaw export prints what import takes`},
		{`{"causation_id":null,"clock":0}`, `column 22: unknown key "clock"; dump prints it for reading, and thaw export prints what import takes`},
		{`{"content_hash":"00"}`, `column 2: unknown key "content_hash"; dump prints it`},
		{`{"colour":1}`, "column 2: unknown key \"colour\"\n"},
		{goodLine[:len(goodLine)-1] + `,"flags":4}`, `flags: an undefined flag is set`},
	} {
		fs := memory()
		got := runWith(fs, goodLine+"\n"+c.line+"\n"+goodLine+"\n", "import", "/s")
		require.Equal(t, 2, got.code, c.line)
		require.Equal(t, `{"lines":1,"appended":1,"repeated":0}`+"\n", got.stdout, c.line)
		_, told, _ := strings.Cut(got.stderr, "\n")
		require.Truef(t, strings.HasPrefix(told, "thaw: standard input: line 2, "+c.want), "%s\n%s\n%s", c.line, told, c.want)
		require.Equal(t, "1\n", run(fs, "query", "/s", "--count").stdout)
	}
}

// TestRefusedInTheMiddle: a line that only the store can refuse is named by its
// number also in a later group and after many lines of its group.
func TestRefusedInTheMiddle(t *testing.T) {
	bad := strings.Replace(goodLine, "DATA", "0x0006", 1)
	for _, n := range []int{0, 1, 6, 7, 8, 30} {
		fs := memory()
		got := runWith(fs, strings.Repeat(goodLine+"\n", n)+bad+"\n"+goodLine, "import", "/s", "--batch", "7")
		require.Equal(t, 2, got.code)
		require.Contains(t, got.stderr, fmt.Sprintf("thaw: standard input: line %d, kind: the kind is reserved: 0x0006; 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are free\n", n+1))
		require.Equal(t, fmt.Sprintf(`{"lines":%d,"appended":%d,"repeated":0}`+"\n", n, n), got.stdout)
		require.Equal(t, fmt.Sprintf("%d\n", n), run(fs, "query", "/s", "--count").stdout)
	}
}

// TestLastLineWithoutNewline is taken like any other, and one id twice in a group
// is one event.
func TestLastLineWithoutNewline(t *testing.T) {
	line := `{"event_id":"01000000000000000000000000000000",` + goodLine[1:]
	got := runWith(memory(), line+"\r\n"+goodLine+"\n"+line, "import", "/s")
	require.Equal(t, `{"lines":3,"appended":2,"repeated":1}`+"\n", got.stdout)
}

func TestInputFails(t *testing.T) {
	fs := memory()
	var stdout, stderr bytes.Buffer
	in := io.MultiReader(strings.NewReader(goodLine+"\n"+goodLine[:9]), iotest.ErrReader(errors.New("the cable is out")))
	code := Run(t.Context(), []string{"import", "/s"}, Env{Stdin: in, Stdout: &stdout, Stderr: &stderr, FS: fs})
	require.Equal(t, 2, code)
	require.Contains(t, stderr.String(), "thaw: standard input: line 2: the cable is out\n")
	require.Equal(t, `{"lines":1,"appended":1,"repeated":0}`+"\n", stdout.String())
}

// TestLongLine: a line of the greatest length is whole, a longer one an error.
func TestLongLine(t *testing.T) {
	for _, size := range []int{16, 100} { // of the buffer
		r := lineReader{r: bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 50)+"\n"+strings.Repeat("y", 51)+"\n"), size), most: 50}
		line, err := r.read()
		require.NoError(t, err)
		require.Len(t, line, 50)
		_, err = r.read()
		require.ErrorIs(t, err, errLong)
	}
}

// TestLargestPayload: a line with the largest payload is taken, one byte more is
// an error with its number.
func TestLargestPayload(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a gigabyte")
	}
	const head = 5 // of a MessagePack string
	text := strings.Repeat("x", 64<<20-head)
	for _, c := range []struct {
		more string
		code int
		want string
	}{{"", 0, `{"lines":2,"appended":2,"repeated":0}`}, {"x", 2, `{"lines":1,"appended":1,"repeated":0}`}} {
		in := goodLine + "\n" + strings.Replace(goodLine, ":1}", `:"`+text+c.more+`"}`, 1)
		got := runWith(memory(), in, "import", "/s")
		require.Equal(t, c.code, got.code, got.stderr)
		require.Equal(t, c.want+"\n", got.stdout)
		if c.code != 0 {
			require.Contains(t, got.stderr, "thaw: standard input: line 2, payload: payload bytes: 67108865, at most 67108864\n")
		}
	}
}

// TestGroups: a group ends at its number of lines or where they are many bytes; the
// numbers of lines count blank ones.
func TestGroups(t *testing.T) {
	big := strings.Replace(goodLine, ":1}", `:"`+strings.Repeat("x", groupBytes/2)+`"}`, 1)
	in := strings.Repeat(goodLine+"\n", 5) + "\r\n" + strings.Repeat(big+"\n", 3) + "\n \n" + goodLine
	lines, to := make(chan inputLine), make(chan group)
	go readLines(t.Context(), strings.NewReader(in), nil, false, lines)
	go groups(t.Context(), lines, grouping{lines: 3, wait: time.Hour}, to)
	var got [][]int
	for g := range to {
		require.NoError(t, g.err)
		require.Len(t, g.items, len(g.origins))
		var numbers []int
		for _, o := range g.origins {
			numbers = append(numbers, o.line)
		}
		got = append(got, numbers)
	}
	require.Equal(t, [][]int{{1, 2, 3}, {4, 5, 7}, {8, 9}, {12}}, got)
}

// waitFor waits until a store has so many events.
func waitFor(fs fsabstraction.ReadFS, events int) {
	for run(fs, "query", "/s", "--count").stdout != fmt.Sprintln(events) {
		time.Sleep(time.Millisecond)
	}
}

// TestPauseFlushes: what a pipe has delivered is in the store although the group is
// not full and the pipe continues.
func TestPauseFlushes(t *testing.T) {
	fs := memory()
	in, feed := io.Pipe()
	done := make(chan result)
	go func() {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), []string{"import", "/s"}, Env{Stdin: in, Stdout: &stdout, Stderr: &stderr, FS: fs})
		done <- result{code, stdout.String(), stderr.String()}
	}()
	for i := range 3 {
		_, err := io.WriteString(feed, goodLine+"\n"+goodLine+"\n"+goodLine[:20])
		require.NoError(t, err)
		waitFor(fs, 2+3*i)
		_, err = io.WriteString(feed, goodLine[20:]+"\n")
		require.NoError(t, err)
		waitFor(fs, 3+3*i)
	}
	require.NoError(t, feed.Close())
	require.Equal(t, `{"lines":9,"appended":9,"repeated":0}`+"\n", (<-done).stdout)
}

// TestImportInterrupted: what was written is counted, and running it again completes
// it.
func TestImportInterrupted(t *testing.T) {
	fs := memory()
	ctx, cancel := context.WithCancel(t.Context())
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf(`{"event_id":"%032x",`, i+1)+goodLine[1:])
	}
	in, feed := io.Pipe()
	defer in.Close()
	go func() {
		_, _ = io.WriteString(feed, strings.Join(lines[:7], "\n")+"\n"+lines[7])
		waitFor(fs, 7)
		cancel() // while it waits for the rest of a line
	}()
	var stdout, stderr bytes.Buffer
	code := Run(ctx, []string{"import", "/s", "--batch", "3"}, Env{Stdin: in, Stdout: &stdout, Stderr: &stderr, FS: fs})
	require.Equal(t, 130, code)
	require.Equal(t, `{"lines":7,"appended":7,"repeated":0}`+"\n", stdout.String())
	require.Contains(t, stderr.String(), "thaw: interrupted\n")
	got := runWith(fs, strings.Join(lines, "\n"), "import", "/s")
	require.Equal(t, result{0, `{"lines":10,"appended":3,"repeated":7}` + "\n", ""}, got)
}

// TestLocked: every command that writes says who has the store.
func TestLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	s, err := host.Open(t.Context(), dir, host.Options{})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Append(t.Context(), event.At("order:42", "shop:eu"), 0x1000, 1)
	require.NoError(t, err)
	for _, args := range [][]string{
		{"append", dir, "--entity", "e", "--scope", "s", "--kind", "DATA", "--payload", "1"}, {"import", dir}, {"rebuild", dir},
	} {
		require.Contains(t, writers, args[0])
		got := runWith(nil, goodLine, args...)
		require.Equal(t, 4, got.code, got.stderr)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, fmt.Sprintf("thaw: %s: another writer has the store open: process %d on ", dir, os.Getpid()))
	}
	require.Equal(t, "1\n", run(nil, "query", dir, "--count").stdout)
}

func TestBar(t *testing.T) {
	var stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr, Terminal: true}}
	b := a.bar("orders")
	time.Sleep(progressEvery)
	b.add(1000)
	require.Regexp(t, `orders \(1000/-, [0-9]+ events/s\)`, stderr.String())
	b.clear()
	require.Regexp(t, `\r +\r$`, stderr.String(), "what is said next stands on a line of its own")
	stderr.Reset()
	a.env.Terminal = false
	b = a.bar("orders")
	b.add(1)
	b.clear()
	require.Empty(t, stderr.String())
}
