package writers

import (
	"context"
	"log/slog"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

var thawEngine = Engine{
	Name: "thaw",
	How:  "default options; without sync: LoseUnsynced",
	Open: func(dir string, synced bool) (Writer, error) {
		o := host.Options{Logger: slog.New(slog.DiscardHandler)}
		if !synced {
			o.Durability = host.LoseUnsynced
		}
		st, err := host.Open(context.Background(), dir, o)
		return thawWriter{st}, err
	},
}

type thawWriter struct{ *host.Store }

func (w thawWriter) Batch(events []Event) error {
	items := make([]host.Item, len(events))
	for i := range events {
		e := &events[i]
		items[i] = host.Item{At: event.At(e.Entity, e.Scope), Kind: event.Kind(e.Kind), Payload: host.Raw(e.Payload)}
	}
	_, err := w.AppendBatch(context.Background(), items)
	return err
}

func (w thawWriter) One(e *Event) error {
	_, err := w.Append(context.Background(), event.At(e.Entity, e.Scope), event.Kind(e.Kind), host.Raw(e.Payload))
	return err
}
