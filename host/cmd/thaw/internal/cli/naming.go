package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/host"
)

// naming holds the names in a store's names.thaw: printable ASCII without spaces. The kinds
// of batpak have names in every store.
type naming map[event.Kind]string

// readNames reads the names of a store's kinds. Without them kinds are numbers, so an
// error is only a note.
func (a *app) readNames(dir string) {
	names, err := host.ReadKindNames(a.env.FS, dir)
	var refused *damage.Refusal
	switch {
	case errors.As(err, &refused):
		a.warn("note: %s; kinds have no names; the next program that knows them writes the file again", refusalText(refused))
	case err != nil:
		a.warn("note: kinds have no names: %s", bare(err))
	}
	a.names = names
}

// text returns a kind's number, and its name if it has one.
func (n naming) text(k event.Kind) string {
	if name := n[k]; name != "" {
		return k.String() + " " + name
	}
	for _, b := range kindNames {
		if b.kind == k {
			return k.String() + " " + b.name
		}
	}
	return k.String()
}

// knows reports whether a kind has a name in the store, or needs none.
func (n naming) knows(k event.Kind) bool {
	c := k.Category()
	return n[k] != "" || c == 0x0 || c == 0xD
}

// kinds returns the kinds that a number or a name stands for. A number and the names of batpak
// come first; of those spelled in another case, the store's names do.
func (n naming) kinds(s string) ([]event.Kind, error) {
	batpak, err := parseKind(s)
	if _, number := event.ParseKind(s); err == nil && (number == nil || isBatpakName(s)) {
		return []event.Kind{batpak}, nil
	}
	var found []event.Kind
	for k, name := range n {
		if name == s {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0 && err == nil:
		return []event.Kind{batpak}, nil
	case len(found) == 0:
		return nil, n.unknown(s)
	}
	slices.Sort(found)
	return found, nil
}

// isBatpakName reports whether s is a name that a kind has in every store, in the same case.
func isBatpakName(s string) bool {
	for _, b := range kindNames {
		if b.name == s {
			return true
		}
	}
	return false
}

// kind returns the one kind that a number or a name stands for.
func (n naming) kind(s string) (event.Kind, error) {
	found, err := n.kinds(s)
	if err != nil {
		return 0, err
	}
	if len(found) > 1 {
		var numbers []string
		for _, k := range found {
			numbers = append(numbers, k.String())
		}
		return 0, fmt.Errorf("%s is the name of %s; give the number of one", s, strings.Join(numbers, " and "))
	}
	return found[0], nil
}

// unknown returns the error of a name that no kind has.
func (n naming) unknown(s string) error {
	if kindnames.Check(s) != nil || s[0] <= '9' && s[0] >= '0' { // such as 0x10000
		return errKind
	}
	text := fmt.Sprintf("no kind of this store has the name %q", clip(s))
	if len(n) == 0 {
		return fmt.Errorf("%s: it has no names.thaw; %w", text, errKind)
	}
	near := n.near(s)
	switch {
	case len(near) > 0:
		text += "; near it: " + strings.Join(near, ", ")
	default:
		text += "; thaw kinds lists the names"
	}
	return errors.New(text)
}

// nearAtMost bounds the names that a message proposes.
const nearAtMost = 3

// near returns the names nearest to s, the nearest first: those that contain it, or differ
// in few characters.
func (n naming) near(s string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	s = strings.ToLower(s)
	known := slices.Sorted(maps.Values(n))
	for _, name := range slices.Compact(known) {
		d := distance(s, strings.ToLower(name))
		if d <= max(2, len(s)/4) || strings.Contains(strings.ToLower(name), s) {
			all = append(all, candidate{name, d})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range all[:min(len(all), nearAtMost)] {
		names = append(names, c.name)
	}
	return names
}

// distance returns how many bytes must be added, removed or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the first i bytes of a, for each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// completeKind offers the names of kinds, those of the store first if it is known.
func (a *app) completeKind(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	if len(args) > 0 {
		names, _ := host.ReadKindNames(a.env.FS, args[0]) // a completion has no place for an error
		for _, k := range slices.Sorted(maps.Keys(names)) {
			offers = append(offers, names[k]+"\t"+k.String())
		}
	}
	for _, n := range kindNames {
		offers = append(offers, n.name+"\t"+n.kind.String())
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
