package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/host"
)

func (a *app) rebuild() *cobra.Command {
	var accept, asJSON bool
	var wait patience
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Rebuild index.fbati and index.thaw from the segments",
		Long: `Read every segment, ignoring existing indexes, and rebuild index.fbati and index.thaw,
the index over it. The command takes the store's lock and repairs an unclean stop. It prints
the output of thaw stat for the segments as read, and the files written.

A store with damaged segments is refused, because the next open would trust the new
index and no longer report the damage. With --accept-damage the index is rebuilt from
the readable events, and events that may have been cancelled stay hidden; keep the
output. A directory without segments is refused.

With --json one object: the keys of thaw stat --json, recovered (null, or file, removed,
kept, cut and set_aside: the repair of an unclean stop) and written (null if refused, or
file and bytes).`,
		Example: lines(
			`thaw rebuild orders`,
			`thaw rebuild orders --accept-damage --json > rebuilt.json`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&accept, "accept-damage", false, "rebuild the index even if segments are damaged")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	waitFlag(c, &wait)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.runRebuild(c.Context(), args[0], accept, asJSON, wait)
	}
	return c
}

func (a *app) runRebuild(ctx context.Context, dir string, accept, asJSON bool, wait patience) error {
	o, err := a.writeOptions(wait)
	if err == nil {
		err = a.hasSegments(dir)
	}
	if err != nil {
		return &writeError{dir, err}
	}
	report, err := host.Rebuild(ctx, dir, host.RebuildOptions{Options: o, AcceptDamage: accept})
	refused := err != nil && report.Damaged() != nil && !accept
	if err != nil && !refused {
		return &writeError{dir, err}
	}
	var written *writtenJSON
	if !refused {
		if written, err = a.written(dir); err != nil {
			return &writeError{dir, err}
		}
	}
	if asJSON {
		err = a.rebuildObject(&report, written)
	} else {
		err = a.rebuildTable(dir, &report, written)
	}
	if refused && err == nil {
		err = &writeError{dir, errRefused}
	}
	return err
}

// errRefused is the error of a damaged store, which gets no new index.
var errRefused = errors.New("segments are damaged, so index.fbati was not rebuilt")

// hasSegments returns an error for a directory that is not a store: it must not get an
// index.fbati.
func (a *app) hasSegments(dir string) error {
	entries, err := a.env.FS.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isSegment(e.Name) {
			return nil
		}
	}
	return errNoStore
}

func (a *app) written(dir string) (*writtenJSON, error) {
	info, err := a.env.FS.Lstat(filepath.Join(dir, artifact.FileName))
	if err != nil {
		return nil, err
	}
	return &writtenJSON{artifact.FileName, info.Size}, nil
}

// rebuildJSON holds the keys that stat does not print.
type rebuildJSON struct {
	Recovered *recoveredJSON `json:"recovered"`
	Written   *writtenJSON   `json:"written"`
}

type recoveredJSON struct {
	File     string  `json:"file"`
	Removed  bool    `json:"removed"`
	Kept     uint64  `json:"kept"`
	Cut      uint64  `json:"cut"`
	SetAside *string `json:"set_aside"`
}

type writtenJSON struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func (a *app) rebuildObject(r *host.Report, written *writtenJSON) error {
	o := rebuildJSON{Written: written}
	if n := r.Recovered; n != nil {
		o.Recovered = &recoveredJSON{File: n.File, Removed: n.Removed, Kept: n.Kept, Cut: n.Cut}
		if n.SetAside != "" {
			o.Recovered.SetAside = &n.SetAside
		}
	}
	report, err := r.MarshalJSON()
	if err != nil {
		return err
	}
	a.out.buf = append(a.out.buf, report...)
	a.out.buf[len(a.out.buf)-1] = ',' // replaces the closing brace
	at := len(a.out.buf)
	if err := a.out.gather(o); err != nil {
		return err
	}
	a.out.buf = append(a.out.buf[:at], a.out.buf[at+1:]...) // the second brace
	return a.out.line()
}

func (a *app) rebuildTable(dir string, r *host.Report, written *writtenJSON) error {
	t := table{tabwriter.NewWriter(&a.out, 0, 8, 2, ' ', 0)}
	statRows(t, dir, r)
	if r.Recovered != nil {
		t.row("recovered", "%s", recoveredText(r.Recovered))
	}
	if written == nil {
		t.row("written", "nothing")
	} else {
		t.row("written", "%s", fmt.Sprintf("%s, %s", written.File, counted(uint64(written.Bytes), "byte")))
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	return a.out.line()
}
