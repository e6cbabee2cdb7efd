package lines

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

func TestMarks(t *testing.T) {
	require.Equal(t, `{"events":0,"seqs":[],"step":7}`+"\n", string(AppendMarks(nil, &query.Marks{Step: 7})))
	require.Equal(t, `{"events":18446744073709551615,"seqs":[3,18446744073709551614],"step":1}`+"\n",
		string(AppendMarks(nil, &query.Marks{Step: 1, Events: 1<<64 - 1, Sequences: []uint64{3, 1<<64 - 2}})))
}

func TestTimeline(t *testing.T) {
	timeline := query.NewTimeline(2)
	require.Equal(t, `{"buckets":[],"events":0,"first_ms":0,"width_ms":1}`+"\n", string(AppendTimeline(nil, timeline)))
	for i, kind := range []event.Kind{0xD00A, 0x1000, 0x1000} {
		timeline.Add(&query.Moment{Sequence: uint64(10 - i), WallMS: uint64(1000 + 5*(i/2)), Kind: kind})
	}
	require.Equal(t, `{"buckets":[{"at":0,"end_seq":11,"events":2,"first_seq":9,"kinds":{"0x1000":1,"0xD00A":1}},`+
		`{"at":1,"end_seq":9,"events":1,"first_seq":8,"kinds":{"0x1000":1}}],"events":3,"first_ms":1000,"width_ms":4}`+"\n",
		string(AppendTimeline(nil, timeline)))
	for k := range event.Kind(query.TopKinds) {
		for range 3 {
			timeline.Add(&query.Moment{Sequence: 20, WallMS: 1000, Kind: 0x2000 + k})
		}
	}
	line := string(AppendTimeline(nil, timeline))
	require.Contains(t, line, `"0x203F":3},"other":2},{"at":1,`)
	require.Contains(t, line, `"kinds":{},"other":1}]`)
	require.True(t, json.Valid([]byte(line)))
}

func TestFrame(t *testing.T) {
	p := event.Position{Segment: 7, Offset: 1 << 40, Length: 9}
	f := dissect.Frame{Spans: []dissect.Span{
		{Length: 4, Name: "length", Value: "5", Fits: dissect.Differs}, {At: 4, Length: 5, Depth: 1, Name: "\u202e\"<b>", Type: "str 8", Value: "\xff\n", Fits: dissect.Fits},
		{At: 9, Name: "key"},
	}}
	spans := `"spans":[{"at":0,"depth":0,"fits":false,"length":4,"name":"length","value":"5"},` +
		`{"at":4,"depth":1,"fits":true,"length":5,"name":"\u202e\"<b>","type":"str 8","value":"` + "\ufffd" + `\n"},` +
		`{"at":9,"depth":0,"length":0,"name":"key","value":""}]}` + "\n"
	got := string(AppendFrame(nil, p, []byte{0, 0xab}, &f))
	require.Equal(t, `{"bytes":"00ab","file":"000007.fbat","length":9,"offset":1099511627776,"refusal":null,`+spans, got)
	f.Refusal = damage.Refuse(damage.Checksum, 4, nil)
	got = string(AppendFrame(nil, p, nil, &f))
	require.Contains(t, got, `"offset":1099511627776,"refusal":{"file":"000007.fbat","reason":"checksum","offset":1099511627780,"detail":""},"spans":[`)
	require.Equal(t, int64(4), f.Refusal.Offset, "the caller's")

	line := AppendFrame(nil, p, make([]byte, MaxFrameBytes+5), &dissect.Frame{})
	require.Contains(t, string(line), `"bytes":"`+strings.Repeat("00", MaxFrameBytes)+`","file"`)
}

func TestFailedEvent(t *testing.T) {
	e := event.Event{Facts: event.Facts{ID: event.ID{0xab}, Sequence: 1<<64 - 1}}
	require.Equal(t, `{"failure":{"code":-6,"error":"why","damage":null},"seq":18446744073709551615,"event_id":"ab000000000000000000000000000000"}`+"\n",
		string(AppendFailedEvent(nil, -6, errors.New("why"), &e)))
}
