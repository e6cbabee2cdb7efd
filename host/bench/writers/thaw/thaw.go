// Package thaw writes with thaw as it is, with the options it has by default.
package thaw

import (
	"context"
	"log/slog"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/writers"
)

// Engine is thaw.
var Engine = writers.Engine{
	Name:  "thaw",
	What:  "default options; unsynced is LoseUnsynced",
	Open:  open,
	Count: count,
}

var quiet = slog.New(slog.DiscardHandler)

type store struct {
	host  *host.Store
	items []host.Item // of the last batch, to be used again
}

func open(dir string, synced bool) (writers.Writer, error) {
	o := host.Options{Logger: quiet}
	if !synced {
		o.Durability = host.LoseUnsynced
	}
	s, err := host.Open(context.Background(), dir, o)
	if err != nil {
		return nil, err
	}
	return &store{host: s}, nil
}

// Batch implements writers.Writer.
func (s *store) Batch(ctx context.Context, events []writers.Event) error {
	s.items = s.items[:0]
	for i := range events {
		e := &events[i]
		s.items = append(s.items, host.Item{
			At: event.At(e.Entity, e.Scope), Kind: event.Kind(e.Kind), Payload: host.Raw(e.Payload), Options: options(e),
		})
	}
	_, err := s.host.AppendBatch(ctx, s.items)
	return err
}

// One implements writers.Writer.
func (s *store) One(ctx context.Context, e *writers.Event) error {
	_, err := s.host.Append(ctx, event.At(e.Entity, e.Scope), event.Kind(e.Kind), host.Raw(e.Payload), options(e)...)
	return err
}

func options(e *writers.Event) []host.AppendOption {
	if e.Cause == [16]byte{} {
		return nil
	}
	return []host.AppendOption{host.CausedBy(e.Cause), host.Correlated(e.Cause)}
}

// Close implements writers.Writer.
func (s *store) Close() error { return s.host.Close() }

func count(dir string) (int, error) {
	r, err := host.OpenReader(context.Background(), dir, host.ReaderOptions{Logger: quiet, Strict: true})
	if err != nil {
		return 0, err
	}
	return int(r.Report().Events), r.Close()
}
