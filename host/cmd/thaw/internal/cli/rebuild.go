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
		Short: "Make index.fbati and index.thaw anew from the segments",
		Long: `Read every segment, whatever index is there, and write index.fbati and its lookups,
index.thaw, anew. The store's lock is taken and an unclean stop is put right. What is
printed is what thaw stat prints, of the segments as they were read, and what was
written.

A store with damaged segments is refused, because the next open would believe the new
index and no longer say what is damaged. --accept-damage makes it all the same, of what
can be read, and what is hidden in doubt then stays hidden; keep what is printed. A
directory without a segment is refused.

With --json one object: the keys of thaw stat --json, recovered (null, or file, removed,
kept, cut and set_aside: what was done about an unclean stop) and written (null when
refused, or file and bytes).`,
		Example: lines(
			`thaw rebuild orders`,
			`thaw rebuild orders --accept-damage --json > rebuilt.json`),
	}
	arguments(c, "DIR")
	c.Flags().BoolVar(&accept, "accept-damage", false, "make the index although segments are damaged")
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

// errRefused is a store that is damaged and gets no new index.
var errRefused = errors.New("segments are damaged, so index.fbati was not made anew")

// hasSegments returns an error for a directory that is no store, where an
// index.fbati would be a surprise.
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

// rebuildJSON is what the object has besides what stat prints.
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
	a.out.buf[len(a.out.buf)-1] = ',' // was the closing brace
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
