package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
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
	var skip string
	var wait patience
	c := &cobra.Command{
		Use:   "import",
		Short: "Append events from JSON lines",
		Long: `Append the events in FILE, or standard input, in order, one per line. A line is a JSON
object with

  entity, scope, kind   required; a kind is a number or name, as for thaw query
  payload               required; JSON as thaw dump prints it. Instead of it:
  payload_raw           the payload's MessagePack in base64
  event_id              32 hexadecimal digits; by default a new one
  correlation_id        by default the event's own id
  causation_id          by default, and when null, none
  timestamp_us          microseconds since 1970, by default now
  flags                 a sum of 1, 2 and 8
  meta                  the metadata: an object of strings, by default none

These are the keys that thaw export writes. Any other key is an error: no part of a line
is ignored. Blank lines and a byte order mark at the beginning are skipped. A number must
fit 64 bits or be exact as a 64-bit float, such as 0.1; a string keeps the digits of any
number.

An event_id makes a line idempotent: if the store already has the event, with the same
entity, scope, kind and payload (the same stored bytes, so keys in the same order), the
line counts as repeated. So to complete an interrupted import, run it again. If the event
with that event_id has other content, the line is refused. A line without an event_id is
a new event each time.

A kind of batpak's system or effects is accepted as export writes it ("0x0001") or by
name, but not as the number 1, which could be meant as an application's own.

Lines are written and synced in groups of --batch lines or 4 MiB of payloads, whichever
is less; if a pipe pauses, the lines read so far are written. The first refused line ends
the import: all lines before it are written, no part of it is, and the error has the
input, the line and the column in bytes. Ctrl-C ends the import between two groups.

With --skip-bad a refused line is appended to a file, byte for byte, with its reason on
stderr, and the import continues. The exit code is then 1 if a line was refused. A line
longer than any event always ends the import.

The last output line is {"lines":N,"appended":N,"repeated":N}, which counts the lines in
the store, with "skipped":N if --skip-bad is given. If the store does not exist, it is
created, with a note on stderr.`,
		Example: lines(
			`thaw import orders events.jsonl`,
			`thaw export orders | thaw import copy`,
			`tail -f events.jsonl | thaw import orders --skip-bad refused.jsonl`,
			`echo '{"entity":"e","scope":"s","kind":"DATA","payload":{"n":1}}' | thaw import orders`),
	}
	arguments(c, "DIR")
	alwaysJSON(c)
	c.Use += " [FILE]"
	c.Args = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return &usageError{command: c, err: &countError{want: []string{"DIR"}, got: args}}
		case len(args) > 2:
			return &usageError{command: c, err: &countError{want: []string{"DIR", "FILE"}, got: args}}
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
	c.Flags().Var(&batch, "batch", "number of lines to write and sync together, 1 to "+strconv.Itoa(groupLines))
	c.Flags().StringVar(&skip, "skip-bad", "", "append refused lines to `FILE` and continue")
	waitFlag(c, &wait)
	plainFlag(c, "batch")
	c.RunE = func(c *cobra.Command, args []string) error {
		in, name, err := a.input(args[1:])
		if err != nil {
			return &usageError{command: c, err: err}
		}
		defer in.Close()
		w := importer{app: a, dir: args[0], name: name, skip: skip, wait: wait, by: grouping{lines: int(batch), wait: groupWait}}
		if c.Flags().Changed("skip-bad") {
			if w.kept, err = openRefused(skip, args[0], in); err != nil {
				return &usageError{command: c, err: err}
			}
			defer w.kept.f.Close()
			w.by.keep = true
		}
		return w.importFrom(c.Context(), in)
	}
	return c
}

// input opens FILE, or standard input if it is missing, and returns its name for messages.
func (a *app) input(args []string) (in io.ReadCloser, name string, err error) {
	if len(args) > 0 && args[0] != "-" {
		in, err = os.Open(args[0])
		return in, args[0], err
	}
	name = "standard input"
	switch in := a.env.Stdin.(type) {
	case nil:
		return io.NopCloser(strings.NewReader("")), name, nil
	case *os.File:
		return in, name, nil
	default:
		return io.NopCloser(in), name, nil
	}
}
