package bbolt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/thawlog/thaw/host/bench/engine"
	"github.com/thawlog/thaw/host/bench/engine/record"
)

var _ engine.Upkeep = Engine{}

// compactBytes is the size of a transaction of the command bbolt compact.
const compactBytes = 64 << 10

// Compact implements engine.Upkeep like the command bbolt compact: it writes a new file,
// which then replaces the old one.
func (Engine) Compact(dir string) error {
	path := filepath.Join(dir, "events.db")
	src, err := open(dir, true)
	if err != nil {
		return err
	}
	dst, err := bolt.Open(path+".new", 0o644, &bolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return errors.Join(err, src.Close())
	}
	err = bolt.Compact(dst, src, compactBytes)
	if err == nil {
		err = dst.Sync()
	}
	if err = errors.Join(err, dst.Close(), src.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Backup implements engine.Upkeep with Tx.WriteTo.
func (Engine) Backup(dir, dst string) error {
	db, err := open(dir, true)
	if err != nil {
		return err
	}
	err = db.View(func(tx *bolt.Tx) error {
		f, err := os.Create(filepath.Join(dst, "events.db"))
		if err != nil {
			return err
		}
		_, err = tx.WriteTo(f)
		return errors.Join(err, f.Sync(), f.Close())
	})
	return errors.Join(err, db.Close())
}

// Redact implements engine.Upkeep: it empties the payloads, and compacts the file, since
// the free pages still have their bytes.
func (e Engine) Redact(dir, entity string) error {
	db, err := open(dir, false)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		prefix := record.AppendName(nil, entity)
		c := b.entities.Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if err := b.payloads.Put(bytes.Clone(k[len(prefix):]), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return e.Compact(dir)
}
