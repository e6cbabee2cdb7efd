package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/thawlog/thaw/host"
)

// The backup process and the supervisor take turns, so that the supervisor knows what was
// acknowledged before a backup began, and compares a backup while it does not change.
const (
	backupReady = "ready"   // the process waits; the last backup, if any, is whole
	backupDone  = "done %d" // so many files are new
	backupBegin = "go\n"    // the supervisor's answer to both
)

func backupDir(own string) string { return filepath.Join(own, "backup") }

// backUp backs the store up, each time into the same directory, until the process is killed.
func backUp(ctx context.Context) error {
	turns := bufio.NewReader(os.Stdin)
	say(backupReady)
	for {
		if _, err := turns.ReadString('\n'); err != nil {
			return err
		}
		r, err := host.Backup(ctx, os.Getenv(dirEnv), backupDir(os.Getenv(ownEnv)), host.BackupOptions{Logger: quiet})
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		say(backupDone, r.Copied)
	}
}

// hearBackup compares the backup with what was acknowledged before the last one that was done
// began.
func hearBackup(s *supervisor, p *process, line string) error {
	var files int
	if n, _ := fmt.Sscanf(line, backupDone, &files); n == 1 {
		p.backedUp, p.backing = p.backing, nil
		s.mu.Lock()
		s.backups++
		s.mu.Unlock()
	}
	dir := backupDir(p.own)
	if _, err := os.Stat(dir); err == nil {
		if err := s.oracle.compareWith(context.Background(), p.backedUp, dir); err != nil {
			return fmt.Errorf("the backup: %w", err)
		}
	} else if p.backedUp != nil || !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the backup: %w", err)
	}
	p.backing = s.oracle.copied()
	_, err := p.in.Write([]byte(backupBegin))
	if errors.Is(err, syscall.EPIPE) {
		return nil // killed
	}
	return err
}
