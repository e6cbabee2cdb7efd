package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/subjectkeys"
)

// customers makes a store of three events, two of them encrypted with the keys in a file.
func customers(ts *testscript.TestScript, args []string) error {
	ring, err := subjectkeys.OpenFile(ts.MkAbs(args[1]), subjectkeys.FileOptions{Create: true})
	if err != nil {
		return err
	}
	cipher := subjectkeys.New(ring, func(at event.Coordinate, _ event.Kind) (string, bool) {
		return strings.CutPrefix(at.Entity, "customer:")
	})
	ctx := context.Background()
	s, err := host.Open(ctx, ts.MkAbs(args[0]), host.Options{Cipher: cipher, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for entity, text := range map[string]string{"customer:anna": "of anna", "customer:ben": "of ben", "order:1": "of an order"} {
		if _, err := s.Append(ctx, event.At(entity, "shop"), 0x1001, struct{ Text string }{text}); err != nil {
			return err
		}
	}
	return s.Close()
}
