package abi

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// TestGoOn: a request goes on after an event that cannot be read only where its answer can
// say so.
func TestGoOn(t *testing.T) {
	e := someEvent()
	for op := uint32(OpOpen); op <= OpExtract; op++ {
		for format := uint32(FormatRows); format <= FormatFullRows; format++ {
			q := Request{Op: op, Format: format, ID: event.ID{1}, Region: query.Region{Entity: "e"}}
			if op == OpFrame || op == OpRead || op == OpReadEach {
				q.Region.Entity, q.Row = "", AppendRow(nil, &e.Event)
			}
			if op == OpFrame {
				q.ID = event.ID{}
			}
			_, err := DecodeRequest(AppendRequest(nil, &q))
			require.NoError(t, err, "%d in format %d", op, format)
			q.Flags = FlagGoOn
			_, err = DecodeRequest(AppendRequest(nil, &q))
			knows := op == OpQuery || op == OpStream || op == OpCorrelated || op == OpReadEach
			if knows && format >= FormatPlain && format <= FormatFull {
				require.NoError(t, err, "%d in format %d", op, format)
			} else {
				require.ErrorIs(t, err, ErrRequest, "%d in format %d", op, format)
			}
		}
	}
}

// TestFrameRequest: a frame is that of an id or of one row.
func TestFrameRequest(t *testing.T) {
	e := someEvent()
	row := AppendRow(nil, &e.Event)
	unplaced := e.Event
	unplaced.Position, unplaced.ID = event.Position{}, event.ID{}
	for name, c := range map[string]struct {
		id  event.ID
		row []byte
		err error
	}{
		"id":                    {event.ID{1}, nil, nil},
		"row":                   {event.ID{}, row, nil},
		"nothing":               {event.ID{}, nil, ErrRequest},
		"both":                  {event.ID{1}, row, ErrRequest},
		"two rows":              {event.ID{}, append(append([]byte{}, row...), row...), ErrRequest},
		"half a row":            {event.ID{}, row[:len(row)-1], ErrRequest},
		"a row without a place": {event.ID{}, AppendRow(nil, &unplaced), ErrRequest},
	} {
		q := Request{Op: OpFrame, ID: c.id, Row: c.row}
		back, err := DecodeRequest(AppendRequest(nil, &q))
		if c.err != nil {
			require.ErrorIs(t, err, c.err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.id, back.ID, name)
		require.Equal(t, string(c.row), string(back.Row), name)
	}
}
