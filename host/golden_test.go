package host_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// ladder lists the files that can be removed without changing a result, and the way of the
// open then.
var ladder = []struct {
	name   string
	remove []string
	way    store.Way
}{
	{"as it is", nil, store.FromIndex},
	{"without index.fbati", []string{indexName}, store.FromCheckpoint},
	{"without both", []string{indexName, checkpointName}, store.FromSegments},
}

// TestGolden opens every fixture on both file systems, with and without
// mapping, on each step of the ladder: events and payloads are the expected.
func TestGolden(t *testing.T) {
	skipRace(t)
	for _, name := range fixtureNames(t) {
		expected, err := os.ReadFile(filepath.Join(fixtures, name, "expected.jsonl"))
		require.NoError(t, err)
		payloads := readPayloads(t, name)
		for _, where := range places {
			for _, step := range ladder {
				for _, noMapping := range []bool{false, true} {
					t.Run(name+"/"+where.name+"/"+step.name+"/no mapping "+strconv.FormatBool(noMapping), func(t *testing.T) {
						p := where.make(t)
						files := fixture(t, name)
						way := step.way
						if _, ok := files[indexName]; !ok {
							way = store.FromSegments
						}
						p.put(t, files)
						p.remove(t, step.remove...)
						r := p.open(t, host.ReaderOptions{NoMapping: noMapping})
						report := r.Report()
						require.Equal(t, way, report.OpenedFrom)
						require.Empty(t, report.Rejected)
						require.Empty(t, report.Damages)

						events := all(t, r)
						require.Equal(t, string(expected), lines(t, events))
						require.Equal(t, uint64(len(events)), report.Events)
						require.Len(t, payloads, len(events))
						// Often enough that files are mapped, where they can be.
						for range max(1, 70/max(1, len(events))) {
							for _, e := range events {
								full, err := r.Get(t.Context(), e.ID)
								require.NoError(t, err)
								require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
								want := payloads[e.ID.String()]
								require.NotNil(t, want)
								want.check(t, full.Payload)
								require.Equal(t, want.ContentHash, full.ContentHash.String())
								require.Equal(t, want.Flags, full.Flags)
								require.Equal(t, want.PayloadSize, full.PayloadSize)
								require.Equal(t, want.TimestampUS, full.TimestampUS)
							}
						}
						require.NoError(t, r.Close())
					})
				}
			}
		}
	}
}

// payloadLine is one line of payloads.jsonl.
type payloadLine struct {
	ID          string          `json:"event_id"`
	ContentHash string          `json:"content_hash"`
	Flags       uint8           `json:"flags"`
	Payload     json.RawMessage `json:"payload"`
	PayloadSize uint32          `json:"payload_size"`
	TimestampUS int64           `json:"timestamp_us"`

	value any // of Payload
}

// readPayloads returns the lines by event id: those of compacted-tail are in the
// order of batpak's wrong numbers.
func readPayloads(t testing.TB, name string) map[string]*payloadLine {
	out := map[string]*payloadLine{}
	b, err := os.ReadFile(filepath.Join(fixtures, name, "payloads.jsonl"))
	require.NoError(t, err)
	for _, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if l == "" {
			continue
		}
		var p payloadLine
		require.NoError(t, json.Unmarshal([]byte(l), &p))
		p.value = value(t, p.Payload)
		out[p.ID] = &p
	}
	return out
}

// value decodes JSON with numbers as they are written.
func value(t testing.TB, text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	return v
}

// check compares a payload with the expected one: equal JSON, numbers by value.
func (p *payloadLine) check(t testing.TB, got []byte) {
	text, err := payload.AppendJSON(nil, got)
	require.NoError(t, err)
	if v := value(t, text); !same(p.value, v) {
		require.Equal(t, p.value, v)
	}
}

// same compares decoded JSON; floats are equal when they have the same value.
func same(want, got any) bool {
	switch w := want.(type) {
	case json.Number:
		if g, ok := got.(json.Number); ok {
			a, err1 := strconv.ParseFloat(w.String(), 64)
			b, err2 := strconv.ParseFloat(g.String(), 64)
			return w == g || err1 == nil && err2 == nil && a == b && strings.ContainsAny(w.String()+g.String(), ".eE")
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !same(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if v, ok := g[k]; !ok || !same(w[k], v) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}
