package thaw

import (
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/bench/engine"
)

var (
	_ engine.Compacter = (*writer)(nil)
	_ engine.Backuper  = (*writer)(nil)
	_ engine.Redacter  = (*writer)(nil)
	_ engine.Forker    = Engine{}
	_ engine.Unmerged  = Engine{}
)

// Compact implements engine.Compacter: segments are merged, and nothing is dropped.
func (w *writer) Compact() error {
	_, err := w.store.Compact(background, host.Compaction{})
	return err
}

// Backup implements engine.Backuper.
func (w *writer) Backup(dst string) error {
	_, err := w.store.Backup(background, dst, host.BackupOptions{Logger: quiet})
	return err
}

// Redact implements engine.Redacter.
func (w *writer) Redact(entity string) error {
	_, err := w.store.Redact(background, host.Region{Entity: entity}, host.RedactOptions{})
	return err
}

// Fork implements engine.Forker.
func (Engine) Fork(dir string, sequence uint64, dst string) error {
	_, err := host.Fork(background, dir, sequence, dst, host.ForkOptions{Logger: quiet})
	return err
}
