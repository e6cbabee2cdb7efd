package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/host"
)

func (a *app) stream() *cobra.Command {
	var read readFlags
	var keys keyFlag
	var line lineFlags
	var from number[uint32]
	var reverse bool
	c := &cobra.Command{
		Use:   "stream",
		Short: "Print the events of one entity in order of clock",
		Long: `Print the visible events of one entity in order of clock (their version within the
entity), with the keys of thaw dump. Payloads and metadata are shown with --payloads. To
continue a stream, pass the last line's clock plus one to --from. With --reverse the
highest clock comes first.` + aboutTimes,
		Example: lines(
			`thaw stream orders order:42`,
			`thaw stream orders order:42 --from 10 --limit 5 --payloads`,
			`thaw stream orders order:42 --reverse --limit 1   # its last event`),
	}
	arguments(c, "DIR", "ENTITY")
	c.Flags().Var(&from, "from", "begin at this clock")
	c.Flags().BoolVar(&reverse, "reverse", false, "print the highest clock first")
	plainFlag(c, "from")
	line.addLimit(c)
	line.add(c)
	read.add(c)
	keys.add(a, c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir, entity := args[0], args[1]
		if entity == "" {
			return &usageError{command: c, err: errors.New("ENTITY is empty")}
		}
		if err := commit.CheckEntity(entity); err != nil {
			return &usageError{command: c, err: errors.New("ENTITY: " + bare(errors.Unwrap(err)))}
		}
		ctx := c.Context()
		r, err := a.open(ctx, dir, keys.keyed(read.options(a)))
		if err != nil {
			return err
		}
		defer r.Close()
		any, err := r.Count(ctx, host.Region{Entity: entity}, 0)
		if err != nil {
			return a.ended(dir, err)
		}
		if any == 0 {
			return &notFoundError{what: fmt.Sprintf("no visible event belongs to the entity %q", entity), hint: hiddenHint(r)}
		}
		_, err = a.print(ctx, dir, r, r.Stream(ctx, entity, host.StreamPage{From: from.value, Reverse: reverse}), &line)
		return err
	}
	return c
}
