package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/thawlog/thaw/host"
)

func (a *app) backup() *cobra.Command {
	var accept, compare, asJSON bool
	var wait patience
	c := &cobra.Command{
		Use:   "backup",
		Short: "Copy a store, or bring a backup up to date, while a writer may go on",
		Long: `Make DST a copy of the store DIR as it is at one moment. Another process may append, close
and compact meanwhile. If DST is a backup of DIR already, only what is new is copied, and it
counts in one step at the end: whatever interrupts the command, DST is the backup that it
was. A first backup is made in DST.unfinished; the next command continues an interrupted one.

Everything is synced, and what was copied is read back and compared; then the copy is opened
and must have the events of DIR. A segment that DST has already is recognised by name, size,
first and last bytes; with --compare by its whole content. thaw verify DST checks every byte.

A backup is a store: to restore it, copy the directory, or back it up to another place. DST
is refused if it is another store, or has events that DIR lacks: it is then no backup of DIR.
A store is refused too if it shows damage when it is opened, if a segment is missing or cut off,
or if damage is in what is copied: it might replace a sound backup. A segment that DST has already
is not read again without --compare. --accept-damage copies the store as it is.

With --json one object: store, seq (the end of the backup), events, hidden, first, kept,
cloned, copied, removed (files), copied_bytes and took_ns.`,
		Example: lines(
			`thaw backup orders /mnt/backup/orders`,
			`thaw backup /mnt/backup/orders orders # a restore`),
	}
	arguments(c, "DIR", "DST")
	c.Flags().BoolVar(&accept, "accept-damage", false, "back up a damaged store too")
	c.Flags().BoolVar(&compare, "compare", false, "compare the content of every file with the backup's")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for programs")
	waitFlag(c, &wait)
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.runBackup(c.Context(), args[0], args[1], host.BackupOptions{AcceptDamage: accept, Compare: compare}, asJSON, wait)
	}
	return c
}

type backupJSON struct {
	Store       string `json:"store"`
	Seq         uint64 `json:"seq"`
	Events      uint64 `json:"events"`
	Hidden      uint64 `json:"hidden"`
	First       bool   `json:"first"`
	Kept        int    `json:"kept"`
	Cloned      int    `json:"cloned"`
	Copied      int    `json:"copied"`
	Removed     int    `json:"removed"`
	CopiedBytes uint64 `json:"copied_bytes"`
	TookNS      int64  `json:"took_ns"`
}

func (a *app) runBackup(ctx context.Context, dir, dst string, o host.BackupOptions, asJSON bool, wait patience) error {
	write, err := a.writeOptions(wait)
	if err == nil {
		err = a.hasSegments(dir)
	}
	if err != nil {
		return &copyError{dir, dst, err}
	}
	p := a.progress(dir)
	o.FS, o.Logger, o.LockWait, o.Progress = write.FS, write.Logger, write.LockWait, p.report
	r, err := host.Backup(ctx, dir, dst, o)
	p.clear()
	if err != nil {
		return &copyError{dir, dst, err}
	}
	if asJSON {
		return a.out.object(backupJSON{
			Store: r.End.Store.String(), Seq: r.End.Sequence, Events: r.Events, Hidden: r.Hidden, First: r.First,
			Kept: r.Kept, Cloned: r.Cloned, Copied: r.Copied, Removed: r.Removed, CopiedBytes: r.CopiedBytes, TookNS: r.Took.Nanoseconds(),
		})
	}
	return a.say("%s: %s, next sequence %d, in %v; %s copied (%s), %s kept", dst, counted(r.Events, "event"), r.End.Sequence,
		r.Took.Round(time.Millisecond), counted(uint64(r.Cloned+r.Copied), "file"), counted(r.CopiedBytes, "byte"), counted(uint64(r.Kept), "file"))
}
