package lines_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/extract"
	"github.com/thawlog/thaw/core/lines"
)

func TestExtract(t *testing.T) {
	code := func(err error) int32 {
		if errors.Is(err, errTest) {
			return -6
		}
		return -2
	}
	require.Equal(t, `{"events":0,"first_seq":0,"end_seq":0,"files":0,"names":false,"left_out":[],"more":0,"damages":0}`+"\n",
		string(lines.AppendExtract(nil, &extract.Result{}, code)))
	r := extract.Result{
		Events: 1, First: 2, End: 1<<64 - 1, Files: 4, Names: true, More: 5, Damages: 6,
		LeftOut: []extract.LeftOut{
			{ID: event.ID{1}, Sequence: 7, Err: errTest},
			{ID: event.ID{2}, Sequence: 8, Err: &damage.Damage{File: "000001.fbat", Offset: 9, Reason: damage.Checksum}},
		},
	}
	require.Equal(t, `{"events":1,"first_seq":2,"end_seq":18446744073709551615,"files":4,"names":true,"left_out":[`+
		`{"failure":{"code":-6,"error":"test","damage":null},"seq":7,"event_id":"01000000000000000000000000000000"},`+
		`{"failure":`+strings.TrimSpace(string(lines.AppendFailure(nil, -2, r.LeftOut[1].Err)))+
		`,"seq":8,"event_id":"02000000000000000000000000000000"}],"more":5,"damages":6}`+"\n",
		string(lines.AppendExtract(nil, &r, code)))
}

var errTest = errors.New("test")
