package cli

import (
	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) checkTypes() *cobra.Command {
	var read readFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "check-types",
		Short: "List the kinds that have events and no name",
		Long: `Compare the kinds that have visible events with the names in names.thaw, which a program
writes that opens the store with the names of its types (host.Options.KindNames). A kind
without a name is one that no such program knows. Kinds of batpak's system and effects need
no name.

Exit code 0: every kind has a name. 1: some have none, and are listed.` + aboutList("kind"),
		Example: lines(
			`thaw check-types orders`,
			`thaw check-types orders --json | jq -r .kind`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	read.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		ctx, dir := c.Context(), args[0]
		r, err := a.open(ctx, dir, read.options(a))
		if err != nil {
			return err
		}
		defer r.Close()
		named, unnamed := 0, 0
		list := func(yield func(host.KindSummary, error) bool) {
			for kind, err := range r.Kinds(ctx) {
				if err == nil && a.names.knows(kind.Kind) {
					named++
					continue
				}
				if unnamed++; !yield(kind, err) {
					return
				}
			}
		}
		if err := printKinds(a, dir, list, asJSON, true); err != nil {
			return err
		}
		switch {
		case unnamed == 0 && !asJSON:
			return a.say("%s: every kind with events has a name (%s)", dir, counted(named, "kind"))
		case unnamed == 0:
			return nil
		}
		if len(a.names) == 0 {
			a.warn("note: %s has no names of kinds: no program opened it with host.Options.KindNames", dir)
		}
		a.warn("%s no name", wereCounted(unnamed, "kind", "has", "have"))
		return errIncomplete
	}
	return c
}
