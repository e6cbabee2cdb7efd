package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/thawlog/thaw/host/bench/engine"
)

// fake keeps its events in memory and writes them to one file on Close. With gives, it
// assigns ids itself; with lies, it answers with one hit too few.
type fake struct {
	name  string
	gives bool
	lies  bool
}

func (f fake) Name() string    { return f.name }
func (f fake) Version() string { return "1" }

func (f fake) Create(dir string) (engine.Writer, error) {
	return &fakeStore{fake: f, dir: dir}, os.MkdirAll(dir, 0o755)
}

func (f fake) Open(dir string) (engine.Reader, error) {
	file, err := os.Open(filepath.Join(dir, "events"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &fakeReader{fake: f}
	return s, gob.NewDecoder(file).Decode(&s.events)
}

type fakeStore struct {
	fake
	dir    string
	mu     sync.Mutex
	events []engine.Event
}

func (s *fakeStore) AppendBatch(events []engine.Event) error {
	for i := range events {
		if err := s.Append(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *fakeStore) Append(e *engine.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Sequence = uint64(len(s.events))
	if s.gives {
		e.ID[15] ^= 0xFF
	}
	s.events = append(s.events, *e)
	return nil
}

func (s *fakeStore) Close() error {
	file, err := os.Create(filepath.Join(s.dir, "events"))
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(file).Encode(s.events), file.Close())
}

type fakeReader struct {
	fake
	events []engine.Event
}

func (s *fakeReader) BySequence(sequence uint64) (engine.Event, error) {
	if sequence >= uint64(len(s.events)) {
		return engine.Event{}, fmt.Errorf("no event %d", sequence)
	}
	return s.events[sequence], nil
}

func (s *fakeReader) ByID(id engine.ID) (engine.Event, error) {
	i := slices.IndexFunc(s.events, func(e engine.Event) bool { return e.ID == id })
	if i < 0 {
		return engine.Event{}, errors.New("no such id")
	}
	return s.events[i], nil
}

func (s *fakeReader) list(f func(engine.Event), hit func(*engine.Event) bool) error {
	lies := s.lies
	for i := range s.events {
		if !hit(&s.events[i]) {
			continue
		}
		if !lies {
			f(s.events[i])
		}
		lies = false
	}
	return nil
}

func (s *fakeReader) Entity(name string, f func(engine.Event)) error {
	return s.list(f, func(e *engine.Event) bool { return e.Entity == name })
}

func (s *fakeReader) Scope(name string, f func(engine.Event)) error {
	return s.list(f, func(e *engine.Event) bool { return e.Scope == name })
}

func (s *fakeReader) Kind(kind uint16, f func(engine.Event)) error {
	return s.list(f, func(e *engine.Event) bool { return e.Kind == kind })
}

func (s *fakeReader) Stream(name string, f func(engine.Event)) error { return s.Entity(name, f) }

func (s *fakeReader) All(f func(engine.Event)) error {
	return s.list(f, func(*engine.Event) bool { return true })
}

func (s *fakeReader) Close() error { return nil }
