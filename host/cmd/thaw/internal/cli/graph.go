package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/event"
	jsonl "github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/host"
)

// defaultLinks bounds the graph that a person did not bound.
const defaultLinks = 1000

func (a *app) graph() *cobra.Command {
	var read readFlags
	var depth limit
	most := limit(defaultLinks)
	var causes, effects, payloads, asJSON bool
	c := &cobra.Command{
		Use:   "graph",
		Short: "Print what led to an event and what followed from it",
		Long: `Print the event with the given id, its causes and its effects as a tree: each event below
its cause, with its distance (negative for causes, 0 for the event itself), sequence,
time, kind, entity, scope and id. The id may be that of a cause outside the store.

With --json a line is an event with the keys of thaw dump (with --payloads those of
thaw dump --payloads, with the payload and the metadata), distance and cut: the event
itself, its causes, nearest first, and its effects, nearest first and by sequence at the
same distance. In the last line of a graph with as many events as --limit, cut is how
many direct causes and effects of the printed events are left out; without --json a last
line says it.`,
		Example: lines(
			`thaw graph orders 01a2046944b776d184a15372c657ccab`,
			`thaw graph orders 01a2046944b776d184a15372c657ccab --depth 1 --json | jq .distance`,
			`thaw graph orders 01a2046944b776d184a15372c657ccab --effects --limit 0`),
	}
	arguments(c, "DIR", "ID")
	c.Flags().Var(&depth, "depth", "go at most `N` steps in each direction, 0 for all")
	c.Flags().Var(&most, "limit", "print at most `N` events, 0 for all")
	c.Flags().BoolVar(&causes, "causes", false, "only the causes")
	c.Flags().BoolVar(&effects, "effects", false, "only the effects")
	c.Flags().BoolVar(&payloads, "payloads", false, "with --json: the keys of thaw dump --payloads")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	plainFlag(c, "depth", "limit")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		id, err := parseID(c, args[1])
		switch {
		case err != nil:
			return err
		case causes && effects:
			return &usageError{command: c, err: errors.New("--causes and --effects exclude each other")}
		case payloads && !asJSON:
			return &usageError{command: c, err: errors.New("--payloads needs --json")}
		}
		o := host.GraphOptions{Depth: int(depth), Limit: int(most), Payloads: asJSON}
		if causes {
			o.Direction = host.CausesOnly
		} else if effects {
			o.Direction = host.EffectsOnly
		}
		ctx := c.Context()
		r, err := a.open(ctx, args[0], read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		shape := jsonl.Plain
		if payloads {
			shape = jsonl.Payloads
		}
		var all []host.Link
		for l, err := range r.Graph(ctx, id, o) {
			switch {
			case errors.Is(err, host.ErrNotFound):
				return unknownID(r, id)
			case err != nil:
				return errors.Join(a.tree(id, all), a.ended(args[0], err))
			case asJSON:
				a.out.buf = jsonl.AppendNamedLink(a.out.buf, shape, &l, a.names[l.Kind])
				if err := a.out.line(); err != nil {
					return err
				}
			default:
				all = append(all, l)
			}
		}
		return a.tree(id, all)
	}
	return c
}

// tree prints the links of a graph, each below its cause.
func (a *app) tree(id event.ID, links []host.Link) error {
	if len(links) == 0 {
		return nil
	}
	effects := map[event.ID][]host.Link{} // by cause
	top := 0
	for _, l := range links {
		top = min(top, l.Distance)
		if l.Distance > 0 {
			effects[l.Causation] = append(effects[l.Causation], l)
		}
	}
	for i := len(links) - 1; i >= 0; i-- { // the farthest cause first, the event last
		if l := links[i]; l.Distance <= 0 {
			if err := a.branch(&l, top); err != nil {
				return err
			}
		}
	}
	// The effects below the event, those of each before its next sibling. The stack may grow
	// as long as a level.
	stack := reversed(nil, effects[id])
	for len(stack) > 0 {
		l := stack[len(stack)-1]
		stack = reversed(stack[:len(stack)-1], effects[l.ID])
		delete(effects, l.ID)
		if err := a.branch(&l, top); err != nil {
			return err
		}
	}
	if cut := links[len(links)-1].Cut; cut > 0 {
		return a.say("… and %s more: --limit 0 prints all", counted(cut, "event"))
	}
	return nil
}

// reversed appends links with the last one first.
func reversed(dst, links []host.Link) []host.Link {
	for i := len(links) - 1; i >= 0; i-- {
		dst = append(dst, links[i])
	}
	return dst
}

// mostIndent bounds the indentation, in steps: a chain can be long.
const mostIndent = 30

func (a *app) branch(l *host.Link, top int) error {
	indent := strings.Repeat("  ", min(l.Distance-top, mostIndent))
	sign := ""
	if l.Distance > 0 {
		sign = "+"
	}
	_, err := fmt.Fprintf(&a.out, "%s%s%d  seq %d  %s  %s  %s  %s  %s\n", indent, sign, l.Distance, l.Sequence, wallText(l.WallMS),
		a.names.text(l.Kind), escape.Text(l.Entity), escape.Text(l.Scope), l.ID)
	if err != nil {
		return err
	}
	return a.out.line()
}
