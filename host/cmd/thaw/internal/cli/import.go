package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

// batchSize is the value of --batch.
type batchSize int

func (b *batchSize) Type() string   { return "N" }
func (b *batchSize) String() string { return strconv.Itoa(int(*b)) }

func (b *batchSize) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n < 1 || n > groupLines {
		return fmt.Errorf("a group has 1 to %d lines", groupLines)
	}
	*b = batchSize(n)
	return nil
}

// importing is named so because import is a word of Go.
func (a *app) importing() *cobra.Command {
	batch := batchSize(groupLines)
	c := &cobra.Command{
		Use:   "import",
		Short: "Append events from JSON lines",
		Long: `Append the events that FILE, or standard input, has one a line, in its order. A line
is a JSON object with

  entity, scope, kind   required; a kind is a number or name, as thaw query takes it
  payload               required; JSON as thaw dump spells it. Instead of it:
  payload_raw           the payload's MessagePack in base64
  event_id              32 hexadecimal digits; by default a new one
  correlation_id        by default the event's own id
  causation_id          by default, and when null, none
  timestamp_us          microseconds since 1970, by default now
  flags                 a sum of 1, 2 and 8

These are the keys that thaw export writes. Any other key is an error: nothing in a
line is ignored.

An event_id makes a line harmless to repeat: when the store has the event already, with
the same entity, scope, kind and payload (byte for byte as it is stored, keys in one
order), it is counted as repeated. So an import that was interrupted is completed by
running it again. A line that has the event_id of an event with other content ends the
import like any line that cannot be taken. A line without an event_id is a new event
each time.

A kind of batpak's system or effects is taken where it is spelled as export does
("0x0001") or by name, not as the number 1, which could be meant as an application's own.

Lines are written and synced in groups of --batch, or of 4 MiB of payloads where that
is less. The first line that cannot be taken ends the import: everything in front of it
is written, nothing of it is, and the error has its number. Ctrl-C ends it between two
groups. Either way the last line printed is {"lines":N,"appended":N,"repeated":N}, the
lines that are in the store. A store that is not there is made, which stderr tells.`,
		Example: lines(
			`thaw import orders events.jsonl`,
			`thaw export orders | thaw import copy`,
			`echo '{"entity":"e","scope":"s","kind":"DATA","payload":{"n":1}}' | thaw import orders`),
	}
	arguments(c, "DIR")
	c.Use += " [FILE]"
	c.Args = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return &usageError{c, &countError{[]string{"DIR"}, args}}
		case len(args) > 2:
			return &usageError{c, &countError{[]string{"DIR", "FILE"}, args}}
		}
		return nil
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return nil, cobra.ShellCompDirectiveFilterDirs
		case 1:
			return nil, cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	c.Flags().Var(&batch, "batch", "write and sync so many lines together, 1 to "+strconv.Itoa(groupLines))
	plainFlag(c, "batch")
	c.RunE = func(c *cobra.Command, args []string) error {
		in, err := a.input(args[1:])
		if err != nil {
			return &usageError{c, err}
		}
		defer in.Close()
		return a.runImport(c.Context(), args[0], in, int(batch))
	}
	return c
}

// input opens FILE, or standard input when there is none.
func (a *app) input(args []string) (io.ReadCloser, error) {
	if len(args) > 0 && args[0] != "-" {
		return os.Open(args[0])
	}
	in := a.env.Stdin
	if in == nil {
		in = strings.NewReader("")
	}
	return io.NopCloser(in), nil
}

func (a *app) runImport(ctx context.Context, dir string, in io.Reader, batch int) error {
	s, err := a.openWriting(ctx, dir)
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	// Unbuffered: while one group is written the next is read, and no more.
	from := make(chan group)
	go groups(reading, in, batch, from)
	w := importer{store: s, bar: a.bar(dir)}
	err = w.run(ctx, from)
	w.bar.clear()
	if err != nil && !errors.Is(err, ctx.Err()) {
		err = &writeError{dir, err}
	}
	printed := a.out.object(importJSON{Lines: w.appended + w.repeated, Appended: w.appended, Repeated: w.repeated})
	if err == nil {
		err = printed
	}
	return a.closeWritten(dir, s, err)
}

type importJSON struct {
	Lines    uint64 `json:"lines"`
	Appended uint64 `json:"appended"`
	Repeated uint64 `json:"repeated"`
}

// importer writes groups to a store and counts what is in it.
type importer struct {
	store              *host.Store
	bar                *bar
	appended, repeated uint64
}

// run writes groups until there are no more, one cannot be written, or ctx ends.
func (w *importer) run(ctx context.Context, from <-chan group) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case g, ok := <-from:
			if !ok {
				return ctx.Err()
			}
			if err := w.write(ctx, &g); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *importer) write(ctx context.Context, g *group) error {
	// A group that was given up half way would be in the store and not counted.
	receipts, err := w.store.AppendEach(context.WithoutCancel(ctx), g.items)
	for _, r := range receipts {
		if r.Repeated {
			w.repeated++
		} else {
			w.appended++
		}
	}
	w.bar.add(len(receipts))
	if err != nil {
		return refusedLine(g, err)
	}
	return g.err
}

// refusedLine says which line an append was refused for. A failed write is about
// none.
func refusedLine(g *group, err error) error {
	var (
		each  *host.EachError
		item  *host.ItemError
		write *host.WriteError
	)
	if !errors.As(err, &each) {
		return err
	}
	cause := each.Err
	if errors.As(err, &write) || errors.Is(err, host.ErrReadOnly) {
		return cause // without the item's number, which counts from the middle of the file
	}
	if errors.As(cause, &item) {
		cause = item.Err
	}
	return &lineError{line: g.first + each.Done, key: refusedKey(cause), err: cause}
}
