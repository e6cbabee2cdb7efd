package lines

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// TestEveryField: a line has every field of a report or a verification's
// result. A field that is added to a structure, but to no function that walks
// it, fails here.
func TestEveryField(t *testing.T) {
	report := filledReport()
	line := AppendReport(nil, report, 7)
	require.True(t, json.Valid(line))
	got, took, err := DecodeReport(line)
	require.NoError(t, err)
	require.EqualValues(t, 7, took)
	require.Equal(t, *report, got)

	result := filledResult()
	line = AppendFindings(nil, result)
	require.True(t, json.Valid(line))
	found, err := DecodeFindings(line)
	require.NoError(t, err)
	require.Equal(t, result, found)
}

// TestZero: empty and unknown values survive.
func TestZero(t *testing.T) {
	for _, want := range []store.Report{
		{},
		{Torn: &replay.Torn{}, IndexBytes: math.MinInt64, Events: math.MaxUint64},
		{Gaps: []replay.Gap{{End: damage.UnknownEnd}}, Damages: []*damage.Damage{{FirstSequence: 5, EndSequence: damage.UnknownEnd}, {FirstSequence: 6, EndSequence: 6}, {}}},
		{Rejected: []*damage.Refusal{{Offset: -1}, {Err: errors.New("")}}, HiddenRanges: visibility.Ranges{{}}},
	} {
		got, _, err := DecodeReport(AppendReport(nil, &want, 0))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	want := &verify.Result{Notes: []verify.Note{{}, {First: 4, End: damage.UnknownEnd}, {First: 3, End: 3}}}
	got, err := DecodeFindings(AppendFindings(nil, want))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestNames: the keys that scripts read do not change.
func TestNames(t *testing.T) {
	d := &damage.Damage{
		File: "a", Offset: 1, Length: 2, Reason: damage.Frame, Err: errors.New("why"), Unnamed: 3,
		Events: []damage.Touched{{ID: event.ID{1}, Sequence: 4, Numbered: true}, {}}, FirstSequence: 5, EndSequence: 6,
	}
	const spelled = `{"file":"a","offset":1,"length":2,"reason":"frame","detail":"why","events":[` +
		`{"event_id":"01000000000000000000000000000000","seq":4},{"event_id":"00000000000000000000000000000000","seq":null}],` +
		`"unnamed":3,"first_seq":5,"end_seq":6}`
	require.Equal(t, `{"opened_from":"index","events":1,"hidden":2,"allocator":3,"segments":4,"tail_events":5,"lookups":"saved","parts":6,`+
		`"rejected":[{"file":"b","reason":"stale","offset":null,"detail":""}],"damages":[`+spelled+`],`+
		`"unfinished":[{"file":"c","offset":7,"items":8}],"gaps":[{"file":"d","first":9,"end":null}],`+
		`"unsealed":[{"file":"e","offset":10,"next":11}],`+
		`"torn":{"file":"f","offset":12,"length":13,"event_id":null,"unproven":true,"frames":false},"unclosed":true,`+
		`"hidden_ranges":[{"start":14,"end":15}],"duplicate_ids":true,"table_bytes":16,"open_ns":17}`+"\n",
		string(AppendReport(nil, &store.Report{
			OpenedFrom: store.FromIndex, Events: 1, Hidden: 2, NextSequence: 3, Segments: 4, TailEvents: 5, IndexOrigin: store.IndexSaved, Parts: 6,
			Rejected: []*damage.Refusal{{File: "b", Reason: damage.Stale, Offset: -1}}, Damages: []*damage.Damage{d},
			Unfinished: []replay.Unfinished{{File: "c", Offset: 7, Items: 8}}, Gaps: []replay.Gap{{File: "d", First: 9, End: damage.UnknownEnd}},
			Unsealed: []replay.Unsealed{{File: "e", Offset: 10, Next: 11}},
			Torn:     &replay.Torn{File: "f", Offset: 12, Length: 13, Unproven: true}, Unclosed: true,
			HiddenRanges: visibility.Ranges{{Start: 14, End: 15}}, DuplicateIDs: true, IndexBytes: 16,
		}, 17)))
	require.Equal(t, `{"sound":false,"damages":[`+spelled+`],"notes":[{"topic":"stray","file":"g","offset":1,"event":null,`+
		`"first":null,"end":null,"detail":"h"}],"omitted":2,"bytes":3,"segments":4,"frames":5,"events":6,"hidden":7,"batches":8,`+
		`"opened_from":"segments"}`+"\n",
		string(AppendFindings(nil, &verify.Result{
			Damages: []*damage.Damage{d}, Notes: []verify.Note{{Topic: verify.Stray, File: "g", Offset: 1, Detail: "h"}},
			Omitted: 2, Bytes: 3, Segments: 4, Frames: 5, Events: 6, Hidden: 7, Batches: 8, OpenedFrom: store.FromSegments,
		})))
	require.Equal(t, `{"code":-2,"error":"`+d.Error()+`","damage":`+spelled+`,"cause":{"is":"damage","damage":`+spelled+"}}\n",
		string(AppendFailure(nil, -2, d)))
	require.Equal(t, `{"code":-6,"error":"plain","damage":null}`+"\n", string(AppendFailure(nil, -6, errors.New("plain"))))
}

// TestErrors: an error keeps its text, types and classes across a line.
func TestErrors(t *testing.T) {
	d := filledReport().Damages[0]
	foreign := foreignError("host")
	for _, want := range []error{
		nil, store.ErrNotFound, errors.New("plain"), errors.New(""), d, damage.Reason("magic"),
		&damage.Refusal{File: "f", Reason: damage.Magic, Offset: 7, Err: d},
		fmt.Errorf("open: %w", d), errors.Join(source.ErrGone, errors.New("stat: no such file")), foreign,
		&source.ReadError{File: "000001.fbat", Offset: -1, Err: foreign}, fmt.Errorf("open: %w", &source.ReadError{Err: source.ErrGone}),
		&store.EventError{ID: event.ID{1}, Sequence: 4, Kind: 0x1000, Err: source.ErrShort}, &store.EventError{},
	} {
		line := AppendFailure(nil, math.MinInt32, want)
		require.True(t, json.Valid(line))
		code, got, bad := DecodeFailure(line)
		require.NoError(t, bad)
		require.EqualValues(t, math.MinInt32, code)
		if want == nil {
			require.NoError(t, got)
			continue
		}
		require.Equal(t, want.Error(), got.Error())
		for _, class := range []error{store.ErrNotFound, source.ErrGone, source.ErrShort, damage.Checksum, damage.Magic, foreign, foreignError("other"), source.ErrRead, io.EOF} {
			require.Equal(t, errors.Is(want, class), errors.Is(got, class), "%v is %v", want, class)
		}
		var d1, d2 *damage.Damage
		require.Equal(t, errors.As(want, &d1), errors.As(got, &d2))
		require.Equal(t, d1, d2)
	}
}

type foreignError string

func (e foreignError) Error() string { return "foreign " + string(e) }
func (e foreignError) Class() string { return string(e) }

// TestClasses: every class is read back as itself.
func TestClasses(t *testing.T) {
	names := map[string]bool{}
	for _, c := range classes {
		require.False(t, names[c.name], c.name)
		names[c.name] = true
		_, got, bad := DecodeFailure(AppendFailure(nil, -1, c.err))
		require.NoError(t, bad)
		require.Same(t, c.err, got)
	}
}

// TestDeepErrors: an endless chain is cut, and its text is complete.
func TestDeepErrors(t *testing.T) {
	deep, nested := errors.New("bottom"), error(&damage.Damage{})
	for range 100 {
		deep = fmt.Errorf("x%w", deep)
		nested = &damage.Damage{Err: nested}
	}
	for _, deep := range []error{deep, nested} {
		line := AppendFailure(nil, 0, deep)
		require.True(t, json.Valid(line))
		_, got, bad := DecodeFailure(line)
		require.NoError(t, bad)
		require.Equal(t, deep.Error(), got.Error())
	}
	line := strings.Repeat(`{"is":"event","event_id":"00000000000000000000000000000000","seq":0,"kind":"0x0000","cause":`, maxDepth+2)
	_, _, bad := DecodeFailure([]byte(`{"code":0,"error":"x","damage":null,"cause":` + line))
	require.ErrorContains(t, bad, "causes nested less deeply")
}

// TestRefused: a line that this package did not write is refused, with the
// place and the reason.
func TestRefused(t *testing.T) {
	good := string(AppendReport(nil, filledReport(), 7))
	require.Contains(t, good, `"parts":`)
	for _, c := range []struct{ old, new, wanted string }{
		{`"opened_from":"checkpoint"`, `"opened_from":"elsewhere"`, "a known name"},
		{`"reason":"payload_hash"`, `"reason":"cosmic_rays"`, "a known name"},
		{`"lookups":"built"`, `"lookups":7`, `"`},
		{`"parts":`, `"ports":`, "the key parts"},
		{`{"opened_from"`, `{"unknown":1,"opened_from"`, "the key opened_from"},
		{`"events":`, `"events":-`, "a number from 0 to 2^64-1"},
		{`"events":`, `"events":0`, "a number from 0 to 2^64-1"},
		{`"events":`, `"events":99999999999999999999`, "a number from 0 to 2^64-1"},
		{`"segments":`, `"segments":999999999999999999`, "a number"},
		{`"table_bytes":`, `"table_bytes":999999999999999999`, "a number"},
		{`"duplicate_ids":true`, `"duplicate_ids":"yes"`, "true or false"},
		{`"event_id":"`, `"event_id":"G`, "hexadecimal digits"},
		{`"kind":"0xD00F"`, `"kind":"0xd00f"`, "a kind"},
		{`"is":"event"`, `"is":"rumour"`, "a known kind of error"},
		{`text 1`, "text \xff", "UTF-8"},
		{`text 1`, `text \x`, "an escape"},
		{`text 1`, `text \ud800`, "an escape"},
		{`text 1`, "text \n", "a string"},
		{`"open_ns":7}`, `"open_ns":7,"later":nonsense}`, "a value"},
		{`"open_ns":7}`, `"open_ns":7,"later":` + strings.Repeat("[", 100), "objects nested less deeply"},
		{"}\n", "} \n", "\n"},
		{"}\n", "}\n\n", "the end of the line"},
		{"}\n", "}", "\n"},
	} {
		require.Contains(t, good, c.old)
		r, _, err := DecodeReport([]byte(strings.Replace(good, c.old, c.new, 1)))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, c.new)
		require.Contains(t, syntax.Wanted, c.wanted, c.new)
		require.ErrorContains(t, err, "lines: at byte ")
		require.Zero(t, r)
	}
	for n := range good {
		_, _, err := DecodeReport([]byte(good[:n]))
		require.Error(t, err)
	}
	sound := strings.Replace(string(AppendFindings(nil, filledResult())), `"sound":false`, `"sound":true`, 1)
	_, err := DecodeFindings([]byte(sound))
	require.ErrorContains(t, err, "wanted damages if and only if")
	_, _, err = DecodeFailure([]byte(`{"code":-9999999999,"error":"","damage":null}` + "\n"))
	require.ErrorContains(t, err, "wanted a code")
}

// TestLaterKeys: keys of a later version are skipped.
func TestLaterKeys(t *testing.T) {
	line := string(AppendReport(nil, filledReport(), 7))
	more := strings.ReplaceAll(line, "}", `,"later":{"a":[],"b":[1,-2.5e7,{}],"c":"}\"","d":null,"e":false,"f":true}}`)
	require.True(t, json.Valid([]byte(more)))
	got, _, err := DecodeReport([]byte(more))
	require.NoError(t, err)
	require.Equal(t, *filledReport(), got)
}

// FuzzDecode: any bytes give a value or an error, with memory in proportion.
// Encoding and decoding a value gives the same value.
func FuzzDecode(f *testing.F) {
	f.Add(AppendReport(nil, filledReport(), 7))
	f.Add(AppendReport(nil, &store.Report{}, 0))
	f.Add(AppendFindings(nil, filledResult()))
	f.Add(AppendFailure(nil, -2, filledReport().Damages[0]))
	f.Add([]byte(`{"code":0,"error":"","damage":null,"cause":{"is":"text","text":"","causes":[` + strings.Repeat("null,", 10000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		report, took, errReport := DecodeReport(b)
		result, errResult := DecodeFindings(b)
		code, err, bad := DecodeFailure(b)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20+50*len(b)))
		if errReport == nil {
			again, _, err := DecodeReport(AppendReport(nil, &report, took))
			require.NoError(t, err)
			require.Equal(t, report, again)
		}
		if errResult == nil {
			again, err := DecodeFindings(AppendFindings(nil, result))
			require.NoError(t, err)
			require.Equal(t, result, again)
		}
		if bad == nil {
			_, again, bad := DecodeFailure(AppendFailure(nil, code, err))
			require.NoError(t, bad)
			require.Equal(t, err == nil, again == nil)
		}
	})
}
