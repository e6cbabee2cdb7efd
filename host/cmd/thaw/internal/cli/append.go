package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// appendFlags are the flags of thaw append.
type appendFlags struct {
	entity, scope, payload  string
	kind                    kind
	cause, correlation, key identity
	expect                  expectation
	flags                   number[uint32]
	meta                    metadata
	reserved                bool
	wait                    patience
}

func (a *app) append() *cobra.Command {
	var f appendFlags
	c := &cobra.Command{
		Use:   "append",
		Short: "Append one event",
		Long: `Append one event and print its receipt as one JSON object: event_id, sequence, clock,
segment, offset, length, and repeated, which is true if --key was known and nothing was
written. The event is on disk before the receipt is printed. If the store does not
exist, it is created, with a note on stderr. Damage found by the open is listed on
stderr, too, and does not prevent the append.

A payload is JSON as thaw dump prints it, or - to read it from standard input. Flags
are a sum of 1 (requires ack), 2 (transactional) and 8 (replay). --meta adds what is
known of the event besides its payload, such as who acted; tools know the keys actor,
request and trace.

--expect makes the append fail with exit code 3 unless the entity has no events (none)
or its last event has the given clock. --key makes the append idempotent: the key
becomes the event's id, and repeating the key, entity, scope, kind and payload returns
the first receipt. The same key with anything else is an error that reports the
difference and the event with the key; nothing is written. Metadata is not compared.

Kinds 0x1000 to 0xCFFF and 0xE000 to 0xFFFF are for applications. Those of batpak's
system and effects, such as SYSTEM_INIT (0x0001) or EFFECT_ACK, need
--allow-reserved-kind.`,
		Example: lines(
			`thaw append orders --entity order:42 --scope shop:eu --kind DATA --payload '{"n":1}'`,
			`jq -c . big.json | thaw append orders --entity order:42 --scope shop:eu --kind 0x1000 --payload -`,
			`thaw append orders --entity order:42 --scope shop:eu --kind DATA --payload 1 --meta actor=user:7`,
			`thaw append orders --entity order:42 --scope shop:eu --kind 0x1001 --payload null \`,
			`    --expect 0 --key 0102030405060708090a0b0c0d0e0f10`),
	}
	arguments(c, "DIR")
	alwaysJSON(c)
	flags := c.Flags()
	flags.StringVar(&f.entity, "entity", "", "the entity (required)")
	flags.StringVar(&f.scope, "scope", "", "the scope (required)")
	flags.Var(&f.kind, "kind", "the kind: a number such as 0x1000, or a name such as\norder.placed or DATA (required)")
	flags.StringVar(&f.payload, "payload", "", "the payload as `JSON`, - for standard input (required)")
	flags.Var(&f.cause, "cause", "the event that caused this one")
	flags.Var(&f.correlation, "correlation", "the conversation, by default the event's own id")
	flags.Var(&f.expect, "expect", "append only if the entity is in this state: any, none, or\nthe clock of its last event")
	flags.Var(&f.key, "key", "the event's id, which makes the append idempotent")
	flags.Var(&f.flags, "flags", "a sum of 1, 2 and 8")
	flags.Var(&f.meta, "meta", "an entry of the event's metadata; can be given repeatedly")
	flags.BoolVar(&f.reserved, "allow-reserved-kind", false, "allow a reserved kind of the system or the effects")
	waitFlag(c, &f.wait)
	plainFlag(c, "entity", "scope", "payload", "cause", "correlation", "key", "flags", "meta")
	_ = c.RegisterFlagCompletionFunc("kind", a.completeKind)
	_ = c.RegisterFlagCompletionFunc("expect", cobra.FixedCompletions([]string{"any", "none"}, cobra.ShellCompDirectiveNoFileComp))
	c.RunE = func(c *cobra.Command, args []string) error {
		raw, err := f.check(a, c, args[0])
		if err != nil {
			return &usageError{command: c, err: err}
		}
		return a.runAppend(c.Context(), args[0], &f, raw)
	}
	return c
}

// check validates the flags before a store is created, and returns the payload.
func (f *appendFlags) check(a *app, c *cobra.Command, dir string) (host.Raw, error) {
	for _, name := range []string{"entity", "scope", "kind", "payload"} {
		if !c.Flags().Changed(name) {
			return nil, errors.New("missing --" + name)
		}
	}
	for name, value := range map[string]string{"entity": f.entity, "scope": f.scope} {
		if err := event.CheckName([]byte(value)); err != nil {
			return nil, fmt.Errorf("--%s: %s", name, bare(err))
		}
	}
	if _, err := parseKind(f.kind.text); err != nil {
		a.readNames(dir)
	}
	var err error
	if f.kind.value, err = a.names.kind(f.kind.text); err != nil {
		return nil, fmt.Errorf("--kind: %w", err)
	}
	checkKind := commit.CheckKind
	if f.reserved {
		checkKind = commit.CheckReservedKind
	}
	if err := checkKind(f.kind.value); err != nil {
		hint := ""
		if k := (*host.KindError)(nil); errors.As(err, &k) && k.Named {
			hint = "; use --allow-reserved-kind to append it"
		}
		return nil, errors.New("--kind: " + bare(err) + hint)
	}
	if f.flags.value > math.MaxUint8 {
		return nil, fmt.Errorf("--flags: %d is not a sum of 1, 2 and 8", f.flags.value)
	}
	text := []byte(f.payload)
	if f.payload == "-" {
		var err error
		if text, err = a.readStdin(); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		text = bytes.TrimPrefix(text, utf8Mark)
	}
	raw, err := payload.ParseJSON(nil, text)
	if err != nil {
		return nil, errors.New("--payload: " + bare(err))
	}
	return raw, nil
}

// readStdin reads standard input, at most the longest text of a payload.
func (a *app) readStdin() ([]byte, error) {
	if a.env.Stdin == nil {
		return nil, nil
	}
	text, err := io.ReadAll(io.LimitReader(a.env.Stdin, maxLine+1))
	if err == nil && len(text) > maxLine {
		err = errLong
	}
	return text, err
}

func (f *appendFlags) options() []host.AppendOption {
	o := []host.AppendOption{
		host.Expect(f.expect.value), host.WithFlags(uint8(f.flags.value)), host.WithMeta(f.meta.meta),
	}
	if f.reserved {
		o = append(o, host.AllowReservedKind())
	}
	if f.cause.given {
		o = append(o, host.CausedBy(f.cause.value))
	}
	if f.correlation.given {
		o = append(o, host.Correlated(f.correlation.value))
	}
	if f.key.given {
		o = append(o, host.WithKey(f.key.value))
	}
	return o
}

type receiptJSON struct {
	EventID  event.ID `json:"event_id"`
	Sequence uint64   `json:"sequence"`
	Clock    uint32   `json:"clock"`
	Segment  uint64   `json:"segment"`
	Offset   uint64   `json:"offset"`
	Length   uint32   `json:"length"`
	Repeated bool     `json:"repeated"`
}

func (a *app) runAppend(ctx context.Context, dir string, f *appendFlags, raw host.Raw) error {
	s, err := a.openWriting(ctx, dir, f.wait)
	if err != nil {
		return err
	}
	// An interrupted append would leave the user without a receipt.
	r, err := s.Append(context.WithoutCancel(ctx), event.At(f.entity, f.scope), f.kind.value, raw, f.options()...)
	if err != nil {
		return a.closeWritten(dir, s, &writeError{dir, err})
	}
	printed := a.out.object(receiptJSON{
		EventID: r.ID, Sequence: r.Sequence, Clock: r.Clock, Segment: r.Position.Segment,
		Offset: r.Position.Offset, Length: r.Position.Length, Repeated: r.Repeated,
	})
	return a.closeWritten(dir, s, printed)
}
