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
line is ignored. Blank lines and a byte order mark at the beginning are skipped. A
number must fit 64 bits or be one that a 64-bit float keeps, such as 0.1; a string
keeps the digits of any number.

An event_id makes a line harmless to repeat: when the store has the event already, with
the same entity, scope, kind and payload (byte for byte as it is stored, keys in one
order), it is counted as repeated. So an import that was interrupted is completed by
running it again. A line that has the event_id of an event with other content ends the
import like any line that cannot be taken. A line without an event_id is a new event
each time.

A kind of batpak's system or effects is taken where it is spelled as export does
("0x0001") or by name, not as the number 1, which could be meant as an application's own.

Lines are written and synced in groups of --batch, or of 4 MiB of payloads where that
is less; a pipe that pauses does not hold back what it has delivered. The first line
that cannot be taken ends the import: everything before it is written, nothing of it
is, and the error has the input, the line and the column in bytes. Ctrl-C ends the
import between two groups.

With --skip-bad such a line is added to a file, byte for byte, with its reason on
stderr, and the import goes on. The exit code is then 1 if there was one. Only a line
longer than any event ends the import even so.

The last line printed is {"lines":N,"appended":N,"repeated":N}, the lines that are in
the store, with "skipped":N when --skip-bad is given. A store that is not there is
made, with a note on stderr.`,
		Example: lines(
			`thaw import orders events.jsonl`,
			`thaw export orders | thaw import copy`,
			`tail -f events.jsonl | thaw import orders --skip-bad refused.jsonl`,
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
	c.Flags().StringVar(&skip, "skip-bad", "", "add lines that are refused to `FILE` and go on")
	waitFlag(c, &wait)
	plainFlag(c, "batch")
	c.RunE = func(c *cobra.Command, args []string) error {
		in, name, err := a.input(args[1:])
		if err != nil {
			return &usageError{c, err}
		}
		defer in.Close()
		w := importer{app: a, dir: args[0], name: name, skip: skip, wait: wait, by: grouping{lines: int(batch), wait: groupWait}}
		if c.Flags().Changed("skip-bad") {
			if w.kept, err = openRefused(skip, args[0], in); err != nil {
				return &usageError{c, err}
			}
			defer w.kept.f.Close()
			w.by.keep = true
		}
		return w.importFrom(c.Context(), in)
	}
	return c
}

// input opens FILE, or standard input when there is none, and says what messages
// call it.
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
