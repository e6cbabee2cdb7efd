package storetest

import (
	"log/slog"
	"testing"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// Open opens a new store in memory and closes it when the test ends. It logs nothing.
func Open(t testing.TB) *host.Store {
	t.Helper()
	return OpenWith(t, host.Options{})
}

// OpenWith is [Open] with options. Without Options.FS the store is in memory.
func OpenWith(t testing.TB, o host.Options) *host.Store {
	t.Helper()
	if o.FS == nil {
		o.FS = crashfs.New()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := host.Open(t.Context(), "store", o)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("storetest: closing the store: %v", err)
		}
	})
	return s
}
