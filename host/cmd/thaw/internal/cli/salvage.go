package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host"
)

func (a *app) salvage() *cobra.Command {
	var check, show, keep, asJSON bool
	c := &cobra.Command{
		Use:   "salvage DIR DST",
		Short: "Copy everything intact of a damaged store into a new one",
		Long: `Copy everything intact of the store in DIR into a new store in DST, and list every event
that is lost or doubtful. DIR is only read. DST must not exist, or be empty.

Events keep their sequences, clocks, ids and bytes, and hidden events stay hidden. Also
read are the files that a compaction of batpak left behind or that were renamed.

Each finding is a line: lost; kept (doubtful, and in DST); or left_out (doubtful, and not
in DST), with the file, the offset, the reason, and the entity, clocks and sequences as
far as they are known. Exit code 0: nothing is lost or doubtful. 1: something is. 2: the
command failed, and DST is no store.

With --check no store is made. If a disk is failing, copy the store with a tool for that
first: a file that cannot be read ends the command.

With --json one object: whole, events, hidden, segments, first_seq, end_seq, allocator,
hidden_ranges, lost, kept, left_out, findings (outcome, reason, file, offset, length,
events, event_id, entity, first_clock, end_clock, first_seq, end_seq, detail), omitted,
files (name, use, as), duplicates, unfinished, reencoded, rejected, gaps and torn.`,
		Example: lines(
			`thaw salvage orders rescued`,
			`thaw salvage orders --check                 # only the list`,
			`thaw salvage orders rescued --json | jq '.findings[] | {outcome, file, entity}'`),
		Args: func(c *cobra.Command, args []string) error {
			want := []string{"DIR", "DST"}
			if check {
				want = want[:1]
			}
			return checkArguments(c, want, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) < 2 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&check, "check", false, "make no store, only the list")
	c.Flags().BoolVar(&keep, "keep-doubtful", false, "keep doubtful events that are left out by default")
	c.Flags().BoolVar(&show, "show-hidden", false, "show the events that a damaged visibility_ranges.fbv hid")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	c.RunE = func(c *cobra.Command, args []string) error {
		o := host.SalvageOptions{ShowHidden: show, KeepDoubtful: keep}
		return a.runSalvage(c.Context(), append(args, "")[:2], o, asJSON)
	}
	return c
}

// errNotEmpty is the error of a DST that something else is in.
var errNotEmpty = errors.New("it exists and is not empty")

// fileUses explains for people how a file was read.
var fileUses = map[salvage.FileUse]string{
	salvage.Moved:    "read as",
	salvage.Copy:     "others have all its events, so it was left alone",
	salvage.Searched: "it belongs to no segment of the store, and has events that the store lacks",
}

func (a *app) runSalvage(ctx context.Context, dirs []string, o host.SalvageOptions, asJSON bool) error {
	defer debug.SetGCPercent(debug.SetGCPercent(verifyGCPercent))
	dir, dst := dirs[0], dirs[1]
	var ok bool
	if o.FS, ok = a.env.FS.(fsabstraction.FS); !ok {
		return &writeError{dst, errNoWriting}
	}
	r, err := host.Salvage(ctx, dir, dst, o)
	if err != nil && errors.Is(err, fs.ErrExist) {
		return &storeError{dst, errNotEmpty}
	}
	if err != nil {
		return &storeError{dir, err}
	}
	if r.Events == 0 && r.Whole() && len(r.Rejected) == 0 && r.Torn == nil {
		if err := a.hasSegments(dir); err != nil {
			return &storeError{dir, err}
		}
	}
	if !r.Whole() {
		a.damages = len(r.Findings)
	}
	if asJSON {
		return a.out.object(r)
	}
	return a.salvageText(dir, dst, &r)
}

func (a *app) salvageText(dir, dst string, r *host.SalvageReport) error {
	for _, f := range r.Findings {
		if err := a.say("%s", findingText(&f)); err != nil {
			return err
		}
	}
	if r.Omitted > 0 {
		if err := a.say("%s not listed", counted(r.Omitted, "more finding")); err != nil {
			return err
		}
	}
	for _, f := range r.Files {
		text := fmt.Sprintf("file: %s: %s", f.Name, fileUses[f.Use])
		if f.As != "" {
			text += " " + f.As
		}
		if err := a.say("%s", text); err != nil {
			return err
		}
	}
	made := ""
	if dst != "" {
		made = fmt.Sprintf(" in %s of %s", counted(r.Segments, "segment"), dst)
	}
	return a.say("%s: %s (%d hidden)%s; %d lost, %d doubtful and kept, %d left out", dir,
		counted(r.Events, "event"), r.Hidden, made, r.Lost, r.Kept, r.LeftOut)
}

// findingText returns one line for people.
func findingText(f *host.SalvageFinding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s at byte %d", f.Outcome, f.File, f.Offset)
	if f.Length > 0 {
		fmt.Fprintf(&b, ", %s", counted(f.Length, "byte"))
	}
	fmt.Fprintf(&b, ": %s", reasonText(f.Reason))
	if f.Err != nil {
		fmt.Fprintf(&b, ": %s", f.Err)
	}
	switch {
	case f.Events > 0:
		fmt.Fprintf(&b, "; %s", counted(f.Events, "event"))
	case f.Outcome == host.SalvageLost:
		b.WriteString("; perhaps events")
	}
	if f.Entity != "" {
		fmt.Fprintf(&b, " of %s", f.Entity)
	}
	between(&b, "clock", f.FirstClock, f.EndClock)
	between(&b, "sequence", f.FirstSequence, f.EndSequence)
	if !f.ID.IsZero() {
		fmt.Fprintf(&b, ", id %s", f.ID)
	}
	return b.String()
}

// between writes a range of numbers.
func between(b *strings.Builder, what string, first, end uint64) {
	switch {
	case end <= first:
	case end == damage.UnknownEnd:
		fmt.Fprintf(b, ", %s %d or later", what, first)
	case end == first+1:
		fmt.Fprintf(b, ", %s %d", what, first)
	default:
		fmt.Fprintf(b, ", %ss %d to %d", what, first, end-1)
	}
}
