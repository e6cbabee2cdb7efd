package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

func (a *app) ancestors() *cobra.Command {
	c := &cobra.Command{
		Use:   "ancestors",
		Short: "Print the causes of an event, nearest first",
		Long: `Print the chain of causes of the event with the given id, nearest first, with the keys
of thaw dump and without the event itself. The chain ends at an event without a cause,
or with a cause that is not in the store.` + aboutTimes,
		Example: lines(
			`thaw ancestors orders 01a2046944b776d184a15372c657ccab`,
			`thaw ancestors orders 01a2046944b776d184a15372c657ccab --depth 1   # only the cause`),
	}
	return a.chain(c, "go at most `N` steps back, 0 for all", (*host.DirReader).Ancestors)
}

func (a *app) effects() *cobra.Command {
	c := &cobra.Command{
		Use:   "effects",
		Short: "Print the effects of an event, nearest first",
		Long: `Print the events that the event with the given id caused, the events that those
caused, and so on: nearest first, by sequence at the same distance, with the keys of
thaw dump and without the event itself. The id may be that of a cause outside the store.` + aboutTimes,
		Example: lines(
			`thaw effects orders 01a2046944b67658a018766385e265a3`,
			`thaw effects orders 01a2046944b67658a018766385e265a3 --depth 1   # only direct effects`),
	}
	return a.chain(c, "go at most `N` steps forward, 0 for all", (*host.DirReader).Effects)
}

// chain adds to c the code that follows a chain of causes. The first event that cannot be
// read ends the chain, since only that event names the next one.
func (a *app) chain(c *cobra.Command, depthUsage string,
	follow func(r *host.DirReader, ctx context.Context, id event.ID, depth int) events,
) *cobra.Command {
	var read readFlags
	var line lineFlags
	var depth limit
	arguments(c, "DIR", "ID")
	c.Flags().Var(&depth, "depth", depthUsage)
	plainFlag(c, "depth")
	line.add(c)
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := parseID(c, args[1])
		if err != nil {
			return err
		}
		ctx := c.Context()
		o := read.options(a)
		o.CheckFrames = true
		r, err := a.open(ctx, args[0], o)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = a.print(ctx, args[0], r, follow(r, ctx, id, int(depth)), &line)
		if errors.Is(err, host.ErrNotFound) {
			return unknownID(r, id)
		}
		return err
	}
	return c
}

func (a *app) correlated() *cobra.Command {
	var read readFlags
	var line lineFlags
	c := &cobra.Command{
		Use:   "correlated",
		Short: "Print the events of one conversation",
		Long: `Print the visible events with the given correlation id, in order of sequence, with the
keys of thaw dump. By default an event's correlation id is its own id.` + aboutTimes,
		Example: lines(`thaw correlated orders 01a2046944b67658a018766385e265a3`),
	}
	arguments(c, "DIR", "ID")
	line.addLimit(c)
	line.add(c)
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := parseID(c, args[1])
		if err != nil {
			return err
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		before := a.damages
		n, err := a.print(ctx, args[0], r, r.Correlated(ctx, id), &line)
		if err == nil && n == 0 && a.damages == before {
			return &notFoundError{"no visible event has the correlation id " + id.String(), hiddenHint(r)}
		}
		return err
	}
	return c
}
