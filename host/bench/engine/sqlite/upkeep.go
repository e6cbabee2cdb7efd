//go:build cgo

package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/thawlog/thaw/host/bench/engine"
)

var _ engine.Upkeep = Engine{}

const readWrite = "mode=rwc&_journal_mode=wal&_synchronous=full"

// Compact implements engine.Upkeep with VACUUM.
func (Engine) Compact(dir string) error {
	return run(dir, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
}

// Redact implements engine.Upkeep. With secure_delete, SQLite overwrites what it frees;
// the truncated log has no older pages.
func (Engine) Redact(dir, entity string) error {
	return run(dir, "PRAGMA secure_delete=ON; UPDATE events SET payload = x'' WHERE entity = ?; PRAGMA wal_checkpoint(TRUNCATE)", entity)
}

func run(dir, text string, args ...any) error {
	db, conn, err := connect(dir, readWrite, "")
	if err != nil {
		return err
	}
	_, err = conn.ExecContext(context.Background(), text, args...)
	return errors.Join(err, conn.Close(), db.Close())
}

// Backup implements engine.Upkeep with SQLite's backup API, in one step.
func (Engine) Backup(dir, dst string) error {
	srcDB, src, err := connect(dir, readWrite, "")
	if err != nil {
		return err
	}
	dstDB, out, err := connect(dst, "mode=rwc&_synchronous=full", "")
	if err != nil {
		return errors.Join(err, src.Close(), srcDB.Close())
	}
	err = raw(out, func(to *sqlite3.SQLiteConn) error {
		return raw(src, func(from *sqlite3.SQLiteConn) error {
			b, err := to.Backup("main", from, "main")
			if err != nil {
				return err
			}
			_, err = b.Step(-1)
			return errors.Join(err, b.Finish())
		})
	})
	return errors.Join(err, out.Close(), dstDB.Close(), src.Close(), srcDB.Close())
}

// raw calls f with SQLite's own connection.
func raw(conn *sql.Conn, f func(*sqlite3.SQLiteConn) error) error {
	return conn.Raw(func(c any) error { return f(c.(*sqlite3.SQLiteConn)) })
}
