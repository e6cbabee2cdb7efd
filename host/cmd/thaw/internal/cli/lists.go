package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/escape"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/host"
)

// aboutList is in the help of every command that prints a list of what has a key.
func aboutList(key string) string {
	return `

A line has the number of visible events, the sequences of the first and the last of them,
their wall_ms as times in UTC, and the ` + key + `. It comes from the index: no event is read,
and events are counted that can no longer be read. With --json a line is an object with
events, first_seq, first_wall_ms, last_seq, last_wall_ms and ` + key + `.`
}

// names is an iteration of entities or scopes.
type names = iter.Seq2[host.NameSummary, error]

func (a *app) entities() *cobra.Command {
	c := &cobra.Command{
		Use:   "entities",
		Short: "List the entities with their numbers of events",
		Long: `List the entities that have visible events, in the order of the bytes of their names.
To continue a list, pass the last name to --after.` + aboutList("name"),
		Example: lines(
			`thaw entities orders`,
			`thaw entities orders --prefix order: --limit 100`,
			`thaw entities orders --json | jq -r 'select(.events>1000).name'`),
	}
	return a.nameList(c, "ENTITY", (*host.DirReader).Entities)
}

func (a *app) scopes() *cobra.Command {
	c := &cobra.Command{
		Use:   "scopes",
		Short: "List the scopes with their numbers of events",
		Long: `List the scopes that have visible events, in the order of the bytes of their names. To
continue a list, pass the last name to --after.` + aboutList("name"),
		Example: lines(
			`thaw scopes orders`,
			`thaw scopes orders --prefix shop: --json`),
	}
	return a.nameList(c, "SCOPE", (*host.DirReader).Scopes)
}

// nameList adds to c the code that prints names.
func (a *app) nameList(c *cobra.Command, title string,
	list func(r *host.DirReader, ctx context.Context, prefix string, page host.NamePage) names,
) *cobra.Command {
	var read readFlags
	var prefix, after string
	var most limit
	var asJSON bool
	arguments(c, "DIR")
	c.Flags().StringVar(&prefix, "prefix", "", "only names with this prefix")
	c.Flags().StringVar(&after, "after", "", "only names after this one")
	c.Flags().Var(&most, "limit", "print at most `N` names, 0 for all")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	plainFlag(c, "prefix", "after", "limit")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		for name, value := range map[string]string{"prefix": prefix, "after": after} {
			if value == "" && c.Flags().Changed(name) {
				return &usageError{command: c, err: errors.New("--" + name + " is empty; omit it to list all")}
			}
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		all := list(r, ctx, prefix, host.NamePage{After: after, Limit: int(most)})
		return printList(a, args[0], all, asJSON, false, title, func(s *host.NameSummary) (*host.Extent, string) { return &s.Extent, s.Name }, jsonl.AppendName)
	}
	return c
}

func (a *app) kinds() *cobra.Command {
	var read readFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "kinds",
		Short: "List the kinds with their numbers of events",
		Long: `List the kinds that have visible events, by number, with their names: those that programs
keep in names.thaw, and those of batpak.` + aboutList("kind") + `
With --json, kind_name has a name from names.thaw, in all commands that print events too.`,
		Example: lines(
			`thaw kinds orders`,
			`thaw kinds orders --json`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		return printKinds(a, args[0], r.Kinds(ctx), asJSON, false)
	}
	return c
}

// printKinds prints kinds with their names. With late, the title is printed before the first
// one.
func printKinds(a *app, dir string, all iter.Seq2[host.KindSummary, error], asJSON, late bool) error {
	return printList(a, dir, all, asJSON, late, "KIND",
		func(s *host.KindSummary) (*host.Extent, string) { return &s.Extent, a.names.text(s.Kind) },
		func(dst []byte, s *host.KindSummary) []byte {
			return jsonl.AppendNamedKindSummary(dst, s, a.names[s.Kind])
		})
}

// printList prints a line for each item: the name comes last, so that no line waits for
// others.
func printList[T any](a *app, dir string, all iter.Seq2[T, error], asJSON, late bool, title string,
	split func(*T) (*host.Extent, string), line func([]byte, *T) []byte,
) error {
	const row = "%10v  %10v  %10v  %-24v  %-24v  %s\n"
	head := func() {
		if !asJSON {
			fmt.Fprintf(&a.out, row, "EVENTS", "FIRST SEQ", "LAST SEQ", "FIRST TIME", "LAST TIME", title)
		}
	}
	if !late {
		head()
	}
	for item, err := range all {
		if err != nil {
			return a.ended(dir, err)
		}
		if late {
			head()
			late = false
		}
		if asJSON {
			a.out.buf = line(a.out.buf, &item)
		} else {
			x, name := split(&item)
			fmt.Fprintf(&a.out, row, x.Events, x.FirstSequence, x.LastSequence, wallText(x.FirstWallMS), wallText(x.LastWallMS), escape.Text(name))
		}
		if err := a.out.line(); err != nil {
			return err
		}
	}
	return nil
}

// wallText returns a wall_ms as a time in UTC, or as a number if it is none that a writer of
// thaw would accept.
func wallText(ms uint64) string {
	const last = 253402300800000 // of year 9999
	if ms >= min(last, commit.MaxWallMS) {
		return fmt.Sprint(ms, "ms")
	}
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05.000Z")
}
