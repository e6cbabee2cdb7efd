package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/dissect"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/core/visibility"
)

// keys collects the keys of an object and of the objects in it, by object name. Where a
// name has two sorts of object, the one with the key "is" belongs to the tree of errors.
func keys(t *testing.T, name string, line json.RawMessage, into map[string]string) {
	d := json.NewDecoder(bytes.NewReader(line))
	start, err := d.Token()
	require.NoError(t, err)
	if start == json.Delim('[') {
		for d.More() {
			var item json.RawMessage
			require.NoError(t, d.Decode(&item))
			keys(t, name, item, into)
		}
		return
	}
	if start != json.Delim('{') {
		return
	}
	var all []string
	for d.More() {
		key, err := d.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, d.Decode(&value))
		all = append(all, key.(string))
		if key == "is" {
			require.NoError(t, json.Unmarshal(value, &name))
			continue
		}
		within := key.(string)
		switch {
		case within == "damage":
			within = "damages"
		case within == "refusal":
			within = "rejected"
		case within == "event":
			within = "events"
		}
		keys(t, within, value, into)
	}
	if text := strings.Join(all, ", "); len(text) > len(into[name]) {
		into[name] = text
	}
}

// TestKeys checks that ABI.md lists exactly the keys of every object.
func TestKeys(t *testing.T) {
	lost := &damage.Damage{FirstSequence: 1, EndSequence: 1, Err: source.ErrGone, Events: []damage.Touched{{}}}
	refused := &damage.Refusal{Err: source.ErrGone}
	failed := errors.Join(errors.New("text"), source.ErrGone, damage.Torn, lost, refused, &store.EventError{}, &source.ReadError{})
	got := map[string]string{}
	keys(t, "report", lines.AppendReport(nil, &store.Report{
		Rejected: []*damage.Refusal{refused}, Damages: []*damage.Damage{lost}, Unfinished: make([]replay.Unfinished, 1),
		Gaps: make([]replay.Gap, 1), Unsealed: make([]replay.Unsealed, 1), Torn: &replay.Torn{}, HiddenRanges: make(visibility.Ranges, 1),
	}, 0), got)
	keys(t, "findings", lines.AppendFindings(nil, &verify.Result{
		Damages: []*damage.Damage{lost}, Notes: []verify.Note{{Named: true, First: 1, End: 1}},
	}), got)
	keys(t, "marks", lines.AppendMarks(nil, &query.Marks{}), got)
	timeline := query.NewTimeline(2)
	for k := range event.Kind(100) {
		timeline.Add(&query.Moment{Kind: k})
	}
	keys(t, "timeline", lines.AppendTimeline(nil, timeline), got)
	delete(got, "kinds") // its keys are kinds
	keys(t, "frame", lines.AppendFrame(nil, event.Position{}, nil, &dissect.Frame{
		Spans: []dissect.Span{{Type: "nil", Fits: dissect.Fits}}, Refusal: refused,
	}), got)
	keys(t, "failed event", lines.AppendFailedEvent(nil, -2, failed, &event.Event{}), got)
	keys(t, "failure", lines.AppendFailure(nil, -2, fmt.Errorf("wrapped: %w", failed)), got)

	page, err := os.ReadFile("ABI.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(page), "\n| object | keys |\n|---|---|\n")
	section, _, _ = strings.Cut(section, "\n\n")
	listed := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([\w ]+) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		listed[row[1]] = row[2]
	}
	require.Equal(t, got, listed)
}
