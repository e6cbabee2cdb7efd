package all

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/host/bench/engine"
)

const (
	events    = 2000
	perEntity = 20
	scopes    = 20
	kinds     = 36
	single    = 200 // appended one by one, the last
	writers   = 8
	batch     = 150
)

// event makes event i. The name of entity 1 begins with that of entity 0 and a zero byte,
// the separator in the keys of some engines.
func event(i int) engine.Event {
	random := blake3.Sum512(binary.LittleEndian.AppendUint32(nil, uint32(i)))
	entity := i % (events / perEntity)
	e := engine.Event{
		Sequence: uint64(i), ID: engine.ID(random[:]), Entity: fmt.Sprintf("account:%04d", entity),
		Scope: fmt.Sprintf("tenant:%d", entity*7%scopes), Kind: 0x1001 + uint16(i*11%kinds),
		WallMS: 1_700_000_000_000 + uint64(i), Clock: uint32(i / (events / perEntity)),
		PrevHash: [32]byte(random[16:]), Hash: [32]byte(random[32:]),
	}
	if entity == 1 {
		e.Entity = "account:0000\x00 and more"
	}
	size := 1 + i%200
	e.Payload = append(e.Payload, 0xC4, byte(size)) // MessagePack's bin 8
	for range size {
		e.Payload = append(e.Payload, byte(i+len(e.Payload)))
	}
	return e
}

// write writes all events and returns them as stored by the engine, in order of sequence.
// Every third one is caused by, and correlated with, an event of an earlier batch.
func write(t *testing.T, e engine.Engine, dir string) []engine.Event {
	t.Helper()
	w, err := e.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]engine.Event, events)
	fill := func(i int) {
		all[i] = event(i)
		if i%3 == 2 && i >= batch {
			all[i].Causation = all[i-batch].ID
			all[i].Correlation = all[i-batch-i%2].ID
		}
	}
	for i := 0; i < events-single; i += batch {
		for j := range batch {
			fill(i + j)
		}
		if err := w.AppendBatch(all[i : i+batch]); err != nil {
			t.Fatal(err)
		}
	}
	for i := events - single; i < events; i++ {
		fill(i)
		all[i].Sequence = 0 // set by the engine
		all[i].Causation, all[i].Correlation = all[0].ID, all[0].ID
	}
	var group sync.WaitGroup
	failed := make([]error, writers)
	for g := range writers {
		group.Go(func() {
			for i := events - single + g; i < events && failed[g] == nil; i += writers {
				failed[g] = w.Append(&all[i])
			}
		})
	}
	group.Wait()
	if err := errors.Join(errors.Join(failed...), w.Close()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b engine.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for i := range all {
		if all[i].Sequence != uint64(i) {
			t.Fatalf("event %d has sequence %d", i, all[i].Sequence)
		}
	}
	return all
}

// own replaces the fields that thaw sets itself, which need not be equal: a correlation is
// the event's own id unless one was given; times and hashes are those read, and the hashes
// must form the entity's chain.
func own(t *testing.T, r engine.Reader, all []engine.Event) {
	t.Helper()
	last := map[string]engine.Event{}
	for i := range all {
		e := &all[i]
		read, err := r.BySequence(e.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		before, later := last[e.Entity]
		if read.PrevHash != before.Hash || read.Hash == before.Hash || read.WallMS == 0 || later && read.Clock != before.Clock+1 {
			t.Fatalf("event %d: %+v follows %+v", i, read, before)
		}
		e.PrevHash, e.Hash, e.WallMS = read.PrevHash, read.Hash, read.WallMS
		if e.Correlation == (engine.ID{}) {
			e.Correlation = e.ID
		}
		last[e.Entity] = read
	}
}

// TestUpkeep: a copy, and the compacted store, have the same events; redacted ones have no
// payload, and its bytes are in no file.
func TestUpkeep(t *testing.T) {
	for _, e := range All() {
		u, ok := e.(engine.Upkeep)
		if !ok {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			dir, dst := filepath.Join(t.TempDir(), "store"), t.TempDir()
			all := write(t, e, dir)
			same := func(dir string) {
				t.Helper()
				r, err := e.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, r, all)
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := u.Backup(dir, dst); err != nil {
				t.Fatal(err)
			}
			same(dst)
			if err := u.Compact(dir); err != nil {
				t.Fatal(err)
			}
			same(dir)

			// The longest payload, since a short one may also be elsewhere.
			longest := slices.MaxFunc(all, func(a, b engine.Event) int { return cmp.Compare(len(a.Payload), len(b.Payload)) })
			bytesOf := longest.Payload
			if !inFiles(t, dir, bytesOf) {
				t.Fatal("the payload is not in the files")
			}
			if err := u.Redact(dir, longest.Entity); err != nil {
				t.Fatal(err)
			}
			for i := range all {
				if bytes.Equal(all[i].Payload, bytesOf) && all[i].Entity != longest.Entity {
					t.Fatal("two entities have the same payload")
				}
				if all[i].Entity == longest.Entity {
					all[i].Payload = nil
				}
			}
			same(dir)
			if inFiles(t, dir, bytesOf) {
				t.Error("the payload is still in the files")
			}
		})
	}
}

// inFiles reports whether a file below dir contains text.
func inFiles(t *testing.T, dir string, text []byte) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(content, text)
	})
}

func TestEngines(t *testing.T) {
	for _, e := range All() {
		t.Run(e.Name(), func(t *testing.T) {
			t.Log("version", e.Version())
			if named, err := Named(e.Name()); named != e {
				t.Fatal(named, err)
			}
			dir := filepath.Join(t.TempDir(), "store?1")
			all := write(t, e, dir)
			r, err := e.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if e.Name() == "thaw" {
				own(t, r, all)
			}
			compare(t, r, all)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Open(dir + ".none"); err == nil {
				t.Error("a store that is not there was opened")
			}
		})
	}
	if _, err := Named("nothing"); err == nil {
		t.Error("an unknown engine was found")
	}
}

// compare queries every event in all five ways.
func compare(t *testing.T, r engine.Reader, all []engine.Event) {
	t.Helper()
	entities, byScope, byKind := map[string][]engine.Event{}, map[string][]engine.Event{}, map[uint16][]engine.Event{}
	for _, want := range all {
		got, err := r.ByID(want.ID)
		if err != nil || !equal(got, want) || !bytes.Equal(got.Payload, want.Payload) {
			t.Fatalf("by id: %+v, %v, want %+v", got, err, want)
		}
		if got, err = r.BySequence(want.Sequence); err != nil || !equal(got, want) {
			t.Fatalf("by sequence: %+v, %v, want %+v", got, err, want)
		}
		entities[want.Entity] = append(entities[want.Entity], want)
		byScope[want.Scope] = append(byScope[want.Scope], want)
		byKind[want.Kind] = append(byKind[want.Kind], want)
	}
	if len(entities) != events/perEntity || len(byScope) != scopes || len(byKind) != kinds {
		t.Fatal(len(entities), "entities", len(byScope), "scopes", len(byKind), "kinds")
	}
	lists(t, entities, r.Entity)
	lists(t, byScope, r.Scope)
	lists(t, byKind, r.Kind)
	lists(t, map[string][]engine.Event{"account": nil, "account:00": nil, "account:0000\x00": nil}, r.Entity)
	lists(t, map[string][]engine.Event{"tenant:": nil, "z": nil}, r.Scope)
	lists(t, map[uint16][]engine.Event{0x1001 + kinds: nil, 0x1100: nil, 0xFFFF: nil}, r.Kind)
	if e, err := r.BySequence(events); err == nil {
		t.Errorf("sequence %d: %+v", events, e)
	}
	if e, err := r.ByID(engine.ID{1}); err == nil {
		t.Errorf("an id that is not there: %+v", e)
	}
}

func lists[K comparable](t *testing.T, want map[K][]engine.Event, list func(K, func(engine.Event)) error) {
	t.Helper()
	for key, want := range want {
		// All are kept until the end: later reads must not change them.
		var got []engine.Event
		if err := list(key, func(e engine.Event) { got = append(got, e) }); err != nil {
			t.Fatalf("%v: %v", key, err)
		}
		if !slices.EqualFunc(got, want, equal) {
			t.Fatalf("%v: %d events, want %d:\n%+v\n%+v", key, len(got), len(want), got, want)
		}
	}
}

// equal compares all fields but the payloads.
func equal(a, b engine.Event) bool {
	a.Payload, b.Payload = nil, nil
	return reflect.DeepEqual(a, b)
}
